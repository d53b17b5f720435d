import type { Logger } from 'pino';
import type { OrchestratorContext, OrchestratorEvent } from '../../machines/orchestrator.ts';
import type { JournalRecord } from '../../persistence/records.ts';
import type { CommitBatch, Store } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import type { FlowPlan } from '../definition/plan.ts';
import { breakTree } from './break-tree.ts';
import type { Changes } from './changes.ts';
import { createChanges } from './changes.ts';
import { deliver, resume } from './kernel.ts';
import type { Snapshot } from './machine-runner.ts';
import type { Machines } from './machines.ts';
import type { Message } from './messages.ts';
import type { PlanRegistry } from './plan-registry.ts';
import type { Resident } from './resident.ts';
import { createResident } from './resident.ts';
import type { ExecutionHeader } from './rows.ts';
import { computeWakeAt, toExecutionRecord, toJournalRecord, toStepRecord } from './rows.ts';
import type { Write } from './step-runner.ts';
import { isThenable, toFailure } from './step-runner.ts';
import { createTree, getActor, hasWork, isFanOut, isRunning } from './tree.ts';

/** What a step writes itself, with its success. */
export interface OwnWrites {
  readonly list: readonly Write[];
  /** What there is to say in place of the success when one of them throws. */
  readonly toFailed: (failure: StepFailure) => Message;
}

/** Something that has to happen in a tick. `done` is called after the commit, `refused` when there is none. */
export type Envelope = { readonly refused?: (error: Error) => void } & (
  | { readonly kind: 'message'; readonly executionId: string; message: Message; readonly writes?: OwnWrites | undefined; readonly done?: (accepted: boolean) => void }
  | { readonly kind: 'start'; readonly header: ExecutionHeader; readonly plan: FlowPlan; readonly admit: boolean; readonly done: () => void }
  | { readonly kind: 'restored'; readonly resident: Resident; readonly how: 'requested' | 'woken'; readonly messages: readonly Envelope[]; readonly done: () => void }
  | { readonly kind: 'late'; readonly resident: Resident; readonly message: Extract<Message, { to: 'step' }> }
);

/** What the host does to the world; called only after a commit. */
export interface Performer {
  /** Carries out what was decided and tells whoever watches. */
  perform(resident: Resident, changes: Changes): void;
  /** An execution is not in memory and a message has arrived for it. */
  wake(executionId: string, envelope: Envelope): void;
  /** Slots are free and flows that could run wait in the store. */
  admitNext(): void;
  /** A flow sleeps until then. */
  sleepUntil(at: number, header: ExecutionHeader): void;
  /** Whether nothing of it may begin here: it leaves memory once nothing of it runs. */
  isPaused(resident: Resident): boolean;
  /** A tick is over. */
  ticked(): void;
  fault(error: Error): void;
}

export interface HostOptions {
  readonly store: Store;
  readonly machines: Machines;
  readonly plans: PlanRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxActiveFlows: number;
  readonly maxInterruptions: number;
  /** A flow that wakes sooner than this stays in memory, ms. */
  readonly keepResidentMs: number;
  /** Calls back in a later turn of the event loop. */
  readonly defer: (callback: () => void) => void;
}

/** Messages one tick takes; the rest waits for the next. */
const tickBudget = 1_000;

/** The loop: drain the inbox, commit once, then act. */
export class Host {
  readonly residents = new Map<string, Resident>();
  readonly #options: HostOptions;
  readonly #performer: Performer;
  #orchestrator: Snapshot<OrchestratorContext>;
  #inbox: Envelope[] = [];
  #armed = false;
  #committing = false;
  #open = true;
  #touched: Resident[] = [];
  #late: JournalRecord[] = [];
  #answers: (() => void)[] = [];
  #taken: readonly Envelope[] = [];
  #wantsNext = false;

  constructor(options: HostOptions, performer: Performer) {
    this.#options = options;
    this.#performer = performer;
    this.#orchestrator = options.machines.orchestrator.initial({ maxActiveFlows: options.maxActiveFlows });
  }

  /** Slots for flows that are free. */
  get freeSlots(): number {
    const { active, maxActiveFlows } = this.#orchestrator.context;
    return this.#orchestrator.value === 'draining' ? 0 : Math.max(0, maxActiveFlows - active);
  }

