import type { MutableBatch } from '../../../persistence/records/empty-batch.ts';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { ExecutionHead, Records } from '../../../persistence/store.ts';
import { CallOrder } from '../../core/call-order.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import { FlowError, isFlowError, toError } from '../../core/errors.ts';
import { createFailure, type StepFailure } from '../../core/failure.ts';
import { encodeJson } from '../../core/json.ts';
import { Admission } from './admission.ts';
import type { ExecutionSummary, ResumeOptions, RetryOptions, RuntimeHealth } from './execution-api.ts';
import type { Changes } from '../../kernel/changes.ts';
import { requireId, requireText } from './check-arguments.ts';
import { readSignal } from './check-signal.ts';
import { ChildFlows } from './child-flows.ts';
import type { FlowCommand } from './flow-commands.ts';
import { toDueMessage, wholeFlow, wholeTimeout, listTaken } from './flow-commands.ts';
import { Effects } from './effects.ts';
import type { Due, DueKind } from '../../engine/due.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Envelope, Kind, Life, NamedRequest, Tick } from '../../engine/kind.ts';
import { FlowHolding } from './flow-holding.ts';
import { Host } from './host.ts';
import { Inspection } from './inspection.ts';
import type { Isolation } from './isolation.ts';
import type { Machines } from '../../kernel/machines.ts';
import type { Message } from '../../kernel/messages.ts';
import { Obstacles, Recovery } from './may-go-on.ts';
import type { Performer } from './performer.ts';
import { PlanRegistry } from './plan-registry.ts';
import { toSummary } from './queries.ts';
import { Retrier } from './retrier.ts';
import type { Ended, Resident } from './resident.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { isOpen } from '../../kernel/tree.ts';
import { createRunServices } from './run-services.ts';
import type { RunServices } from './run-session.ts';
import type { Recover, ResolvedOptions } from './resolved-options.ts';
import type { Started, StartParams } from './starter.ts';
import { Starter } from './starter.ts';
import { Watchers } from '../../engine/watchers.ts';

const maxRecoveredListed = 1_000;

/** The flows of a runtime as a kind, and what callers ask of them: wires the host to handlers, due times and the store. */
export class FlowRuntime implements Kind<FlowCommand>, Performer, DueKind {
  readonly name = 'flows';
  readonly takesAlong = listTaken;
  readonly plans = new PlanRegistry();
  /** News of the end only. */
  readonly endWatchers = new Watchers<Ended>();
  /** Whoever has executions run in processes of their own; set before the runtime begins. */
  isolation: Isolation | undefined;
  readonly engine: Engine;
  readonly store: Records;
  readonly #options: ResolvedOptions;
  readonly #calls = new CallOrder();
  readonly #recovery: Recovery;
  readonly #machines: Machines;
  readonly #inspection: Inspection | undefined;
  // of the present life
  #host!: Host;
  #children!: ChildFlows;
  #effects!: Effects;
  #admission!: Admission;
  #life: Life | undefined;
  #lastKey = 0;
  readonly #obstacles: Obstacles;
  readonly #services: RunServices;
  readonly #starter: Starter;
  readonly #retrier: Retrier;
  readonly holding: FlowHolding;
  recovered: readonly ExecutionSummary[] = [];

