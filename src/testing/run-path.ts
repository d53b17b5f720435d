import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { StepRecord } from '../../persistence/records.ts';
import { SimulatedClock } from '../core/clock.ts';
import { countTasksApart } from '../evaluator/evaluator.ts';
import type { Runtime, RuntimeOptions } from '../runtime/api.ts';
import { createRuntime } from '../runtime/create-runtime.ts';
import type { Divergence, Precision } from './compare-state.ts';
import { compareViews, isPassing, viewModel, viewStored } from './compare-state.ts';
import { drift, toDecisions } from './drift.ts';
import type { FlowModel, FlowState } from './flow-model.ts';
import { modelMaxInterruptions, modelStart } from './flow-model.ts';
import { walkModel } from './flow-paths.ts';
import type { FlowPath } from './flow-paths.ts';
import { pathChance } from './outcomes.ts';
import type { PathEvent } from './path-event.ts';
import type { PathHost, Process } from './path-host.ts';
import { ProcessClock } from './process-clock.ts';
import { replayJournal } from './replay.ts';
import { toInput } from './script-flow.ts';
import type { PendingCall, World } from './scripted-tools.ts';
import { createScriptedTools, createWorld } from './scripted-tools.ts';
import type { Crash, StoreKind, StoreSite } from './store-site.ts';
import { createProcessStore, createSite } from './store-site.ts';
import { trigger } from './trigger.ts';

export interface RunPathOptions {
  /** Default `memory`. */
  readonly store?: StoreKind;
  /** Ends the process at this commit, once. */
  readonly crash?: Crash;
  /** How a runtime is made. Default `createRuntime`. */
  readonly open?: (options: RuntimeOptions) => Promise<Runtime>;
  /** What a step that completes gives. Default: a value that names it. */
  readonly outputOf?: (place: string) => unknown;
  /** How the flow goes by its own expressions; else they come to what the path says. */
  readonly walk?: { readonly input: unknown; readonly states: readonly FlowState[] };
  /** Called wherever the runtime has come to rest, with what is stored; throws when something does not hold. */
  readonly check?: (moment: Moment) => void | Promise<void>;
}

/** A point of a path at which the runtime has come to rest. */
export interface Moment {
  /** What just happened; undefined: the flow was started. */
  readonly event: PathEvent | undefined;
  readonly status: string;
  readonly steps: readonly StepRecord[];
  readonly history: readonly PathEvent[];
}

export interface PathRun {
  readonly commits: number;
  readonly crashes: number;
  readonly recoveries: number;
  readonly divergences: readonly Divergence[];
}

/** Something from outside, and what the runtime does about it by itself. */
interface Leg {
  readonly event: PathEvent | undefined;
  readonly before: FlowState | undefined;
  readonly after: FlowState;
  readonly at: string;
}

/**
 * Drives the real runtime along a path and compares what is stored with the model wherever it comes to rest.
 *
 * With a crash: the process is lost at that commit, another one goes on from the bytes, and the end must be the same.
 */
export async function runPath(model: FlowModel, path: FlowPath, options: RunPathOptions = {}): Promise<PathRun> {
  const run = new Run(model, path, options);
  try {
    await run.run();
  } finally {
    run.dispose();
  }
  return run.report();
}

class Run implements PathHost {
  readonly model: FlowModel;
  readonly clock = new SimulatedClock(modelStart);
  readonly world: World = createWorld();
  readonly options: RunPathOptions;
  readonly #path: FlowPath;
  readonly #states: readonly FlowState[];
  readonly #sites: StoreSite[] = [];
  readonly #divergences: Divergence[] = [];
  #process: Process | undefined;
  #commits = 0;
  /** Calls whose input was looked at. */
  #compared = 0;
  #crashes = 0;
  #recoveries = 0;
  executionId: string | undefined;

  constructor(model: FlowModel, path: FlowPath, options: RunPathOptions) {
    this.model = model;
    this.#path = path;
    this.options = options;
    this.#states = options.walk?.states ?? walkModel(model, path.events);
    this.world.onBegin = call => this.#noteCall(call);
  }

  get process(): Process {
    return this.#process as Process;
  }

