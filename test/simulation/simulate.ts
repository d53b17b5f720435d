import { setImmediate as nextTurn } from 'node:timers/promises';
import { createMemoryStore } from '../../src/open-records.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { isFlowError } from '../../src/core/errors.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import type { Tool, ToolCall } from '../../src/kinds/flows/tool.ts';
import { fail } from '../../src/core/outcome.ts';
import { ProcessClock } from '../../src/testing/process-clock.ts';
import type { Crash, ProcessStore, StoreSite } from '../../src/testing/store-site.ts';
import { createMemorySite, createProcessStore } from '../../src/testing/store-site.ts';
import { examineEnd } from './examine-end.ts';
import type { Act, Simulation } from './plan-simulation.ts';
import { createDice } from './plan-simulation.ts';

export interface SimulationResult {
  readonly complaints: readonly string[];
  readonly executions: number;
  readonly commits: number;
  readonly crashes: number;
  /** The same for the same seed: everything that was stored, without ids. */
  readonly trace: string;
}

export interface Promised {
  /** Runs whose `start` was answered. */
  readonly started: Set<number>;
  /** Runs whose cancel was answered with true. */
  readonly cancelled: Set<number>;
}

interface Work {
  readonly dueAt: number;
  readonly finish: () => void;
}

const horizonMs = 60 * 60_000;

/** Runs a whole runtime under one seed: simulated time, random latencies, failures, crashes, signals, cancels. */
export async function simulate(plan: Simulation, open: (options: RuntimeOptions) => Promise<Runtime> = createRuntime): Promise<SimulationResult> {
  return new World(plan, open).run();
}

class World {
  readonly #plan: Simulation;
  readonly #open: (options: RuntimeOptions) => Promise<Runtime>;
  readonly #clock = new SimulatedClock();
  readonly #promised: Promised = { started: new Set(), cancelled: new Set() };
  readonly #complaints: string[] = [];
  #work: Work[] = [];
  #calls = 0;
  #tracked: ProcessStore | undefined;
  #runtime: Runtime | undefined;
  #processClock: ProcessClock | undefined;
  #commits = 0;
  #crashes = 0;
  #crash: Crash | undefined;

  constructor(plan: Simulation, open: (options: RuntimeOptions) => Promise<Runtime>) {
    this.#plan = plan;
    this.#open = open;
  }