  get activeFlows(): number {
    return this.#orchestrator.context.active;
  }

  /** Nothing waits for a tick and none is under way. */
  get idle(): boolean {
    return this.#inbox.length === 0 && !this.#committing;
  }

  now(): number {
    return this.#options.clock.now();
  }

  post(envelope: Envelope): void {
    if (!this.#open) return envelope.refused?.(new FlowError('runtime_stopped', 'Expected a running runtime; this one has stopped or faulted'));
    this.#inbox.push(envelope);
    this.#arm();
  }

  /** Tells the orchestrator; its effects are the caller's to carry out. */
  ask(event: OrchestratorEvent): string[] {
    const effects: string[] = [];
    this.#orchestrator = this.#options.machines.orchestrator.transition(this.#orchestrator, event, effects);
    if (effects.includes('admitNext')) this.#wantsNext = true;
    return effects;
  }

  /** Takes nothing more and forgets everything in memory; the store keeps what was committed. */
  close(error: Error): void {
    this.#open = false;
    const left = [...this.#taken, ...this.#inbox];
    this.#inbox = [];
    this.#taken = [];
    this.#forgetTick();
    this.residents.clear();
    for (const { refused } of left) refused?.(error);
  }

  #arm(): void {
    if (this.#armed || this.#committing) return;
    this.#armed = true;
    this.#options.defer(() => this.#tick());
  }

  #tick(): void {
    this.#armed = false;
    if (!this.#open || this.#committing) return;
    const taken = this.#inbox.length > tickBudget ? this.#inbox.splice(0, tickBudget) : this.#inbox;
    if (taken === this.#inbox) this.#inbox = [];
    this.#taken = taken;
    const now = this.now();
    const { store } = this.#options;
    try {
      if (store.commitWith && taken.some(hasWrites)) {
        store.commitWith(attempt => this.#drain(taken, now, attempt) ?? emptyBatch);
      } else {
        const batch = this.#drain(taken, now, refuseWrite);
        const answer = batch && store.commit(batch);
        if (answer) {
          this.#committing = true;
          answer.then(() => this.#finish(now), error => this.#fail(error));
          return;
        }
      }
    } catch (error) {
      return this.#fail(error);
    }
    this.#finish(now);
  }

  /** @param attempt runs all of a step's own writes; one that throws turns the step's success into a failed attempt */
  #drain(taken: readonly Envelope[], now: number, attempt: (write: Write) => void): CommitBatch | undefined {
    for (const envelope of taken) {
      if (hasWrites(envelope) && this.#isAwaited(envelope)) {
        try {
          attempt(toOneWrite(envelope.writes.list));
        } catch (error) {
          envelope.message = envelope.writes.toFailed(toFailure(error));
        }
      }
      this.#apply(envelope, now);
    }
    return this.#collect(now);
  }

  /** Whether a pong will be accepted: what a late one wanted to write must not be written. */
  #isAwaited({ executionId, message }: Extract<Envelope, { kind: 'message' }>): boolean {
    const tree = this.residents.get(executionId)?.tree;
    if (!tree || message.to !== 'step' || message.event.type !== 'attempt.completed') return false;
    const actor = getActor(tree, message.position, message.item);
    return actor !== undefined && !isFanOut(actor) && actor.snapshot.value === 'running' && actor.snapshot.context.run === message.event.run;
  }

  #apply(envelope: Envelope, now: number): void {
    if (envelope.kind === 'start') return this.#start(envelope, now);
    if (envelope.kind === 'restored') return this.#restore(envelope, now);
    if (envelope.kind === 'late') return this.#noteLate(envelope.resident, envelope.message, now);
    const resident = this.residents.get(envelope.executionId);
    if (!resident) return this.#performer.wake(envelope.executionId, envelope);
    const before = resident.tree.flow.status;
    this.#deliver(resident, envelope.message, now);
    const { done } = envelope;
    if (done) this.#answers.push(() => done(before === 'active'));
  }

  #start({ header, plan, admit, done }: Extract<Envelope, { kind: 'start' }>, now: number): void {
    const { machines, maxInterruptions } = this.#options;
    const tree = createTree(machines, plan, header.executionId, maxInterruptions);
    this.#answers.push(done);
    const admitted = this.#isAdmitted(admit);
    const resident = createResident(header, tree, true);
    if (admitted) {
      this.residents.set(header.executionId, resident);
      this.#deliver(resident, { to: 'flow', event: { type: 'flow.start', ready: tree.queue.size } }, now);
    } else {
      this.#touch(resident);
    }
  }

  #restore(envelope: Extract<Envelope, { kind: 'restored' }>, now: number): void {
    this.#answers.push(envelope.done);
    if (!this.residents.has(envelope.resident.header.executionId)) this.#admit(envelope, now);
    // In the same tick: a flow that only waits leaves memory right after it.
    for (const message of envelope.messages) this.#apply(message, now);
  }