  get input(): unknown {
    const { walk } = this.options;
    return walk ? walk.input : toInput(this.model.flow.plan, (this.#states.at(-1) as FlowState).script);
  }

  async run(): Promise<void> {
    const { store = 'memory' } = this.options;
    await this.#boot(createSite(store));
    for (const leg of this.#listLegs()) {
      if (!(await this.#go(leg))) return;
    }
    await this.#finish();
  }

  dispose(): void {
    this.#process?.clock.kill();
    this.#process?.tracked.kill();
    for (const site of this.#sites) site.dispose();
    const left = this.#process?.tracked.left();
    if (left && !this.#sites.includes(left)) left.dispose();
  }

  report(): PathRun {
    return { commits: this.#commits, crashes: this.#crashes, recoveries: this.#recoveries, divergences: this.#divergences };
  }

  #listLegs(): Leg[] {
    const legs: Leg[] = [];
    const { events } = this.#path;
    let before: FlowState | undefined;
    for (let index = -1; index < events.length; ) {
      const event = index < 0 ? undefined : events[index];
      let next = index + 1;
      while (events[next]?.type === 'prepare') next++;
      const after = this.#states[next] as FlowState;
      legs.push({ event, before, after, at: event ? `event ${index + 1}, ${JSON.stringify(event)}` : 'start' });
      before = after;
      index = next;
    }
    return legs;
  }

  async #boot(site: StoreSite): Promise<void> {
    this.#sites.push(site);
    const tracked = createProcessStore(site, this.#commits, this.options.crash);
    const clock = new ProcessClock(this.clock);
    const { flow } = this.model;
    const open = this.options.open ?? createRuntime;
    const isInjected = this.options.crash !== undefined;
    const runtime = await open({
      store: tracked.store,
      clock,
      random: { next: () => pathChance },
      tools: createScriptedTools(flow.plan.tools, this.world),
      flows: [flow.definition, ...flow.children],
      machines: flow.machines,
      maxInterruptions: isInjected ? modelMaxInterruptions + 1 : modelMaxInterruptions,
      listen: false,
      retentionMs: null,
    });
    this.#process = { runtime, store: tracked.store, tracked, clock };
  }

  /** Another process takes over what the one before has left. */
  async recover(): Promise<void> {
    this.#crashes++;
    const { tracked, clock } = this.process;
    const left = tracked.kill();
    clock.kill();
    this.#commits = tracked.commits();
    this.world.pending.length = 0;
    await this.#boot(left);
    await this.rest();
    if (this.process.runtime.health().status === 'running') this.#recoveries++;
  }

  /** Waits until nothing happens any more. */
  async rest(): Promise<void> {
    let quiet = 0;
    let before = '';
    for (let turn = 0; quiet < 8 && turn < 20_000; ) {
      await nextTurn();
      if (countTasksApart() > 0) continue;
      turn++;
      const now = `${this.process.tracked.commits()} ${this.world.calls.length} ${this.world.pending.length}`;
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
    this.#commits = this.process.tracked.commits();
  }

  async #go(leg: Leg): Promise<boolean> {
    for (;;) {
      await trigger(this, leg.event, leg.after);
      await this.rest();
      if (!this.process.tracked.left()) break;
      await this.recover();
      if (await this.#isAt(leg.after)) break;
      if (leg.before ? await this.#isAt(leg.before) : this.executionId === undefined) continue;
      return this.#drift();
    }
    if (isPassing(leg.after)) throw new TypeError(`Expected the path to go on past ${leg.at}: expressions are being evaluated`);
    const precision = this.options.crash ? 'outcome' : 'exact';
    const found = await this.#compare(leg.after, precision, leg.at);
    if (found.length > 0 && this.#crashes > 0 && this.options.crash) return this.#drift();
    found.push(...this.#compareInputs(leg));
    if (found.length === 0 && !this.options.crash) found.push(...(await this.#answerLate(leg)));
    this.#divergences.push(...found);
    if (found.length === 0) await this.#check(leg);
    return found.length === 0;
  }

  /** After a crash slots and times are given out anew; what each attempt comes to stays, and so must the end. */
  async #drift(): Promise<boolean> {
    const decisions = toDecisions(this.#path.events, this.#states);
    const last = this.#states.at(-1) as FlowState;
    if (!(await drift(this, decisions))) {
      this.#divergences.push({ at: 'after a crash', what: 'execution', expected: last.tree.flow.value, found: 'it does not go on' });
      return false;
    }
    const found = decisions.orderMatters ? [] : await this.#compare(last, 'outcome', 'end, after a crash');
    this.#divergences.push(...found);
    if (found.length === 0) await this.#finish(decisions.orderMatters);
    return false;
  }

  async #check({ event, at }: Leg): Promise<void> {
    const { check } = this.options;
    const record = await this.#find();
    if (!check || !record) return;
    const history = this.#path.events.slice(0, event ? this.#path.events.indexOf(event) + 1 : 0);
    try {
      await check({ event, status: record.status, steps: await this.process.store.listSteps(record.key), history });
    } catch (error) {
      this.#divergences.push({ at, what: 'invariant', expected: 'it holds', found: error instanceof Error ? error.message : String(error) });
    }
  }

  async #find() {
    const [record] = await this.process.store.listExecutions({ flowId: this.model.flow.definition.id, order: 'oldest', limit: 1 });
    if (record) this.executionId = record.executionId;
    return record;
  }

  async #isAt(state: FlowState): Promise<boolean> {
    const record = await this.#find();
    return record !== undefined && compareViews(viewModel(state, 'outcome'), await viewStored(this.process.store, record, 'outcome'), '').length === 0;
  }

  async #compare(state: FlowState, precision: Precision, at: string): Promise<Divergence[]> {
    const { status, error } = this.process.runtime.health();
    if (status !== 'running') return [{ at, what: 'runtime', expected: 'running', found: `${status}: ${error?.message ?? ''}` }];
    const record = await this.#find();
    if (!record) return [{ at, what: 'execution', expected: state.tree.flow.value, found: 'none' }];
    return compareViews(viewModel(state, precision), await viewStored(this.process.store, record, precision), at);
  }

  /** What handlers were begun with; a child's id, which is another in every run, apart. */
  #compareInputs({ after, at }: Leg): Divergence[] {
    const begun = this.world.calls.slice(this.#compared);
    this.#compared = this.world.calls.length;
    if (!this.options.walk) return [];
    return begun.filter(({ executionId }) => executionId === this.executionId).flatMap(({ place, input }) => {
      const expected = after.inputs.get(place);
      const found: unknown = JSON.parse(JSON.stringify(input ?? null).replaceAll(this.executionId ?? '', 'path'));
      return expected === undefined || isDeepStrictEqual(found, expected) ? [] : [{ at, what: `input of ${place}`, expected, found }];
    });
  }

  /** Handlers that were told to stop answer after all: nothing may change. */
  async #answerLate({ after, at }: Leg): Promise<Divergence[]> {
    const { pending } = this.world;
    // While its step backs off a handler keeps quiet: its answer is most dangerous when the next attempt runs.
    const isLate = (call: PendingCall, index: number): boolean =>
      call.executionId === this.executionId
      && (after.rows.get(call.place)?.settledAt !== null || pending.findLastIndex(other => other.place === call.place && other.executionId === call.executionId) > index);
    const late = pending.filter(isLate);
    if (late.length === 0) return [];
    for (const call of late) call.complete({ late: true });
    await this.rest();
    return this.#compare(after, 'exact', `${at}, after a late answer`);
  }

  #noteCall({ place, executionId, idempotencyKey }: PendingCall): void {
    const at = `handler of ${place}`;
    const first = this.world.calls.find(call => call.place === place && call.executionId === executionId);
    if (first && first.idempotencyKey !== idempotencyKey) this.#divergences.push({ at, what: 'idempotency key', expected: first.idempotencyKey, found: idempotencyKey });
    const { store } = this.process ?? {};
    const record = store?.getExecution(executionId);
    if (!record || record instanceof Promise) {
      this.#divergences.push({ at, what: 'commit', expected: 'the execution is stored before a handler begins', found: 'none' });
      return;
    }
    const rows = store?.listSteps(record.key) as StepRecord[];
    const row = rows.find(({ stepId, item }) => place === (item < 0 ? stepId : `${stepId}[${item}]`));
    if (row?.status !== 'running') this.#divergences.push({ at, what: 'status when it begins', expected: 'running', found: row?.status ?? 'no row' });
  }

  /** @param loosely only what holds whatever the order in which things came */
  async #finish(loosely = false): Promise<void> {
    const last = this.#states.at(-1) as FlowState;
    const { store, runtime } = this.process;
    const record = await this.#find();
    if (!record) return;
    for (const [place, row] of last.rows) {
      if (loosely || row.status !== 'completed' || row.counters !== null) continue;
      if (this.model.flow.plan.steps[row.position]?.role !== 'task') continue;
      const output = await store.getOutput(record.key, row.position, row.item);
      const expected = this.#toExpected(row, place);
      if (expected === undefined) continue;
      if (output !== expected) this.#divergences.push({ at: 'end', what: `output of ${place}`, expected, found: output ?? null });
    }
    const attempts = await store.listAttempts(record.key);
    for (const [place, list] of Map.groupBy(attempts, row => `${row.position}/${row.item}`)) {
      const completed = list.filter(({ status }) => status === 'completed').length;
      if (completed > 1) this.#divergences.push({ at: 'end', what: `completed attempts of ${place}`, expected: 1, found: completed });
    }
    if (last.status === 'done' && !loosely) {
      const settled = await runtime.settled(record.executionId);
      if (settled.status !== last.tree.flow.value) this.#divergences.push({ at: 'end', what: 'settled', expected: last.tree.flow.value, found: settled.status });
    }
    const maxInterruptions = this.options.crash ? modelMaxInterruptions + 1 : modelMaxInterruptions;
    for (const mismatch of (await replayJournal(store, record.executionId, { maxInterruptions })).mismatches) {
      this.#divergences.push({ at: `journal of ${mismatch.address || 'the flow'}`, what: mismatch.what, expected: mismatch.expected, found: mismatch.found });
    }
  }

  /** Of a step that another one stood in for, that one's output; undefined: it cannot be told. */
  #toExpected({ position, recovery }: StepRecord, place: string): string | undefined {
    const { steps } = this.model.flow.plan;
    const alternative = recovery === 'alternative' ? steps[steps[position]?.recover?.alternative ?? -1] : undefined;
    if (!alternative) return JSON.stringify(this.outputOf(place));
    return alternative.role === 'task' && alternative.recover === null ? JSON.stringify(this.outputOf(alternative.id)) : undefined;
  }

  outputOf(place: string): unknown {
    return this.options.outputOf?.(place) ?? { from: place };
  }
}