  async run(): Promise<SimulationResult> {
    const begin = this.#clock.now();
    const acts = [...this.#plan.acts];
    await this.#boot(createMemorySite(createMemoryStore()));
    for (let round = 0; ; round++) {
      await this.#rest();
      const next = Math.min(begin + (acts[0]?.at ?? Number.POSITIVE_INFINITY), ...this.#work.map(({ dueAt }) => dueAt), this.#clock.nextTimerAt() ?? Number.POSITIVE_INFINITY);
      if (next === Number.POSITIVE_INFINITY || next > begin + horizonMs || round > 20_000) break;
      this.#clock.advance(Math.max(0, next - this.#clock.now()));
      for (const one of this.#work.filter(({ dueAt }) => dueAt <= this.#clock.now())) {
        this.#work.splice(this.#work.indexOf(one), 1);
        one.finish();
      }
      while (acts[0] && begin + acts[0].at <= this.#clock.now()) await this.#act(acts.shift() as Act);
    }
    return this.#end();
  }

  async #end(): Promise<SimulationResult> {
    const { store } = this.#tracked as ProcessStore;
    const { status, error } = (this.#runtime as Runtime).health();
    if (status !== 'running') this.#complaints.push(`the runtime is ${status}: ${error?.message}`);
    const records = (await store.listExecutions({ order: 'oldest', limit: 1_000 })) as ExecutionRecord[];
    this.#complaints.push(...(await examineEnd(store, records, this.#promised, this.#plan)));
    const trace: unknown[] = [];
    for (const record of records) trace.push([record.flowId, record.status, record.score, record.seq, (await store.readJournal(record.key, 0)).map(({ at, seq }) => [at, seq])]);
    this.#processClock?.kill();
    return { complaints: this.#complaints, executions: records.length, commits: this.#commits, crashes: this.#crashes, trace: JSON.stringify(trace) };
  }

  async #boot(site: StoreSite): Promise<void> {
    const tracked = createProcessStore(site, this.#commits, this.#crash);
    const clock = new ProcessClock(this.#clock);
    this.#tracked = tracked;
    this.#processClock = clock;
    const { seed, flows, maxActiveFlows, keepResidentMs } = this.#plan;
    this.#runtime = await this.#open({
      store: tracked.store, clock, random: createSeededRandom(seed), flows: flows.map(flow => defineFlow(flow)), tools: [this.#createTool(tracked)],
      maxActiveFlows, keepResidentMs, listen: false, retentionMs: null,
    });
  }

  /** Takes a while, and sometimes fails; what it does is decided by the seed and by which attempt it is. */
  #createTool(tracked: ProcessStore): Tool {
    const recoverable = new Set(this.#plan.flows.flatMap(({ id, steps }) => steps.filter(({ recover }) => recover).map(step => `${id}/${step.id}`)));
    const run = ({ executionId, flowId, stepId, item, attempt, signal }: ToolCall<never>): Promise<unknown> => {
      this.#calls++;
      const record = tracked.store.getExecution(executionId) as ExecutionRecord | undefined;
      if (!record) this.#complaints.push(`a handler of ${stepId} began before its execution was stored`);
      const rows = record ? (tracked.store.listSteps(record.key) as { stepId: string; item: number; status: string }[]) : [];
      const row = rows.find(one => one.stepId === stepId && one.item === (item ?? -1));
      if (row?.status !== 'running') this.#complaints.push(`a handler of ${record?.idempotencyKey} ${stepId} began while the step was stored as ${row?.status}`);
      const dice = createDice(hash(`${this.#plan.seed} ${record?.idempotencyKey ?? record?.parentStep} ${stepId} ${item} ${attempt}`));
      const latency = dice.upTo(4_000);
      // What can be recovered fails more often, or nothing would ever be.
      const failing = recoverable.has(`${flowId}/${stepId}`) ? 0.6 : 0.2;
      return new Promise(resolve => {
        const finish = (): void => resolve(dice.is(failing) ? fail('It happens', { retryable: dice.is(0.7) }) : { by: stepId, attempt });
        // Half of the handlers stop when they are told to; the others answer late.
        if (dice.is(0.5)) signal.addEventListener('abort', finish);
        this.#work.push({ dueAt: this.#clock.now() + latency, finish });
      });
    };
    return { name: 'work', run };
  }

  async #act(act: Act): Promise<void> {
    const runtime = this.#runtime as Runtime;
    const { store, commits } = this.#tracked as ProcessStore;
    if (act.kind === 'crash') {
      this.#crash = { commit: commits() + act.commits, point: act.point };
      return this.#takeOver();
    }
    const key = `run-${act.run}`;
    if (act.kind === 'start') {
      // Not awaited: the answer may never come.
      this.#watch(runtime.start(act.flow, { idempotencyKey: key, priority: act.priority, input: { n: act.n } }), () => this.#promised.started.add(act.run));
      return;
    }
    const record = (await store.findByIdempotencyKey(key)) as ExecutionRecord | undefined;
    if (!record) return;
    if (act.kind === 'signal') this.#watch(runtime.signal(record.executionId, act.name, act.payload ?? act.at, { force: true }), () => {});
    else this.#watch(runtime.cancel(record.executionId), accepted => accepted && this.#promised.cancelled.add(act.run));
  }

  #watch<T>(promise: Promise<T>, note: (value: T) => unknown): void {
    const tracked = this.#tracked;
    promise.then(
      value => tracked?.left() === undefined && note(value),
      error => {
        const isExpected = tracked?.left() !== undefined || isFlowError(error, 'execution_settled');
        if (!isExpected) this.#complaints.push(`a command failed: ${error instanceof Error ? error.message : String(error)}`);
      },
    );
  }

  /** The crash is known to the next process's store; this one's ends at once, or the next one's at its commit. */
  async #takeOver(): Promise<void> {
    const tracked = this.#tracked as ProcessStore;
    this.#processClock?.kill();
    this.#crashes++;
    const left = tracked.kill();
    this.#commits = tracked.commits();
    this.#work = [];
    await this.#boot(left);
  }

  /** Waits until nothing moves; a process that has ended is followed by another. */
  async #rest(): Promise<void> {
    let quiet = 0;
    let before = '';
    for (let turn = 0; quiet < 4 && turn < 5_000; turn++) {
      await nextTurn();
      const tracked = this.#tracked as ProcessStore;
      if (tracked.left()) {
        this.#crash = undefined;
        await this.#takeOver();
      }
      const now = `${tracked.commits()} ${this.#calls}`;
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
    this.#commits = (this.#tracked as ProcessStore).commits();
  }
}

/** FNV-1a (Fowler, Noll, Vo). */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