  #admit({ resident, how, messages }: Extract<Envelope, { kind: 'restored' }>, now: number): void {
    const { header, tree } = resident;
    // A message has to be taken in whatever the limit says.
    const requested = how === 'requested' && messages.length === 0;
    if (!this.#isAdmitted(requested)) return;
    this.residents.set(header.executionId, resident);
    if (tree.flow.value !== 'pending') this.#guard(resident, now, changes => resume(this.#options.machines, tree, now, changes));
    else if (requested) this.#deliver(resident, { to: 'flow', event: { type: 'flow.start', ready: tree.queue.size } }, now);
    else this.#touch(resident);
  }

  /** @param asks false: it comes into memory whatever the limit says */
  #isAdmitted(asks: boolean): boolean {
    const effects = this.ask({ type: asks ? 'flow.requested' : 'flow.woken' });
    return !asks || effects.includes('admit');
  }

  #deliver(resident: Resident, message: Message, now: number): void {
    this.#guard(resident, now, changes => deliver(this.#options.machines, resident.tree, message, now, changes));
  }

  /** One bad actor fails alone: a machine that throws ends its own flow. */
  #guard(resident: Resident, now: number, work: (changes: Changes) => void): void {
    const changes = this.#touch(resident);
    const { header, tree } = resident;
    try {
      work(changes);
    } catch (error) {
      const { message } = toFailure(error);
      this.#options.logger.error({ err: error, executionId: header.executionId }, 'a machine threw; its flow fails');
      breakTree(this.#options.machines, tree, createFailure('machine_failed', message), now, changes);
    }
    if (header.startedAt === null && tree.flow.value === 'stepping') header.startedAt = now;
    // A clock that was set back must not make it end before it began.
    if (tree.flow.status === 'done') header.settledAt ??= Math.max(now, header.startedAt ?? header.createdAt);
  }

  #touch(resident: Resident): Changes {
    if (resident.changes) return resident.changes;
    this.#touched.push(resident);
    resident.changes = createChanges();
    return resident.changes;
  }

  /** A pong after the end of its flow changes nothing; the journal says that it came. */
  #noteLate({ header, tree }: Resident, { event, position }: Extract<Message, { to: 'step' }>, now: number): void {
    const changes = createChanges();
    changes.entries.push([tree.plan.steps[position]?.id ?? '', event, null]);
    this.#late.push(toJournalRecord(header.key, ++header.seq, now, changes));
  }

  /** Everything of this tick as one batch; undefined when nothing changed. */
  #collect(now: number): CommitBatch | undefined {
    if (this.#touched.length === 0 && this.#late.length === 0) return undefined;
    const batch = { definitions: [], executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [...this.#late], signals: { received: [], consumed: [] } } as Mutable;
    for (const resident of this.#touched) this.#collectOne(resident, now, batch);
    return batch.journal.length > 0 || batch.executions.length > 0 || batch.signals.received.length > 0 ? batch : undefined;
  }

  #collectOne(resident: Resident, now: number, batch: Mutable): void {
    const { header, tree } = resident;
    const { key } = header;
    const changes = resident.changes as Changes;
    const { entries, actors, attempts, inputs, received, consumed } = changes;
    // Read back and nothing happened to it yet: its rows are right as they are.
    if (entries.length === 0 && received.length === 0 && !resident.isNew) return;
    if (resident.isNew) {
      const definition = this.#options.plans.toRecord(tree.plan, now);
      if (definition && !batch.definitions.some(({ digest }) => digest === definition.digest)) batch.definitions.push(definition);
    }
    if (entries.length > 0) {
      batch.journal.push(toJournalRecord(key, header.seq + 1, now, changes));
      header.seq += entries.length;
    }
    const before = resident.record;
    const record = toExecutionRecord(header, tree, computeWakeAt(tree, header.startedAt));
    resident.record = record;
    if (before && before.status === record.status && before.wakeAt === record.wakeAt) batch.progress.push(record);
    else batch.executions.push(record);
    for (const actor of actors) batch.steps.push(toStepRecord(key, actor));
    for (const attempt of attempts) batch.attempts.push({ executionKey: key, ...attempt });
    for (const input of inputs) batch.inputs.push({ executionKey: key, ...input });
    for (const signal of received) if (!consumed.includes(signal.number)) batch.signals.received.push(signal);
    for (const number of consumed) if (!received.some(signal => signal.number === number)) batch.signals.consumed.push({ executionKey: key, number });
  }

  /** After the commit: effects, answers, publication, then what may leave memory. */
  #finish(now: number): void {
    this.#committing = false;
    const touched = this.#touched;
    const answers = this.#answers;
    this.#forgetTick();
    for (const resident of touched) {
      const changes = resident.changes as Changes;
      resident.changes = null;
      if (resident.isNew) this.#options.plans.noteStored(resident.header.digest);
      resident.isNew = false;
      this.#letGo(resident, now);
      this.#performer.perform(resident, changes);
    }
    for (const answer of answers) answer();
    if (this.#wantsNext) {
      this.#wantsNext = false;
      this.#performer.admitNext();
    }
    if (this.#inbox.length > 0) this.#arm();
    this.#performer.ticked();
  }

  /** Settled and sleeping flows leave memory; their rows are all there is of them. */
  #letGo(resident: Resident, now: number): void {
    const { header, tree } = resident;
    if (this.residents.get(header.executionId)?.tree !== tree) return;
    if (tree.flow.status !== 'done') {
      if (tree.flow.value !== 'pending' && hasWork(tree) && (isRunning(tree) || !this.#performer.isPaused(resident))) return;
      const wakeAt = tree.flow.value === 'pending' ? null : computeWakeAt(tree, header.startedAt);
      if (wakeAt && wakeAt - now <= this.#options.keepResidentMs) return;
      if (wakeAt) this.#performer.sleepUntil(wakeAt, header);
    }
    this.residents.delete(header.executionId);
    this.ask({ type: 'flow.released' });
  }

  #forgetTick(): void {
    this.#touched = [];
    this.#late = [];
    this.#answers = [];
    this.#taken = [];
  }

  /** Memory is ahead of the store now: nothing of this tick may be acted on. */
  #fail(error: unknown): void {
    this.#committing = false;
    const reason = error instanceof Error ? error : new Error(String(error));
    // First: it tells the handlers to stop, which are known by the flows in memory. A host that was given up has no say.
    if (this.#open) this.#performer.fault(reason);
    this.close(reason);
  }
}

type Mutable = {
  -readonly [Key in keyof CommitBatch]: CommitBatch[Key] extends readonly (infer Row)[] ? Row[] : CommitBatch[Key];
} & { signals: { received: CommitBatch['signals']['received'][number][]; consumed: CommitBatch['signals']['consumed'][number][] } };

const emptyBatch: CommitBatch = { definitions: [], executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [], signals: { received: [], consumed: [] } };

const hasWrites = (envelope: Envelope): envelope is Extract<Envelope, { kind: 'message' }> & { readonly writes: OwnWrites } =>
  envelope.kind === 'message' && envelope.writes !== undefined;

/** All of a step's writes as one, so that one that throws undoes the others, too. A promise is passed on, for the store to refuse. */
const toOneWrite = (writes: readonly Write[]): Write => tx => {
  for (const write of writes) {
    const result: unknown = write(tx);
    if (isThenable(result)) return result;
  }
  return undefined;
};

const refuseWrite = (): never => {
  throw new FlowError('writes_unsupported', 'Expected a store that takes a step\'s own writes (`onCommit`); this one does not');
};