  constructor(engine: Engine, machines: Machines, options: ResolvedOptions, recover: Recover | undefined) {
    const { store } = (this.engine = engine);
    this.store = store;
    this.#inspection = options.inspect && new Inspection(options.inspect, options.logger);
    this.#machines = this.#inspection?.watch(machines) ?? machines;
    this.#options = options;
    this.#obstacles = new Obstacles(options.tools, options.consolidators, this.plans, options.stepMachines);
    this.#recovery = new Recovery(recover, options.logger);
    engine.add(this);
    this.#services = createRunServices(store, options, kind => engine.add(kind), () => this.#host, engine.progressed);
    this.holding = new FlowHolding({
      ...options, kind: this, store, machines, plans: this.plans, getResident: id => this.#host?.residents.get(id), isElsewhere: id => this.#elsewhere?.holds(id) ?? false,
      keepWaiting: id => this.#admission.standing.keepWaiting(id), released: id => engine.status === 'running' && this.#admission?.released(id),
    });
    this.#starter = new Starter({
      ...options, store, plans: this.plans, obstacles: this.#obstacles, host: () => this.#host, takeKey: () => this.takeKey(), isolation: () => this.isolation,
      bring: record => this.#admission.bring(record),
    });
    this.#retrier = new Retrier({
      store, expressionTimeLimitMs: options.expressionTimeLimitMs, plans: this.plans, obstacles: this.#obstacles, host: () => this.#host, takeKey: () => ++this.#lastKey,
      requireExecution: id => this.requireExecution(id),
      supersede: id => this.#elsewhere?.cancel(id, 'A new generation goes on with a new definition') ?? this.#send(id, { to: 'flow', event: { type: 'flow.cancel', failure: createFailure('superseded', 'A new generation goes on with a new definition'), cleanUp: 'skip' } }),
      isHeld: id => this.#elsewhere?.holds(id) ?? false,
      goesOn: record => this.#recovery.mayContinue(record),
      goOn: record => {
        this.#recovery.allow(record.key);
        if (!this.#elsewhere?.goOn(record.executionId)) this.#admission.takeUp(record);
      },
    });
  }

  #assemble(life: Life): void {
    const { store, plans } = this;
    const machines = this.#machines;
    const options = this.#options;
    const fault = (error: unknown): void => {
      // What belongs to a life that is over says nothing about the present one.
      if (this.#host === host) this.engine.fault(toError(error));
    };
    const host = new Host({ ...options, store, machines, plans }, this, life, this);
    const children = new ChildFlows({ ...options, store, plans, start: (params, known) => this.#starter.startChild(params, known), cancel: (id, message) => this.#cancel(id, message, 'keep'), fault }, () => host);
    const effects = new Effects({ ...options, store, due: life.due, dueKind: this, children, mayRun: this.#mayRun, fault, services: this.#services }, host);
    const admission = new Admission(
      { ...options, store, machines, plans, mayContinue: record => !this.#elsewhere?.holds(record.executionId) && this.mayContinue(record), findObstacle: plan => this.#obstacles.find(plan), isHeld: (id, path, flowId) => life.sift?.isHeld(id, path, flowId) ?? false, sleepUntil: at => life.due.wake(this, at), progressed: this.engine.progressed, fault },
      host,
    );
    this.#host = host;
    this.#children = children;
    this.#effects = effects;
    this.#admission = admission;
  }

  /** Whoever has flows run in processes of their own, while any do. */
  get #elsewhere(): Isolation | undefined {
    return this.isolation && this.isolation.runs.size > 0 ? this.isolation : undefined;
  }

  // the kind

  /** Reads what is unfinished and goes on with it once all kinds have begun. */
  async begin(life: Life): Promise<() => void> {
    const { lastKey } = (this.#life = life);
    this.#lastKey = lastKey;
    const { leavesAll } = this.#recovery.begin(lastKey);
    this.#assemble(life);
    const unfinished = await this.store.listExecutions({ status: ['pending', 'stepping', 'consolidating'], order: 'oldest', limit: maxRecoveredListed });
    this.recovered = unfinished.filter(record => this.#recovery.mayContinue(record)).map(record => toSummary(record));
    return () => {
      if (leavesAll) return;
      this.#admission.fill();
      this.#admission.lookAfter(lastKey);
    };
  }

  apply(command: FlowCommand, tick: Tick): unknown {
    return this.#host.apply(command, tick);
  }

  collect(batch: MutableBatch, now: number): boolean {
    return this.#host.collect(batch, now);
  }

  /** What others tell a flow. */
  toCommand(executionId: string, message: Message): Envelope {
    return { kind: this, command: { type: 'message', executionId, message } satisfies FlowCommand };
  }

  readBack(): Promise<void> {
    this.#inspection?.forgetTick();
    return this.#host.readBack();
  }

  fail(envelope: Envelope, error: Error): void {
    this.#host.fail(envelope, error);
  }

  get idle(): boolean {
    return this.#effects.running === 0 && !this.#admission.busy;
  }

  halt(how: 'drain' | 'release' | 'end', error: Error): void {
    if (!this.#life) return;
    const [host, effects] = [this.#host, this.#effects];
    if (how === 'drain') return void host.tellOrchestrator({ type: 'orchestrator.drain' });
    if (how === 'release') return effects.releaseAll();
    const isStop = isFlowError(error, 'runtime_stopped');
    effects.abortAll(isStop ? 'runtime_stopped' : 'runtime_faulted', isStop ? 'The runtime stops' : 'The runtime stands still');
    if (isStop) this.#inspection?.publish(id => this.isActive(id));
    else this.#inspection?.discard();
    host.close();
    this.endWatchers.end();
  }

  readonly #mayRun = (resident: Resident): boolean => {
    // After a restart the same execution is there again, and what is left of the old one must not run beside it.
    const isCurrent = this.#host.residents.get(resident.header.executionId) === resident;
    return this.engine.status === 'running' && isCurrent && !this.isPaused(resident);
  };

  /** The next number under which rows are kept. */
  takeKey(): number {
    return ++this.#lastKey;
  }

  /** Whether an execution that was there before may go on. */
  mayContinue(record: ExecutionHead): boolean {
    return this.#recovery.mayContinue(record);
  }

  /** Whether it only takes messages in here: it was left out on request, another process has it, or something that it uses is missing. */
  isPaused({ header, tree }: Resident): boolean {
    if (this.#elsewhere?.holds(header.executionId) || !this.#mayResume(header, tree.flow.value === 'consolidating' || tree.flow.context.ending !== undefined)) return true;
    const obstacle = this.#obstacles.find(tree.plan);
    if (obstacle) this.#admission.blocked.set(header.executionId, obstacle);
    return obstacle !== undefined;
  }

  /** A flow that another one started goes on where that one does, until all that is left is its clean-up or its score. */
  #mayResume(header: ExecutionHeader, isEnding = false): boolean {
    if (header.parentId === null || isEnding || this.#recovery.isOwn(header.key)) return this.#recovery.mayContinue(header);
    const parent = this.#host.residents.get(header.parentId);
    return parent !== undefined && this.#mayResume(parent.header);
  }

  // commands

  async start(flowId: string, params: StartParams, request?: NamedRequest): Promise<Started> {
    this.engine.requireRunning();
    return this.#starter.start(flowId, params, request);
  }

  async signal(executionId: string, name: string, payload: unknown, force = false, request?: NamedRequest): Promise<void> {
    this.engine.requireRunning();
    const { key, settledAt, plan } = await this.#calls.keep(executionId, this.#readForSignal(executionId));
    requireText('name', name);
    const carried = await readSignal(plan, plan && this.plans.findSignal(plan, name), { name, payload, force }, this.#options.stepMachines);
    const passed = settledAt === null ? this.#elsewhere?.signal(executionId, name, carried, request) : undefined;
    if (passed) return passed;
    const json = encodeJson(carried, { maxBytes: this.#options.maxOutputBytes, name: 'payload' });
    const signal = { executionKey: key, number: this.#host.now() * 1_000, name, payload: json, receivedAt: this.#host.now() };
    if (!(await this.#send(executionId, { to: 'signal', signal }, request && { ...request, answer: null }))) {
      throw new FlowError('execution_settled', `Expected an unsettled execution to signal, ${executionId} has settled`);
    }
  }

  async #readForSignal(executionId: string): Promise<{ readonly key: number; readonly settledAt: number | null; readonly plan: FlowPlan | undefined }> {
    const there = this.#host.find(executionId);
    if (there && isOpen(there.tree)) return { key: there.header.key, settledAt: null, plan: there.tree.plan };
    const { key, settledAt, status, digest } = await this.requireExecution(executionId);
    const takesSignals = settledAt === null && status !== 'consolidating';
    return { key, settledAt, plan: takesSignals ? await this.plans.load(this.store, digest).catch(() => undefined) : undefined };
  }

  async cancel(executionId: string, message = 'Cancelled', request?: NamedRequest): Promise<boolean> {
    this.engine.requireRunning();
    requireText('message', message);
    const { settledAt } = await this.#calls.keep(executionId, this.requireExecution(executionId));
    const passed = settledAt === null ? this.#elsewhere?.cancel(executionId, message, request) : undefined;
    return passed ?? this.#cancel(executionId, message, undefined, request);
  }

  /** @param cleanUp `keep`: always-steps of one that is cancelled already go on */
  #cancel(executionId: string, message: string, cleanUp?: 'keep', request?: NamedRequest): Promise<boolean> {
    return this.#send(executionId, { to: 'flow', event: { type: 'flow.cancel', failure: createFailure('cancelled', message), ...(cleanUp && { cleanUp }) } }, request);
  }

  /** @returns the number of the new generation */
  async retry(executionId: string, options: RetryOptions, request?: NamedRequest): Promise<number> {
    this.engine.requireRunning();
    return this.#retrier.retry(executionId, options, request);
  }

  async resume(executionId: string, options: ResumeOptions): Promise<void> {
    this.engine.requireRunning();
    await this.#retrier.resume(executionId, options);
  }

  async #send(executionId: string, message: Message, request?: NamedRequest): Promise<boolean> {
    return (await this.#host.ask({ type: 'message', executionId, message, isCalled: true }, request)) as boolean;
  }

  /** @throws a `FlowError` with code `execution_not_found` */
  async requireExecution(executionId: string, generation?: number): Promise<ExecutionRecord> {
    requireId('executionId', executionId);
    const record = await this.store.getExecution(executionId, generation);
    if (record) return record;
    const which = generation === undefined ? '' : `, with a generation ${generation}`;
    throw new FlowError('execution_not_found', `Expected the id of an execution in ${this.store.location}${which}, got "${executionId}"`);
  }

  /** Whether it is in memory, and so has not settled. */
  isActive(executionId: string): boolean {
    return this.#host?.residents.has(executionId) ?? false;
  }

  blockedBy(executionId: string): StepFailure | undefined {
    return this.#admission?.blocked.get(executionId);
  }

  health(): RuntimeHealth {
    const { status, error, owner } = this.engine;
    return { status, ...(error && { error }), activeFlows: this.#host?.activeFlows ?? 0, runningSteps: this.#effects?.running ?? 0, owner };
  }

  // what the host asks for

  perform(): void {
    this.#host.perform();
    this.#inspection?.publish(id => this.isActive(id));
  }

  performOne(resident: Resident, changes: Changes): void {
    this.#inspection?.addCommitted(resident.tree, changes);
    this.#effects.perform(resident, changes);
    const { startedAt, executionId, parentId, settledAt } = resident.header;
    if (resident.unchecked) this.#checkFiles(resident);
    if (resident.hasMade && !this.isActive(executionId)) this.#forget(resident.header);
    if (settledAt !== null) {
      this.endWatchers.notify(executionId, { record: resident.record as ExecutionRecord, resident });
      this.#admission.forget(executionId);
      this.#life?.sift?.over(executionId);
      this.#recovery.forget(resident.header.key);
      if (parentId !== null) this.#children.settled(executionId);
      return;
    }
    const { timeoutMs } = resident.tree.plan;
    if (timeoutMs === null || startedAt === null || resident.expires || resident.tree.flow.context.ending) return;
    resident.expires = true;
    this.engine.due.add({ at: startedAt + timeoutMs, of: this, key: executionId, place: wholeTimeout });
  }

  /** What was kept in memory for an execution that has left it. */
  #forget({ key, executionId }: ExecutionHeader): void {
    this.#services.artifacts.forget(key);
    this.#services.interactions.forget(executionId);
    this.#services.files.release(executionId);
  }

  /** Of an execution that goes on: its files are what the store says, whatever has become of them. */
  #checkFiles(resident: Resident): void {
    resident.unchecked = false;
    resident.hasMade = true;
    const { executionId, flowId } = resident.header;
    if (!this.store.artifacts) return;
    this.#services.files.check(executionId, flowId, resident.tree.plan.outputDir).catch(error => this.#options.logger.warn({ err: error, executionId }, 'the files of its artifacts could not be looked at'));
  }

  wake(executionId: string, envelope: Envelope): void {
    this.#admission.wake(executionId, envelope);
  }

  roused(executionId: string): void {
    this.#admission.standing.release(executionId);
  }

  takeBack(envelopes: readonly Envelope[]): void {
    this.#admission.takeBack(envelopes);
  }

  block(executionId: string, failure: StepFailure): void {
    this.#admission.blocked.set(executionId, failure);
  }

  admitNext(): void {
    if (this.engine.status === 'running') this.#admission.fill();
  }

  readonly rest = (isResting: boolean): void => this.#admission.rest(isResting);

  sleepUntil(at: number, header: ExecutionHeader): void {
    // A flow that another one waits for wakes also when no slot is free: the other one may hold the last.
    if (header.parentId === null) this.engine.due.wake(this, at);
    else this.engine.due.add({ at, of: this, key: header.executionId, place: wholeFlow });
  }

  // what is due

  isNeeded({ key, place }: Due): boolean {
    return place === wholeFlow || this.isActive(key);
  }

  ring(due: readonly Due[]): void {
    if (this.engine.status !== 'running') return;
    const expired = new Set<string>();
    for (const one of due) {
      const { key: executionId, place } = one;
      // One that was unloaded and read back has set its time twice.
      if (place === wholeTimeout && expired.size === expired.add(executionId).size) continue;
      const resident = this.#host.residents.get(executionId);
      const message = resident && place !== wholeFlow ? toDueMessage(resident, one) : undefined;
      if (message) this.#host.post({ type: 'message', executionId, message });
      else if (!resident && place === wholeFlow) this.#admission.bring({ executionId });
    }
    this.#admission.fill();
  }
}
