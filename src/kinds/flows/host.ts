import type { Logger } from '../../core/logger.ts';
import type { OrchestratorContext, OrchestratorEvent } from '../../../machines/orchestrator.ts';
import type { JournalRecord } from '../../../persistence/records.ts';
import type { CommitBatch, Records } from '../../../persistence/store.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError, toError } from '../../core/errors.ts';
import { createFailure } from '../../core/failure.ts';
import { createBatch, hasFlowRows } from '../../engine/batch.ts';
import type { Changes } from '../../kernel/changes.ts';
import { createChanges } from '../../kernel/changes.ts';
import { collectResident } from './collect-resident.ts';
import type { Envelope, WritingEnvelope } from './envelope.ts';
import { hasWrites, orderPrepared } from './envelope.ts';
import { deliver, resume } from '../../kernel/deliver.ts';
import { inheritSteps } from '../../kernel/kept-steps.ts';
import type { Snapshot } from '../../core/machine-runner.ts';
import type { Machines } from '../../kernel/machines.ts';
import { moveTree } from '../../kernel/move-tree.ts';
import type { Message } from '../../kernel/messages.ts';
import type { Participant, Tick } from '../../engine/participant.ts';
import type { Performer } from './performer.ts';
import type { PlanRegistry } from './plan-registry.ts';
import type { Resident } from './resident.ts';
import { createResident } from './resident.ts';
import { computeWakeAt, toJournalRecord } from '../../kernel/rows.ts';
import { listMessageWaits } from './message-waits.ts';
import { findLackOfRoom } from './signal-room.ts';
import type { StepMachines } from './step-machines.ts';
import type { StepPublishing } from './step-publishing.ts';
import { refuseWrite, toOneWrite } from './own-writes.ts';
import type { Write } from './step-runner.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import { createTree, getActor, hasWork, isFanOut, isRunning, toStartEvent } from '../../kernel/tree.ts';

export interface HostOptions {
  readonly store: Records;
  readonly machines: Machines;
  readonly plans: PlanRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxActiveFlows: number;
  readonly maxInterruptions: number;
  /** A flow that wakes sooner than this stays in memory, ms. */
  readonly keepResidentMs: number;
  /** Tells the queues which steps wait for a message, and which no longer do. */
  readonly publishing?: StepPublishing | undefined;
  /** The machines that steps are. */
  readonly stepMachines?: StepMachines | undefined;
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
  #taken: Envelope[] = [];
  #told = new Set<Participant>();
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

  /** Whether it takes anything. */
  get isOpen(): boolean {
    return this.#open;
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
    orderPrepared(taken);
    this.#taken = taken;
    const now = this.now();
    const { store } = this.#options;
    try {
      if (store.commitWith && taken.some(envelope => hasWrites(envelope) && envelope.writes.list.length > 0)) {
        store.commitWith(attempt => this.#drain(taken, now, attempt) ?? createBatch());
      } else {
        const batch = this.#drain(taken, now, refuseWrite);
        const answer = batch && store.commit(batch);
        if (answer) {
          this.#committing = true;
          answer.then(() => this.#finish(now)).catch(error => this.#fail(error));
          return;
        }
      }
      this.#finish(now);
    } catch (error) {
      // Whatever it is: in a tick there is nobody above to catch it but the process.
      this.#fail(error);
    }
  }

  /** @param attempt runs all of a step's own writes; one that throws turns the step's success into a failed attempt */
  #drain(taken: Envelope[], now: number, attempt: (write: Write) => void): CommitBatch | undefined {
    const tick: Tick = {
      now,
      send: (executionId, message) => taken.push({ kind: 'message', executionId, message }),
      tell: to => taken.push({ kind: 'participant', ...to }),
    };
    // By index: what participants add in the course of the tick is taken in, too.
    for (let index = 0; index < taken.length; index++) {
      const envelope = taken[index] as Envelope;
      if (hasWrites(envelope) && this.#isAwaited(envelope)) this.#write(envelope, attempt, tick);
      if (envelope.kind === 'participant') this.#tell(envelope, tick);
      else this.#apply(envelope, now);
    }
    return this.#collect(now);
  }

  #write(envelope: WritingEnvelope, attempt: (write: Write) => void, tick: Tick): void {
    const { list, messages, toFailed } = envelope.writes;
    try {
      if (list.length > 0) attempt(toOneWrite(list));
      for (const { participant, message } of messages) {
        this.#told.add(participant);
        participant.apply(message, tick);
      }
    } catch (error) {
      envelope.message = toFailed(toFailure(error));
    }
  }

  #tell({ participant, message, done, refused }: Extract<Envelope, { kind: 'participant' }>, tick: Tick): void {
    this.#told.add(participant);
    try {
      const answer = participant.apply(message, tick);
      if (done) this.#answers.push(() => done(answer));
    } catch (error) {
      const reason = toError(error);
      this.#answers.push(() => refused?.(reason));
    }
  }

