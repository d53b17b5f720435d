import { setImmediate as defer } from 'node:timers';
import type { ExecutionRecord, OwnerRecord } from '../../persistence/records.ts';
import type { Store } from '../../persistence/store.ts';
import { FlowError } from '../core/errors.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import { createExecutionId } from '../core/ids.ts';
import { encodeJson } from '../core/json.ts';
import { validateInput } from '../definition/input-schema.ts';
import { Admission } from './admission.ts';
import type { ExecutionSummary, RuntimeHealth, RuntimeOptions, StartOptions } from './api.ts';
import type { Changes } from './changes.ts';
import { requireObject, requireText } from './check-arguments.ts';
import { ChildFlows } from './child-flows.ts';
import { Effects } from './effects.ts';
import type { Envelope, Performer } from './host.ts';
import { Host } from './host.ts';
import { Inspection } from './inspection.ts';
import type { Machines } from './machines.ts';
import type { Message } from './messages.ts';
import { Obstacles } from './obstacles.ts';
import { PlanRegistry } from './plan-registry.ts';
import { Progress } from './progress.ts';
import { toSummary } from './queries.ts';
import type { Resident } from './resident.ts';
import type { ExecutionHeader } from './rows.ts';
import type { ResolvedOptions } from './runtime-options.ts';
import type { Due } from './timers.ts';
import { Timers } from './timers.ts';
import { createTimerEvent, getActor, isFanOut, noItem } from './tree.ts';
import { Watchers } from './watchers.ts';

interface StartParams extends StartOptions {
  readonly executionId?: string;
  readonly parentId?: string;
  readonly parentStep?: string;
}

const maxRecoveredListed = 1_000;
/** Longest a stop waits until what it gives back is stored, ms. */
const releaseMs = 5_000;
/** In place of a position: the whole flow is to be brought into memory. */
const wholeFlow = -2;

/** The shell around the host: wires the loop to handlers, timers, the store and callers. */
export class FlowRuntime implements Performer {
  readonly store: Store;
  readonly plans = new PlanRegistry();
  /** News of every transition. */
  readonly watchers = new Watchers<void>();
  /** News of the end only. */
  readonly endWatchers = new Watchers<ExecutionRecord>();
  readonly #options: ResolvedOptions;
  readonly #recover: RuntimeOptions['recover'];
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
  /** Executions with a higher key were started by this runtime. */
  #firstKey = -1;
  /** What `recover` answered, by key: it is asked once. */
  readonly #chosen = new Map<number, boolean>();
  #stopping: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;
  readonly #obstacles: Obstacles;
  readonly #starting = new Map<string, Promise<{ executionId: string; created: boolean }>>();
  recovered: readonly ExecutionSummary[] = [];

