import { setImmediate as nextTurn } from 'node:timers/promises';
import { setImmediate as defer } from 'node:timers';
import type { ExecutionRecord, OwnerRecord } from '../../../persistence/records.ts';
import type { Records } from '../../../persistence/store.ts';
import { FlowError, toError } from '../../core/errors.ts';
import { createFailure, type StepFailure } from '../../core/failure.ts';
import { encodeJson } from '../../core/json.ts';
import { Admission } from './admission.ts';
import type { ExecutionSummary, ResumeOptions, RetryOptions, RuntimeHealth } from './execution-api.ts';
import type { Changes } from '../../kernel/changes.ts';
import { requireId, requireText } from './check-arguments.ts';
import { readSignal } from './check-signal.ts';
import { ChildFlows } from './child-flows.ts';
import { Effects } from './effects.ts';
import type { Envelope } from './envelope.ts';
import { Feed } from '../../engine/feed/feed.ts';
import { Host } from './host.ts';
import { Inspection } from './inspection.ts';
import type { Isolation } from './isolation.ts';
import type { Machines } from '../../kernel/machines.ts';
import type { Message } from '../../kernel/messages.ts';
import { Obstacles } from './obstacles.ts';
import { Participants } from '../../engine/participants.ts';
import type { Performer } from './performer.ts';
import { PlanRegistry } from './plan-registry.ts';
import { Progress } from '../../engine/progress.ts';
import { toSummary } from './queries.ts';
import { Recovery } from './recovery.ts';
import { Retrier } from './retrier.ts';
import type { Ended, Resident } from './resident.ts';
import type { ExecutionHeader } from '../../kernel/rows.ts';
import { createRunServices } from './run-services.ts';
import type { RunServices } from './run-session.ts';
import type { Recover, ResolvedOptions } from './resolved-options.ts';
import type { Started, StartParams } from './starter.ts';
import { Starter } from './starter.ts';
import type { Due } from './timers.ts';
import { Timers } from './timers.ts';
import { toExpiry } from '../../kernel/answers.ts';
import { createTimerEvent, getActor, isFanOut } from '../../kernel/tree.ts';
import { noItem } from '../../core/address.ts';
import { Watchers } from '../../engine/watchers.ts';

const maxRecoveredListed = 1_000;
/** Longest a stop waits until what it gives back is stored, ms. */
const releaseMs = 5_000;
/** In place of a position: the whole flow is to be brought into memory. */
const wholeFlow = -2;

/** The shell around the host: wires the loop to handlers, timers, the store and callers. */
export class FlowRuntime implements Performer {
  readonly store: Records;
  readonly plans = new PlanRegistry();
  readonly feed: Feed;
  /** News of the end only. */
  readonly endWatchers = new Watchers<Ended>();
  /** Whoever has executions run in processes of their own; set before the runtime begins. */
  isolation: Isolation | undefined;
  /** Actors of other kinds; added before the runtime begins. */
  readonly participants = new Participants();
  readonly #options: ResolvedOptions;
  readonly #recovery: Recovery;
  readonly #machines: Machines;
  readonly #inspection: Inspection | undefined;
  readonly #owner: OwnerRecord;
  readonly #timers: Timers;
  readonly #progress: Progress;
  #host: Host;
  #effects: Effects;
  #admission: Admission;
  #status: RuntimeHealth['status'] = 'running';
  #error: Error | undefined;
  #lastKey = 0;
  #stopping: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;
  readonly #obstacles: Obstacles;
  readonly #services: RunServices;
  readonly #starter: Starter;
  readonly #retrier: Retrier;
  recovered: readonly ExecutionSummary[] = [];