  /** Whether a pong will be accepted: what a late one wanted to write must not be written. */
  #isAwaited({ executionId, generation, message }: Extract<Envelope, { kind: 'message' }>): boolean {
    const tree = this.residents.get(executionId)?.tree;
    if (!tree || (generation !== undefined && generation !== tree.generation) || message.to !== 'step' || message.event.type !== 'attempt.completed') return false;
    const actor = getActor(tree, message.position, message.item);
    return actor !== undefined && !isFanOut(actor) && actor.snapshot.value === 'running' && actor.snapshot.context.run === message.event.run;
  }

  #apply(envelope: Exclude<Envelope, { kind: 'participant' }>, now: number): void {
    if (envelope.kind === 'start') return this.#start(envelope, now);
    if (envelope.kind === 'restored') return this.#restore(envelope, now);
    if (envelope.kind === 'late') return this.#noteLate(envelope.resident, envelope.message, now);
    const resident = this.residents.get(envelope.executionId);
    if (!resident) return this.#performer.wake(envelope.executionId, envelope);
    const { done, generation = resident.tree.generation } = envelope;
    if (generation !== resident.tree.generation) return void (done && this.#answers.push(() => done(false)));
    const full = envelope.refused && envelope.message.to === 'signal' ? findLackOfRoom(resident.tree, envelope.message.signal) : undefined;
    if (full) return void this.#answers.push(() => envelope.refused?.(full));
    const before = resident.tree.flow.value;
    this.#deliver(resident, envelope.message, now);
    // Once all steps have settled it is decided how the flow ends.
    if (done) this.#answers.push(() => done(before === 'pending' || before === 'stepping'));
  }

  #start({ header, plan, admit, legacy, flows, labels, done }: Extract<Envelope, { kind: 'start' }>, now: number): void {
    const { machines, maxInterruptions } = this.#options;
    const tree = createTree(machines, plan, header.executionId, maxInterruptions, header.generation, flows);
    if (legacy && legacy.steps.length > 0) inheritSteps(tree, legacy.steps);
    this.#answers.push(done);
    const admitted = this.#isAdmitted(admit);
    const resident = createResident(header, tree, true, legacy?.steps, labels);
    if (labels) this.#touch(resident).labels = labels;
    for (const signal of legacy?.signals ?? []) {
      tree.signals.push(signal);
      this.#touch(resident).received.push(signal);
    }
    if (admitted) {
      this.residents.set(header.executionId, resident);
      this.#deliver(resident, { to: 'flow', event: toStartEvent(tree) }, now);
    } else {
      this.#touch(resident);
    }
  }

  #restore(envelope: Extract<Envelope, { kind: 'restored' }>, now: number): void {
    this.#answers.push(envelope.done);
    if (!this.residents.has(envelope.resident.header.executionId)) this.#admit(envelope, now);
    // In the same tick: a flow that only waits leaves memory right after it.
    for (const message of envelope.messages) if (message.kind !== 'participant') this.#apply(message, now);
  }

  #admit({ resident, how, messages }: Extract<Envelope, { kind: 'restored' }>, now: number): void {
    const { header, tree } = resident;
    // A message has to be taken in whatever the limit says.
    const requested = how === 'requested' && messages.length === 0;
    if (!this.#isAdmitted(requested)) return;
    this.residents.set(header.executionId, resident);
    if (tree.flow.value !== 'pending') this.#guard(resident, now, changes => resume(this.#options.machines, tree, now, changes));
    else if (requested) this.#deliver(resident, { to: 'flow', event: toStartEvent(tree) }, now);
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
    const broken = moveTree(this.#options.machines, resident, now, changes, work);
    if (broken) this.#options.logger.error({ err: broken.thrown, executionId: header.executionId }, 'a machine threw; its flow fails');
    if (tree.plan.awaitsMessages) this.#noteWaits(resident, changes);
    // In the same tick, as with messages: an actor is stored with the step that waits for it.
    if (changes.machineCalls.length > 0) this.#tellMachines(changes);
  }

  /** In the same tick: what waits is known to the queues as soon as it is stored. */
  #noteWaits({ header, tree }: Resident, changes: Changes): void {
    const waits = listMessageWaits(header.executionId, tree, changes);
    const { publishing } = this.#options;
    if (waits.length > 0 && publishing) this.#taken.push({ kind: 'participant', ...publishing.toWaits(waits) });
  }

  #tellMachines({ machineCalls }: Changes): void {
    const { stepMachines } = this.#options;
    for (const call of machineCalls.splice(0)) if (stepMachines) this.#taken.push({ kind: 'participant', ...stepMachines.toMessage(call) });
  }

  #touch(resident: Resident): Changes {
    if (resident.changes) return resident.changes;
    this.#touched.push(resident);
    resident.changes = createChanges();
    return resident.changes;
  }

  /** A pong after the end of its flow changes nothing; the journal says that it came. */
  #noteLate({ header, tree }: Resident, { event, position }: Extract<Message, { to: 'step' }>, now: number): void {
    this.#late.push(toJournalRecord(header.key, ++header.seq, now, [[tree.plan.steps[position]?.id ?? '', event, null]]));
  }

  /** Everything of this tick as one batch; undefined when nothing changed. */
  #collect(now: number): CommitBatch | undefined {
    if (this.#touched.length === 0 && this.#late.length === 0 && this.#told.size === 0) return undefined;
    const batch = createBatch();
    batch.journal.push(...this.#late);
    for (const resident of this.#touched) collectResident(resident, this.#options.plans, now, batch);
    for (const participant of this.#told) participant.collect(batch, now);
    return this.#told.size > 0 || hasFlowRows(batch) ? batch : undefined;
  }

  /** After the commit: effects, answers, publication, then what may leave memory. */
  #finish(now: number): void {
    this.#committing = false;
    const touched = this.#touched;
    const answers = this.#answers;
    const told = this.#told;
    this.#forgetTick();
    for (const resident of touched) {
      const changes = resident.changes as Changes;
      resident.changes = null;
      if (resident.isNew) this.#options.plans.noteStored(resident.header.digest, ...Object.values(resident.tree.flows ?? {}));
      resident.isNew = false;
      this.#letGo(resident, now);
      try {
        this.#performer.perform(resident, changes);
      } catch (error) {
        this.giveUp(resident, error);
      }
    }
    for (const participant of told) participant.committed(now);
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

  /** What was decided for an execution cannot be done: it fails, and nobody else. */
  giveUp({ header: { executionId, generation } }: Resident, error: unknown): void {
    this.#options.logger.error({ err: error, executionId }, 'what was decided could not be done; the flow fails');
    const failure = createFailure('effect_failed', `What was decided could not be done: ${toFailure(error).message}`);
    this.post({ kind: 'message', executionId, generation, message: { to: 'flow', event: { type: 'flow.cancel', failure, cleanUp: 'skip' } } });
  }

  #forgetTick(): void {
    this.#touched = [];
    this.#late = [];
    this.#answers = [];
    this.#taken = [];
    this.#told = new Set();
  }

  /** Memory is ahead of the store now: nothing of this tick may be acted on. */
  #fail(error: unknown): void {
    this.#committing = false;
    const reason = toError(error);
    // First: it tells the handlers to stop, which are known by the flows in memory. A host that was given up has no say.
    if (this.#open) this.#performer.fault(reason);
    this.close(reason);
  }
}