  constructor(store: Store, owner: OwnerRecord, machines: Machines, options: ResolvedOptions, recover: RuntimeOptions['recover']) {
    this.store = store;
    this.#owner = owner;
    this.#inspection = options.inspect && new Inspection(options.inspect, options.logger);
    this.#machines = this.#inspection?.watch(machines) ?? machines;
    this.#options = options;
    this.#obstacles = new Obstacles(options.tools, this.plans);
    this.#recover = recover;
    this.#progress = new Progress(options.clock);
    this.#timers = new Timers(options.clock, due => this.#fire(due), ({ executionId, position }) => position === wholeFlow || this.isActive(executionId));
    [this.#host, this.#effects, this.#admission] = this.#assemble();
  }

  #assemble(): [Host, Effects, Admission] {
    const { store, plans } = this;
    const machines = this.#machines;
    const options = this.#options;
    const fault = (error: unknown): void => {
      // What belongs to a host that was given up says nothing about the present one.
      if (this.#host === host) this.fault(error instanceof Error ? error : new Error(String(error)));
    };
    const host = new Host({ ...options, store, machines, plans, defer }, this);
    const children = new ChildFlows({ store, plans, start: params => this.#startChild(params), cancel: (id, message) => this.cancel(id, message) }, () => host);
    const effects = new Effects({ ...options, store, timers: this.#timers, children, mayRun: resident => this.#mayRun(resident), fault }, host);
    const admission = new Admission(
      { ...options, store, machines, plans, mayContinue: record => this.#mayContinue(record), findObstacle: plan => this.#obstacles.find(plan), sleepUntil: at => this.#timers.wakeAt(at), progressed: () => this.#progress.note(), fault },
      host,
    );
    this.#children = children;
    return [host, effects, admission];
  }

  #children: ChildFlows | undefined;

  /** Reads what is unfinished and goes on with it: the loop's first tick. */
  async begin(lastKey: number): Promise<void> {
    this.#lastKey = lastKey;
    if (this.#firstKey < 0) this.#firstKey = lastKey;
    const unfinished = await this.store.listExecutions({ status: ['pending', 'stepping', 'consolidating'], order: 'oldest', limit: maxRecoveredListed });
    this.recovered = unfinished.filter(record => this.#mayContinue(record)).map(record => toSummary(record));
    if (this.#recover === false && lastKey === this.#firstKey) return;
    this.#admission.fill();
  }

  #mayContinue({ key, executionId, flowId, digest }: { key: number; executionId: string; flowId: string; digest: string }): boolean {
    if (key > this.#firstKey) return true;
    const recover = this.#recover ?? true;
    if (typeof recover !== 'function') return recover;
    const known = this.#chosen.get(key);
    if (known !== undefined) return known;
    let chosen = false;
    try {
      chosen = recover({ executionId, flowId, digest });
    } catch (error) {
      this.#options.logger.error({ err: error, executionId }, '`recover` threw; the execution stays where it is');
    }
    this.#chosen.set(key, chosen);
    return chosen;
  }

  #mayRun(resident: Resident): boolean {
    // After a restart the same execution is there again, and what is left of the old one must not run beside it.
    const isCurrent = this.#host.residents.get(resident.header.executionId) === resident;
    return this.#status === 'running' && isCurrent && !this.isPaused(resident);
  }

  /** Whether it only takes messages in here: it was left out on request, or something that it uses is missing. */
  isPaused({ header, tree }: Resident): boolean {
    if (!this.#mayResume(header)) return true;
    const obstacle = this.#obstacles.find(tree.plan);
    if (obstacle) this.#admission.blocked.set(header.executionId, obstacle);
    return obstacle !== undefined;
  }

  /** A flow that another one started goes on where that one does. */
  #mayResume(header: ExecutionHeader): boolean {
    if (header.parentId === null || header.key > this.#firstKey) return this.#mayContinue(header);
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

  async start(flowId: string, params: StartParams): Promise<{ executionId: string; created: boolean }> {
    this.requireRunning();
    requireText('flowId', flowId);
    const { idempotencyKey } = requireObject('options', params);
    if (idempotencyKey !== undefined) requireText('idempotencyKey', idempotencyKey);
    if (idempotencyKey === undefined) return this.#start(flowId, params);
    const starting = this.#starting.get(idempotencyKey);
    if (starting) return { ...(await starting), created: false };
    const started = this.#startOnce(flowId, params, idempotencyKey);
    this.#starting.set(idempotencyKey, started);
    try {
      return await started;
    } finally {
      this.#starting.delete(idempotencyKey);
    }
  }

  async #startOnce(flowId: string, params: StartParams, idempotencyKey: string): Promise<{ executionId: string; created: boolean }> {
    const known = await this.store.findByIdempotencyKey(idempotencyKey);
    return known ? { executionId: known.executionId, created: false } : this.#start(flowId, params);
  }

  async #start(flowId: string, params: StartParams): Promise<{ executionId: string; created: boolean }> {
    const plan = this.plans.require(flowId);
    const obstacle = this.#obstacles.find(plan);
    if (obstacle) throw new FlowError(obstacle.code, `The flow "${flowId}" cannot start. ${obstacle.message}`, { details: obstacle.details ?? {} });
    const { input = {}, priority = 0, idempotencyKey = null, parentId = null, parentStep = null } = params;
    if (!Number.isSafeInteger(priority)) throw new FlowError('option_invalid', `Expected \`priority\` to be an integer, got \`${String(priority)}\``);
    const limits = { maxBytes: this.#options.maxOutputBytes, name: 'input' };
    const json = encodeJson(validateInput(plan.definition, JSON.parse(encodeJson(input, limits))), limits);
    const now = this.#host.now();
    const executionId = params.executionId ?? createExecutionId(now);
    const header: ExecutionHeader = {
      key: ++this.#lastKey,
      executionId,
      flowId,
      flowVersion: plan.definition.version,
      digest: plan.digest,
      input: json,
      priority,
      idempotencyKey,
      parentId,
      parentStep,
      createdAt: now,
      seq: 0,
      startedAt: null,
      settledAt: null,
    };
    await new Promise<void>((done, refused) => this.#host.post({ kind: 'start', header, plan, admit: parentId === null, done, refused }));
    return { executionId, created: true };
  }

  async #startChild(params: StartParams & { flowId: string; executionId: string }): Promise<ExecutionRecord | undefined> {
    const known = await this.store.getExecution(params.executionId);
    if (!known) await this.#start(params.flowId, params);
    else if (known.settledAt === null) this.#admission.bring(known.executionId);
    return known;
  }

  async signal(executionId: string, name: string, payload: unknown): Promise<void> {
    this.requireRunning();
    const record = await this.requireExecution(executionId);
    requireText('name', name);
    const json = encodeJson(payload, { maxBytes: this.#options.maxOutputBytes, name: 'payload' });
    const signal = { executionKey: record.key, number: this.#host.now() * 1_000, name, payload: json, receivedAt: this.#host.now() };
    if (!(await this.#send(executionId, { to: 'signal', signal }))) {
      throw new FlowError('execution_settled', `Expected an unsettled execution to signal, ${executionId} has settled`);
    }
  }

  async cancel(executionId: string, message = 'Cancelled'): Promise<boolean> {
    this.requireRunning();
    requireText('message', message);
    await this.requireExecution(executionId);
    return this.#send(executionId, { to: 'flow', event: { type: 'flow.cancel', failure: createFailure('cancelled', message) } });
  }

  #send(executionId: string, message: Message): Promise<boolean> {
    return new Promise((done, refused) => this.#host.post({ kind: 'message', executionId, message, done, refused }));
  }

  /** @throws a `FlowError` with code `execution_not_found` */
  async requireExecution(executionId: string): Promise<ExecutionRecord> {
    requireText('executionId', executionId);
    const record = await this.store.getExecution(executionId);
    if (record) return record;
    throw new FlowError('execution_not_found', `Expected the id of an execution in ${this.store.location}, got "${executionId}"`);
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
    this.watchers.notify(executionId, undefined);
    if (settledAt !== null) {
      this.endWatchers.notify(executionId, resident.record as ExecutionRecord);
      this.#admission.forget(executionId);
      this.#chosen.delete(resident.header.key);
      if (parentId !== null) this.#notifyParent(executionId);
      return;
    }
    const { timeoutMs } = resident.tree.plan;
    if (timeoutMs === null || startedAt === null || resident.expires) return;
    resident.expires = true;
    this.#timers.add({ at: startedAt + timeoutMs, executionId, position: -1, item: -1 });
  }

  #notifyParent(executionId: string): void {
    this.requireExecution(executionId)
      .then(record => this.#children?.notify(record))
      .catch(error => this.fault(error));
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
      if (position < 0) this.#expire(executionId, resident);
      else this.#fireStep(executionId, resident, position, item, at);
    }
    this.#admission.fill();
  }

  #fireStep(executionId: string, { tree }: Resident, position: number, item: number, at: number): void {
    const actor = getActor(tree, position, item);
    if (!actor || isFanOut(actor) || actor.snapshot.context.dueAt !== at) return;
    this.#host.post({ kind: 'message', executionId, message: { to: 'step', position, item, event: createTimerEvent(actor) } });
  }

  #expire(executionId: string, { tree }: Resident): void {
    const failure = createFailure('flow_timeout', `The flow took longer than ${tree.plan.timeoutMs} ms`);
    this.#host.post({ kind: 'message', executionId, message: { to: 'flow', event: { type: 'flow.expire', failure } } });
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
    this.#inspection?.discard();
    this.watchers.end();
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
      await this.#progress.waitFor(() => this.#effects.running === 0 && this.#host.idle && !this.#admission.busy, timeoutMs);
      this.#effects.releaseAll();
      await this.#progress.waitFor(() => this.#host.idle, Math.max(timeoutMs, releaseMs));
      this.#effects.abortAll('runtime_stopped', 'The runtime stops');
    }
    this.#inspection?.publish(id => this.isActive(id));
    this.#status = 'stopped';
    this.#timers.clear();
    this.#host.close(new FlowError('runtime_stopped', 'The runtime was stopped'));
    this.watchers.end();
    this.endWatchers.end();
    this.store.close();
  }
}