  constructor(store: Records, owner: OwnerRecord, machines: Machines, options: ResolvedOptions, recover: Recover | undefined) {
    this.store = store;
    this.#owner = owner;
    this.#inspection = options.inspect && new Inspection(options.inspect, options.logger);
    this.#machines = this.#inspection?.watch(machines) ?? machines;
    this.#options = options;
    this.#obstacles = new Obstacles(options.tools, options.consolidators, this.plans, options.stepMachines);
    this.#recovery = new Recovery(recover, options.logger);
    this.#progress = new Progress(options.clock);
    this.#timers = new Timers(options.clock, due => this.#fire(due), ({ executionId, position }) => position === wholeFlow || this.isActive(executionId));
    this.#services = createRunServices(store, options, this.participants, () => this.#host, () => this.#progress.note());
    this.feed = new Feed(store, this.#services.redact);
    [this.#host, this.#effects, this.#admission] = this.#assemble();
    this.#starter = new Starter({
      ...options, store, plans: this.plans, obstacles: this.#obstacles, host: () => this.#host, takeKey: () => this.takeKey(), isolation: () => this.isolation,
      bring: executionId => this.#admission.bring(executionId),
    });
    this.#retrier = new Retrier({
      store, expressionTimeLimitMs: options.expressionTimeLimitMs, plans: this.plans, obstacles: this.#obstacles, host: () => this.#host, takeKey: () => ++this.#lastKey,
      requireExecution: id => this.requireExecution(id),
      supersede: id => this.isolation?.cancel(id, 'A new generation goes on with a new definition') ?? this.#send(id, { to: 'flow', event: { type: 'flow.cancel', failure: createFailure('superseded', 'A new generation goes on with a new definition'), cleanUp: 'skip' } }),
      isHeld: id => this.isolation?.holds(id) ?? false,
      goesOn: record => this.#recovery.mayContinue(record),
      goOn: record => {
        this.#recovery.allow(record.key);
        if (!this.isolation?.goOn(record.executionId)) this.#admission.takeUp(record);
      },
    });
  }

  #assemble(): [Host, Effects, Admission] {
    const { store, plans } = this;
    const machines = this.#machines;
    const options = this.#options;
    const fault = (error: unknown): void => {
      // What belongs to a host that was given up says nothing about the present one.
      if (this.#host === host) this.fault(toError(error));
    };
    const host = new Host({ ...options, store, machines, plans, defer }, this);
    const children = new ChildFlows({ ...options, store, plans, start: (params, known) => this.#starter.startChild(params, known), cancel: (id, message) => this.#cancel(id, message, 'keep'), fault }, () => host);
    const effects = new Effects({ ...options, store, timers: this.#timers, children, mayRun: resident => this.#mayRun(resident), fault, services: this.#services }, host);
    const admission = new Admission(
      { ...options, store, machines, plans, mayContinue: record => !this.isolation?.holds(record.executionId) && this.mayContinue(record), findObstacle: plan => this.#obstacles.find(plan), sleepUntil: at => this.#timers.wakeAt(at), progressed: () => this.#progress.note(), fault },
      host,
    );
    this.#children = children;
    return [host, effects, admission];
  }

  #children: ChildFlows | undefined;

  /** Reads what is unfinished and goes on with it: the loop's first tick. */
  async begin(lastKey: number): Promise<void> {
    this.#lastKey = lastKey;
    const { leavesAll } = this.#recovery.begin(lastKey);
    await this.participants.begin(() => this.#host);
    const unfinished = await this.store.listExecutions({ status: ['pending', 'stepping', 'consolidating'], order: 'oldest', limit: maxRecoveredListed });
    this.recovered = unfinished.filter(record => this.#recovery.mayContinue(record)).map(record => toSummary(record));
    if (leavesAll) return;
    this.#admission.fill();
    this.#admission.lookAfter(lastKey);
  }

  #mayRun(resident: Resident): boolean {
    // After a restart the same execution is there again, and what is left of the old one must not run beside it.
    const isCurrent = this.#host.residents.get(resident.header.executionId) === resident;
    return this.#status === 'running' && isCurrent && !this.isPaused(resident);
  }

  /** The next number under which rows are kept. */
  takeKey(): number {
    return ++this.#lastKey;
  }

  /** Whether an execution that was there before may go on. */
  mayContinue(record: ExecutionRecord): boolean {
    return this.#recovery.mayContinue(record);
  }

  /** Whether it only takes messages in here: it was left out on request, another process has it, or something that it uses is missing. */
  isPaused({ header, tree }: Resident): boolean {
    if (this.isolation?.holds(header.executionId) || !this.#mayResume(header, tree.flow.value === 'consolidating' || tree.flow.context.ending !== undefined)) return true;
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

  requireRunning(): void {
    if (this.#status === 'running') return;
    if (this.#status === 'faulted') {
      throw new FlowError('runtime_faulted', `The runtime stands still since a commit failed: ${this.#error?.message}. Call \`restart()\` when the cause is gone`, { cause: this.#error });
    }
    throw new FlowError('runtime_stopped', 'Expected a running runtime, this one was stopped');
  }

  // commands

  async start(flowId: string, params: StartParams): Promise<Started> {
    this.requireRunning();
    return this.#starter.start(flowId, params);
  }

  async signal(executionId: string, name: string, payload: unknown, force = false): Promise<void> {
    this.requireRunning();
    const record = await this.requireExecution(executionId);
    requireText('name', name);
    const plan = record.settledAt === null && record.status !== 'consolidating' ? await this.plans.load(this.store, record.digest).catch(() => undefined) : undefined;
    const carried = await readSignal(plan, plan && this.plans.findSignal(plan, name), { name, payload, force }, this.#options.stepMachines);
    const passed = record.settledAt === null ? this.isolation?.signal(executionId, name, carried) : undefined;
    if (passed) return passed;
    const json = encodeJson(carried, { maxBytes: this.#options.maxOutputBytes, name: 'payload' });
    const signal = { executionKey: record.key, number: this.#host.now() * 1_000, name, payload: json, receivedAt: this.#host.now() };
    if (!(await this.#send(executionId, { to: 'signal', signal }))) {
      throw new FlowError('execution_settled', `Expected an unsettled execution to signal, ${executionId} has settled`);
    }
  }

  async cancel(executionId: string, message = 'Cancelled'): Promise<boolean> {
    this.requireRunning();
    requireText('message', message);
    const { settledAt } = await this.requireExecution(executionId);
    const passed = settledAt === null ? this.isolation?.cancel(executionId, message) : undefined;
    return passed ?? this.#cancel(executionId, message);
  }

  /** @param cleanUp `keep`: always-steps of one that is cancelled already go on */
  #cancel(executionId: string, message: string, cleanUp?: 'keep'): Promise<boolean> {
    return this.#send(executionId, { to: 'flow', event: { type: 'flow.cancel', failure: createFailure('cancelled', message), ...(cleanUp && { cleanUp }) } });
  }

  /** @returns the number of the new generation */
  async retry(executionId: string, options: RetryOptions): Promise<number> {
    this.requireRunning();
    return this.#retrier.retry(executionId, options);
  }

  async resume(executionId: string, options: ResumeOptions): Promise<void> {
    this.requireRunning();
    await this.#retrier.resume(executionId, options);
  }

  #send(executionId: string, message: Message): Promise<boolean> {
    return new Promise((done, refused) => this.#host.post({ kind: 'message', executionId, message, done, refused }));
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
    return this.#host.residents.has(executionId);
  }

  blockedBy(executionId: string): StepFailure | undefined {
    return this.#admission.blocked.get(executionId);
  }

  health(): RuntimeHealth {
    const error = this.#error;
    return { status: this.#status, ...(error && { error }), activeFlows: this.#host.activeFlows, runningSteps: this.#effects.running, owner: this.#owner };
  }

  // what the host asks for

  perform(resident: Resident, changes: Changes): void {
    this.#inspection?.addCommitted(resident.tree, changes);
    this.#effects.perform(resident, changes);
    const { startedAt, executionId, parentId, settledAt } = resident.header;
    if (resident.unchecked) this.#checkFiles(resident);
    if (!this.isActive(executionId)) this.#forget(resident.header);
    if (settledAt !== null) {
      this.endWatchers.notify(executionId, { record: resident.record as ExecutionRecord, resident });
      this.#admission.forget(executionId);
      this.#recovery.forget(resident.header.key);
      if (parentId !== null) this.#children?.settled(executionId);
      return;
    }
    const { timeoutMs } = resident.tree.plan;
    if (timeoutMs === null || startedAt === null || resident.expires || resident.tree.flow.context.ending) return;
    resident.expires = true;
    this.#timers.add({ at: startedAt + timeoutMs, executionId, position: -1, item: -1 });
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
    const { executionId, flowId } = resident.header;
    if (!this.store.artifacts) return;
    this.#services.files.check(executionId, flowId, resident.tree.plan.outputDir).catch(error => this.#options.logger.warn({ err: error, executionId }, 'the files of its artifacts could not be looked at'));
  }

  wake(executionId: string, envelope: Envelope): void {
    this.#admission.wake(executionId, envelope);
  }

  admitNext(): void {
    if (this.#status === 'running') this.#admission.fill();
  }

  sleepUntil(at: number, header: ExecutionHeader): void {
    // A flow that another one waits for wakes also when no slot is free: the other one may hold the last.
    if (header.parentId === null) this.#timers.wakeAt(at);
    else this.#timers.add({ at, executionId: header.executionId, position: wholeFlow, item: noItem });
  }

  ticked(): void {
    this.#inspection?.publish(id => this.isActive(id));
    this.#progress.note();
    this.feed.wake();
  }

  #fire(due: readonly Due[]): void {
    if (this.#status !== 'running') return;
    for (const { executionId, position, item, at } of due) {
      const resident = this.#host.residents.get(executionId);
      if (!resident) {
        if (position === wholeFlow) this.#admission.bring(executionId);
        continue;
      }
      if (position === wholeFlow) continue;
      if (position < 0) this.#expire(executionId, resident, at);
      else this.#fireStep(executionId, resident, position, item, at);
    }
    this.#admission.fill();
  }

  #fireStep(executionId: string, { tree }: Resident, position: number, item: number, at: number): void {
    const actor = getActor(tree, position, item);
    if (!actor || isFanOut(actor) || actor.snapshot.context.dueAt !== at) return;
    this.#host.post({ kind: 'message', executionId, message: { to: 'step', position, item, event: createTimerEvent(actor) } });
  }

  #expire(executionId: string, { header, tree }: Resident, at: number): void {
    // The time of a generation before is nothing to this one.
    if (header.startedAt === null || tree.flow.context.ending || at < header.startedAt + (tree.plan.timeoutMs ?? Infinity)) return;
    this.#host.post({ kind: 'message', executionId, message: toExpiry(tree.plan) });
  }

  // end and new beginning

  /** Fail-stop: memory may be ahead of the store, so nothing of it is used any more. */
  fault(error: Error): void {
    if (this.#status === 'faulted' || this.#status === 'stopped') return;
    this.#options.logger.error({ err: error }, 'the runtime stands still; nothing of the failed commit was acted on');
    this.#status = 'faulted';
    this.#error = error;
    this.#timers.clear();
    this.#effects.abortAll('runtime_faulted', 'The runtime stands still');
    this.#host.close(error);
    this.participants.end(error);
    this.#inspection?.discard();
    this.feed.end(error);
    this.endWatchers.end();
  }

  restart(): Promise<void> {
    return (this.#restarting ??= this.#restart().finally(() => (this.#restarting = undefined)));
  }

  async #restart(): Promise<void> {
    if (this.#status !== 'faulted') throw new FlowError('runtime_running', `Expected a faulted runtime to restart, this one is ${this.#status}`);
    const lastKey = await this.store.acquire(this.#owner);
    [this.#host, this.#effects, this.#admission] = this.#assemble();
    this.#status = 'running';
    this.#error = undefined;
    this.feed.begin();
    await this.begin(lastKey);
  }

  stop(timeoutMs: number): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs);
    return this.#stopping;
  }

  async #stop(timeoutMs: number): Promise<void> {
    const faulted = this.#status === 'faulted';
    this.#status = 'stopping';
    this.#timers.clear();
    if (!faulted) {
      this.#host.ask({ type: 'orchestrator.drain' });
      this.participants.drain();
      await this.#progress.waitFor(() => this.#effects.running === 0 && this.participants.idle && this.#host.idle && !this.#admission.busy, timeoutMs);
      this.#effects.releaseAll();
      this.participants.release();
      await this.#progress.waitFor(() => this.#host.idle, Math.max(timeoutMs, releaseMs));
      this.#effects.abortAll('runtime_stopped', 'The runtime stops');
    }
    this.#inspection?.publish(id => this.isActive(id));
    this.#status = 'stopped';
    this.#timers.clear();
    const stopped = new FlowError('runtime_stopped', 'The runtime was stopped');
    this.#host.close(stopped);
    this.participants.end(stopped);
    this.feed.end();
    this.endWatchers.end();
    await nextTurn(); // whoever follows reads to the end
    await this.store.close();
  }
}
