import { quietly, FlowError, isFlowError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { IsolationRecord } from '../../persistence/isolation-store.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import type { Records } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { PlanRegistry } from '../kinds/flows/plan-registry.ts';
import { adoptPlans, collectPlans } from '../kinds/flows/plan-registry.ts';
import type { MutableBatch } from '../../persistence/records/empty-batch.ts';
import type { Isolation } from '../kinds/flows/isolation.ts';
import type { Machines } from '../kernel/machines.ts';
import type { Envelope, Kind, Life, NamedRequest, Tick } from '../engine/kind.ts';
import type { FlowInbox } from '../kinds/contract/flow-inbox.ts';
import type { Ended } from '../kinds/flows/resident.ts';
import type { ExecutionHeader } from '../kernel/rows.ts';
import { isStoreTrouble } from '../engine/store-trouble.ts';
import type { Watchers } from '../engine/watchers.ts';
import type { IsolatedRun } from './isolated-run.ts';
import type { ResolvedIsolation } from './isolation-options.ts';
import type { TakenCommit } from './journal-intake.ts';
import { JournalIntake } from './journal-intake.ts';
import { OwnerRows } from './owner-rows.ts';
import { forwardCancel, forwardSignal } from './forward-to-process.ts';
import type { RequestContext } from './prepare-request.ts';
import { prepareRequest } from './prepare-request.ts';
import type { ProcessFolders } from './process-folders.ts';
import { ProcessKeeper } from './process-keeper.ts';
import { hasRequest } from './request-file.ts';
import { RunnerProcess } from './runner-process.ts';

export interface IsolationsOptions {
  readonly store: Records;
  readonly plans: PlanRegistry;
  readonly machines: Machines;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isolation: ResolvedIsolation;
  readonly folders: ProcessFolders;
  /** Names of the tools every process has. */
  readonly builtIn: ReadonlySet<string>;
  readonly request: RequestContext;
  /** Told to every process when it begins, and written nowhere. */
  readonly secrets: readonly string[];
  readonly endWatchers: Watchers<Ended>;
  readonly flows: FlowInbox;
  /** The next number under which rows are kept. */
  readonly takeKey: () => number;
  /** Whether an execution that was there before may go on here. */
  readonly mayContinue: (record: ExecutionRecord) => boolean;
}

type IsolationCommand =
  | { readonly type: 'start'; readonly run: IsolatedRun; readonly started: Started }
  | { readonly type: 'commits'; readonly run: IsolatedRun; readonly commits: readonly TakenCommit[] }
  | { readonly type: 'fail'; readonly run: IsolatedRun; readonly failure: StepFailure }
  | { readonly type: 'end'; readonly run: IsolatedRun; readonly session: string | null };

/** What a start stores. */
interface Started {
  readonly header: ExecutionHeader;
  readonly plans: readonly FlowPlan[];
  readonly labels: Readonly<Record<string, string>>;
}

const pageSize = 256;
const stopped = (): FlowError => new FlowError('runtime_stopped', 'Expected a running runtime; this one has stopped or faulted');

/** Executions that run in processes of their own: what these commit becomes rows in the owner's commits, each once. */
export class Isolations implements Kind<IsolationCommand>, Isolation {
  readonly #options: IsolationsOptions;
  runs: ReadonlyMap<string, IsolatedRun>;
  #keeper: ProcessKeeper;
  readonly name = 'isolations';
  #life: Life | undefined;
  #draining = false;
  // what the tick under way has gathered
  #rows = new OwnerRows();
  #records = new Map<number, IsolationRecord>();
  #started: Started[] = [];
  /** Runs that have moved, and how many commits of each are stored. */
  readonly #taken = new Map<IsolatedRun, number>();

  constructor(options: IsolationsOptions) {
    this.#options = options;
    this.#keeper = this.#createKeeper();
    this.runs = this.#keeper.runs;
  }

  #createKeeper(): ProcessKeeper {
    const tell = (command: IsolationCommand): Promise<unknown> => (this.#life ? this.#life.ask(this, command) : Promise.reject(stopped()));
    return new ProcessKeeper({
      ...this.#options,
      actions: {
        take: (run, commits) => tell({ type: 'commits', run, commits }).catch(error => this.#refuse(run, error)),
        fail: (run, failure) => tell({ type: 'fail', run, failure }),
        end: (run, session) => tell({ type: 'end', run, session }),
      },
    });
  }

  /** What a process wrote cannot be stored here: as if its journal were damaged. */
  #refuse(run: IsolatedRun, error: unknown): void {
    if (isStoreTrouble(error) || isFlowError(error, 'runtime_stopped') || !this.#life?.isOpen) throw error;
    run.intake.damage ??= `what it says could not be stored: ${error instanceof Error ? error.message : String(error)}`;
  }

  // what the runtime asks

  holds(executionId: string): boolean {
    return this.#find(executionId) !== undefined;
  }

  #find(executionId: string): IsolatedRun | undefined {
    // Ids of flows that it started begin with its own, and a dot.
    const { runs } = this;
    return runs.get(executionId) ?? runs.get(executionId.split('.', 1)[0] ?? '');
  }

  takes(plan: FlowPlan, isolate: boolean | undefined): boolean {
    const { definition, flows, tools, steps, machines, consolidation } = plan;
    if (!(isolate ?? definition.flow_type === 'static')) return false;
    const { store, isolation, builtIn, plans } = this.#options;
    const missing = flows.filter(id => plans.find(id) === undefined);
    const foreign = isolation.tools === undefined ? tools.filter(name => !builtIn.has(name)) : [];
    const computed = collectPlans(plan, plans).flatMap(({ functions }) => functions);
    const why = !store.isolations
      ? `${store.location} keeps no account of such processes`
      : missing.length > 0
        ? `it starts flows that are not registered (${missing.join(', ')})`
        : foreign.length > 0
          ? `it uses tools that are functions of this one (${foreign.join(', ')}). Name the module that exports them: \`isolation: { tools: './tools.ts' }\``
          : computed.length > 0
            ? `it has values that are functions of this one (${computed.join(', ')})`
            : consolidation.uses !== null
              ? `it is consolidated by "${consolidation.uses}", which is a function of this one`
              : steps.some(({ uses, kind }) => uses === 'publish' || kind.message !== undefined)
                ? 'it uses queues, which are the database\'s'
                : machines.length > 0
                  ? `it has machines as steps (${machines.join(', ')}), whose actors are in the database`
                  : undefined;
    if (why === undefined) return true;
    throw new FlowError('isolation_unavailable', `Expected to run the flow "${definition.id}" in a process of its own, but ${why}. To run it in this process, start it with \`isolate: false\``);
  }

  async start(header: ExecutionHeader, plan: FlowPlan, labels: Readonly<Record<string, string>> = {}, request?: NamedRequest): Promise<void> {
    const plans = collectPlans(plan, this.#options.plans);
    const run = this.#createRun(header, plans, { taken: 0, own: true });
    prepareRequest(run.folder, header, plans, this.#options.isolation, this.#options.request);
    if (!this.#life) throw stopped();
    await this.#life.ask(this, { type: 'start', run, started: { header, plans, labels } }, request);
  }

  goOn(executionId: string): boolean {
    const run = this.#keeper.runs.get(executionId);
    if (run?.phase === 'left') {
      run.own = true;
      run.phase = 'queued';
      this.#keeper.fill();
    }
    return run !== undefined;
  }

  signal(executionId: string, name: string, payload: unknown, request?: NamedRequest): Promise<void> | undefined {
    const run = this.#find(executionId);
    if (!run || run.phase === 'ending' || run.phase === 'left') return undefined;
    return forwardSignal(run, this.#options.clock, { executionId, name, payload, force: true }, request?.key);
  }

  cancel(executionId: string, message: string, request?: NamedRequest): Promise<boolean> | undefined {
    const run = this.#find(executionId);
    if (!run || run.phase === 'ending' || run.phase === 'left') return undefined;
    return this.#cancel(run, executionId, message, request?.key);
  }

  async #cancel(run: IsolatedRun, executionId: string, message: string, key: string | undefined): Promise<boolean> {
    // Nobody waits for it when the process could not be asked.
    const ended = quietly(this.#waitForEnd(executionId));
    const failure = createFailure('cancelled', message);
    if (run.phase === 'queued') {
      this.#keeper.fail(run, failure);
      await ended;
      return true;
    }
    const accepted = await forwardCancel(run, this.#options.clock, { executionId, message }, key);
    // It does not answer: then it goes with everything in it.
    if (accepted === undefined) this.#keeper.stop(run, failure, 0);
    await ended;
    return accepted ?? true;
  }

  #waitForEnd(executionId: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const unwatch = this.#options.endWatchers.watch(executionId, ended => {
      unwatch();
      if (ended) resolve();
      else reject(stopped());
    });
    return promise;
  }

  // the beginning

  async begin(life: Life): Promise<void> {
    const { store } = this.#options;
    this.#forget();
    this.#life = life;
    for (let after = 0; store.isolations; ) {
      const page = await store.isolations.listOpen(after, pageSize);
      for (const record of page) {
        const [execution] = await store.listExecutions({ after: record.executionKey - 1, order: 'oldest', limit: 1 });
        // One that was started over since had settled before.
        if (execution?.key !== record.executionKey) continue;
        const found = await this.#findPlans(execution);
        if (found) await this.#readBack(record, execution, found);
      }
      after = page.at(-1)?.executionKey ?? after;
      if (page.length < pageSize) break;
    }
    if (this.#keeper.runs.size > 0) this.#keeper.arm();
    await this.#options.folders.sweep();
  }

  /** Undefined: what is stored of it cannot be read. Then it is blocked as one that runs here would be. */
  async #findPlans(execution: ExecutionRecord): Promise<readonly FlowPlan[] | undefined> {
    const { store, plans } = this.#options;
    try {
      await adoptPlans(store, plans, execution);
      return collectPlans(await plans.load(store, execution.digest), plans);
    } catch (error) {
      if (isStoreTrouble(error)) throw error;
      return undefined;
    }
  }

  async #readBack(record: IsolationRecord, execution: ExecutionRecord, plans: readonly FlowPlan[]): Promise<void> {
    const { store, mayContinue, isolation, request } = this.#options;
    const run = this.#createRun(execution, plans, { ...record, own: mayContinue(execution) });
    this.#keeper.runs.set(run.executionId, run);
    // What was taken in before is read once more: into memory only.
    for (const { batch } of run.intake.skip(run.taken)) {
      for (const { key, executionId } of batch.executions) {
        const known = run.keys.has(key) ? undefined : await store.getExecution(executionId);
        if (known) run.keys.set(key, known.key);
      }
    }
    run.process = RunnerProcess.find(run.folder);
    if (run.process) this.#keeper.follow(run);
    else if (execution.settledAt !== null) run.phase = 'ending';
    else if (!run.own) run.phase = 'left';
    // With what the new process is to find: the module may lie somewhere else now.
    else if (run.intake.damage === undefined && (isolation.tools !== undefined || !hasRequest(run.folder))) prepareRequest(run.folder, execution, plans, isolation, request);
  }

  #createRun(header: Pick<ExecutionRecord, 'executionId' | 'key' | 'priority'>, plans: readonly FlowPlan[], found: { readonly taken: number; readonly own: boolean; readonly folder?: string }): IsolatedRun {
    const { isolation, machines, request, folders } = this.#options;
    const { executionId, key, priority } = header;
    const { taken, own } = found;
    const folder = found.folder ?? folders.choose(executionId);
    const timeoutMs = plans[0]?.timeoutMs ?? null;
    const byDigest = new Map(plans.map(plan => [plan.digest, plan]));
    return {
      executionId, key, priority, folder, taken, own,
      // The flow's own timeout is its process's business; this one is for a process that hangs.
      timeoutMs: timeoutMs === null ? isolation.timeoutMs : timeoutMs + isolation.killAfterMs,
      intake: new JournalIntake({ folder, executionId, machines, maxInterruptions: request.limits.maxInterruptions, plans: byDigest }),
      keys: new Map(), phase: 'queued', process: undefined, deadline: Number.POSITIVE_INFINITY, killAt: Number.POSITIVE_INFINITY,
      reason: undefined, reading: false, closed: false,
    };
  }

  // inside a tick

  apply(told: IsolationCommand, tick: Tick): void {
    const { run } = told;
    if (told.type === 'start') {
      this.#keeper.runs.set(run.executionId, run);
      this.#started.push(told.started);
      this.#note(run, 'open', null);
    } else if (told.type === 'commits') {
      if (told.commits.length > 0) this.#take(run, told.commits);
    } else if (told.type === 'fail') {
      // Its rows are all there is of it: the machines end it from there, as they do with a cancel, and nothing runs any more.
      tick.post(this.#options.flows.toCommand(run.executionId, { to: 'flow', event: { type: 'flow.cancel', failure: told.failure, cleanUp: 'skip' } }));
    } else {
      this.#note(run, 'ended', told.session);
    }
  }

  #take(run: IsolatedRun, commits: readonly TakenCommit[]): void {
    const [first] = commits;
    if (first?.n !== run.taken + 1) throw new TypeError(`Expected commit ${run.taken + 1} of ${run.folder}, got ${first?.n}`);
    if (!this.#taken.has(run)) this.#taken.set(run, run.taken);
    for (const { n, batch } of commits) {
      for (const { key, executionId } of batch.executions) {
        if (!run.keys.has(key)) run.keys.set(key, executionId === run.executionId ? run.key : this.#options.takeKey());
      }
      this.#rows.add(batch, key => run.keys.get(key) as number);
      run.taken = n;
    }
    this.#note(run, 'open', null);
  }

  #note({ key, folder, taken }: IsolatedRun, status: IsolationRecord['status'], session: string | null): void {
    this.#records.set(key, { executionKey: key, status, folder, taken, session });
  }

  collect(batch: MutableBatch, now: number): boolean {
    for (const { header, plans, labels } of this.#started) {
      for (const plan of plans) {
        const record = this.#options.plans.toRecord(plan, now);
        if (record && !batch.definitions.some(({ digest }) => digest === record.digest)) batch.definitions.push(record);
      }
      const [, ...below] = plans;
      const flows = Object.fromEntries(below.map(({ definition, digest }) => [definition.id, digest]));
      batch.executions.push({ ...header, context: below.length === 0 ? '{}' : JSON.stringify({ flows }), status: 'pending', wakeAt: null, startedAt: null, settledAt: null, score: null, passed: null, failure: null });
      const rows = Object.entries(labels).map(([name, value]) => ({ executionId: header.executionId, name, value }));
      if (rows.length > 0) batch.catalog = { ...batch.catalog, labels: [...(batch.catalog?.labels ?? []), ...rows] };
    }
    this.#rows.writeTo(batch);
    batch.isolations = [...(batch.isolations ?? []), ...this.#records.values()];
    return true;
  }

  readBack(): void {
    for (const { header } of this.#started) this.#keeper.runs.delete(header.executionId);
    for (const [run, taken] of this.#taken) run.taken = taken;
    this.#forgetTick();
  }

  fail({ refused }: Envelope, error: Error): void {
    refused?.(error);
  }

  perform(): void {
    const { plans, endWatchers } = this.#options;
    const started = this.#started;
    const rows = this.#rows;
    const records = this.#records;
    this.#forgetTick();
    for (const { plans: stored } of started) for (const { digest } of stored) plans.noteStored(digest);
    for (const { executionKey, status } of records.values()) if (status === 'ended') this.#keeper.remove(executionKey);
    for (const record of rows.executions.values()) if (record.settledAt !== null) endWatchers.notify(record.executionId, { record });
    this.#keeper.fill();
  }

  // the end

  get idle(): boolean {
    return this.#keeper.idle;
  }

  halt(how: 'drain' | 'release' | 'end'): void {
    if (how === 'drain') {
      this.#draining = true;
      this.#keeper.drain();
    } else if (how === 'end') {
      this.#forget();
      if (this.#draining) this.#options.folders.close();
    }
  }

  #forget(): void {
    this.#keeper.end();
    this.#keeper = this.#createKeeper();
    this.runs = this.#keeper.runs;
    this.#life = undefined;
    this.#forgetTick();
  }

  #forgetTick(): void {
    this.#rows = new OwnerRows();
    this.#records = new Map();
    this.#started = [];
    this.#taken.clear();
  }
}
