import type { OrchestratorContext, OrchestratorEvent } from '../../../machines/orchestrator.ts';
import type { MutableBatch } from '../../../persistence/records/empty-batch.ts';
import type { JournalRecord } from '../../../persistence/records.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import type { StepFailure } from '../../core/failure.ts';
import { createFailure } from '../../core/failure.ts';
import type { Snapshot } from '../../core/machine-runner.ts';
import { PassingMap } from '../../core/passing-map.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import type { Envelope, Kind, Life, NamedRequest, Tick } from '../../engine/kind.ts';
import { refuse } from '../../engine/kind.ts';
import { Residency } from '../../engine/residency.ts';
import { breakTree } from '../../kernel/break-tree.ts';
import type { Changes } from '../../kernel/changes.ts';
import { createChanges } from '../../kernel/changes.ts';
import { deliver, resume } from '../../kernel/deliver.ts';
import { inheritSteps } from '../../kernel/kept-steps.ts';
import type { Message } from '../../kernel/messages.ts';
import { computeWakeAt, isAtRest, noteMove, toJournalRecord } from '../../kernel/rows.ts';
import { createTree, hasWork, isOpen, nextDueAt, toStartEvent } from '../../kernel/tree.ts';
import { Checkpoints, collectResident } from './collect-resident.ts';
import type { FlowCommand } from './flow-commands.ts';
import { isStart, takeWrites, toBreak } from './flow-commands.ts';
import { loadTree } from './loader.ts';
import type { HostOptions, Performer } from './performer.ts';
import { postFollowing } from './post-following.ts';
import type { Resident } from './resident.ts';
import { createResident, isShort, leavesMemory } from './resident.ts';
import { findLackOfRoom } from './check-signal.ts';

/** Flows that only wait and stay in memory. */
const maxResting = 256;

type MessageCommand = Extract<FlowCommand, { type: 'message' }>;
type Restored = Extract<FlowCommand, { type: 'restored' }>;

/** The flows in memory for one life of a runtime, and what a tick does to them. */
export class Host {
  readonly residents = new PassingMap<string, Resident>();
  readonly #options: HostOptions;
  readonly #performer: Performer;
  readonly #life: Life;
  readonly #kind: Kind;
  readonly #checkpoints: Checkpoints;
  #orchestrator: Snapshot<OrchestratorContext>;
  /** Flows that only wait, and need not be read back when they are told something. */
  readonly #resting: Residency<Resident>;
  #touched: Resident[] = [];
  /** Those that came into memory with this tick. */
  #entered: Resident[] = [];
  /** Envelopes of this tick for those that are not in memory. */
  #held: Envelope[] = [];
  #late: { readonly resident: Resident; readonly row: JournalRecord }[] = [];
  #wantsNext = false;

  constructor(options: HostOptions, performer: Performer, life: Life, kind: Kind) {
    this.#options = options;
    this.#performer = performer;
    this.#life = life;
    this.#kind = kind;
    this.#checkpoints = new Checkpoints(options.store.checkpoints);
    this.#resting = new Residency(options.keepResidentMs > 0 ? maxResting : 0);
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
    return this.#life.isOpen;
  }

  now(): number {
    return this.#options.clock.now();
  }

  post(command: FlowCommand, rest?: Omit<Envelope, 'kind' | 'command'>): void {
    this.#life.post(rest ? { kind: this.#kind, command, ...rest } : { kind: this.#kind, command });
  }

  /** Puts an envelope back that was held. */
  postAgain(envelope: Envelope): void {
    this.#life.post(envelope);
  }

  ask(command: FlowCommand, request?: NamedRequest): Promise<unknown> {
    return this.#life.ask(this.#kind, command, request);
  }

  /** Tells the orchestrator; its effects are the caller's to carry out. */
  tellOrchestrator(event: OrchestratorEvent): string[] {
    const effects: string[] = [];
    this.#orchestrator = this.#options.machines.orchestrator.transition(this.#orchestrator, event, effects);
    if (effects.includes('admitNext')) this.#wantsNext = true;
    return effects;
  }

  /** Forgets everything in memory; the store keeps what was committed. */
  close(): void {
    this.#forgetTick();
    this.residents.clear();
    this.#resting.clear();
  }

  /** As it is in memory, also where it only waits. */
  find(executionId: string): Resident | undefined {
    return this.residents.get(executionId) ?? this.#resting.get(executionId);
  }

  /** It is about to be read: what is in memory of it is not used any more. */
  forgetResting(executionId: string): void {
    this.#resting.take(executionId);
  }

  apply(command: FlowCommand, tick: Tick): unknown {
    switch (command.type) {
      case 'message':
        return this.#takeMessage(command, tick);
      case 'start':
        return this.#start(command, tick);
      case 'restored':
        return this.#restore(command, tick);
      case 'late':
        return this.#noteLate(command.resident, command.message, tick.now);
      case 'goOn':
        return this.#goOn(command.resident, tick);
      case 'wake':
        return this.#rouse(command.executionId, tick) !== undefined || this.#wake(command.executionId, tick.hold());
      case 'break':
        return this.#break(command, tick);
    }
  }

  #takeMessage(command: MessageCommand, tick: Tick): unknown {
    const resident = this.#rouse(command.executionId, tick);
    if (!resident) return this.#wake(command.executionId, tick.hold());
    const { tree } = resident;
    if ((command.generation ?? tree.generation) !== tree.generation) return false;
    const full = command.isCalled && command.message.to === 'signal' ? findLackOfRoom(tree, command.message.signal) : undefined;
    if (full) return refuse(full);
    const wasOpen = isOpen(tree);
    if (isStart(command.message)) return tree.flow.value === 'pending' && (this.#begin(resident, tick), true);
    this.#deliver(resident, command.writes ? takeWrites(tree, command.message, command.writes, tick) : command.message, tick);
    // Once all steps have settled it is decided how the flow ends.
    return wasOpen;
  }

  /** In memory, and at work from now on; undefined: it has to be read back. */
  #rouse(executionId: string, tick: Tick): Resident | undefined {
    const resting = this.#resting.get(executionId);
    if (!resting) return this.residents.get(executionId);
    this.#isAdmitted(false);
    this.#enter(resting);
    if (this.#life.sift) this.#performer.roused(executionId);
    resting.expires = false;
    // What waits for nothing but messages has nothing to be armed.
    if (resting.tree.unoffered || nextDueAt(resting.tree) !== undefined) this.#resume(resting, tick);
    return resting;
  }

  #wake(executionId: string, envelope: Envelope): void {
    this.#held.push(envelope);
    this.#performer.wake(executionId, envelope);
  }

  #start({ header, plan, admit, later, legacy, flows, labels, breaks }: Extract<FlowCommand, { type: 'start' }>, tick: Tick): unknown {
    const { machines, maxInterruptions } = this.#options;
    if (this.residents.has(header.executionId)) return refuse(new FlowError('execution_exists', `Expected no execution ${header.executionId}, one is under way`));
    const tree = createTree(machines, plan, header.executionId, maxInterruptions, header.generation, flows);
    if (legacy && legacy.steps.length > 0) inheritSteps(tree, legacy.steps);
    const admitted = (!later || breaks !== undefined) && this.#isAdmitted(admit && !breaks);
    // The caller's header stays as it is: the start may be taken once more.
    const resident = createResident({ ...header }, tree, true, legacy?.steps, labels);
    if (labels) this.#touch(resident).labels = labels;
    for (const signal of legacy?.signals ?? []) {
      tree.signals.push(signal);
      this.#touch(resident).received.push(signal);
    }
    if (admitted) {
      this.#enter(resident);
      if (breaks) return this.#breakTree(resident, breaks, tick);
      this.#begin(resident, tick);
    } else {
      this.#touch(resident);
    }
    return undefined;
  }

  #restore(command: Restored, tick: Tick): void {
    if (!this.residents.has(command.resident.header.executionId)) this.#admit(command, tick);
    // In the same tick: a flow that only waits leaves memory right after it.
    for (const envelope of command.envelopes) tick.take(envelope);
  }

  #admit({ resident, how, envelopes }: Restored, tick: Tick): void {
    const { tree } = resident;
    // A message has to be taken in whatever the limit says.
    const requested = how === 'requested' && envelopes.length === 0;
    if (!this.#isAdmitted(requested)) return;
    this.#enter(resident);
    if (tree.flow.value !== 'pending') this.#resume(resident, tick);
    // A child that was held at its start when its process ended: whoever started it brings it, and nobody else.
    else if (requested || (envelopes.length === 0 && resident.header.parentId !== null)) this.#begin(resident, tick);
    else this.#touch(resident);
  }

  #begin(resident: Resident, tick: Tick): void {
    this.#deliver(resident, { to: 'flow', event: toStartEvent(resident.tree) }, tick);
  }

  #enter(resident: Resident): void {
    const { executionId } = resident.header;
    this.#resting.take(executionId);
    this.residents.set(executionId, resident);
    this.#entered.push(resident);
  }

  /** @param asks false: it comes into memory whatever the limit says */
  #isAdmitted(asks: boolean): boolean {
    const effects = this.tellOrchestrator({ type: asks ? 'flow.requested' : 'flow.woken' });
    return !asks || effects.includes('admit');
  }

  #deliver(resident: Resident, message: Message, tick: Tick): void {
    deliver(this.#options.machines, resident.tree, message, tick.now, this.#touch(resident));
    this.#moved(resident, tick);
  }

  /** What followed from reading it back is stored and done. */
  #goOn(resident: Resident, tick: Tick): void {
    if (this.residents.get(resident.header.executionId) !== resident) return;
    this.#touch(resident);
    this.#moved(resident, tick);
  }

  /** Runs no machine: one of them may be what is broken. */
  #break({ resident, failure }: Extract<FlowCommand, { type: 'break' }>, tick: Tick): void {
    const { executionId } = resident.header;
    const there = this.residents.get(executionId) ?? resident;
    if (there.tree.flow.status === 'done') return;
    if (!this.residents.has(executionId)) {
      this.tellOrchestrator({ type: 'flow.woken' });
      this.#enter(there);
    }
    this.#breakTree(there, failure, tick);
  }

  #resume(resident: Resident, tick: Tick): void {
    resume(this.#options.machines, resident.tree, tick.now, this.#touch(resident));
    this.#moved(resident, tick);
  }

  #breakTree(resident: Resident, failure: StepFailure, tick: Tick): void {
    breakTree(this.#options.machines, resident.tree, failure, tick.now, this.#touch(resident));
    this.#moved(resident, tick);
  }

  #moved(resident: Resident, tick: Tick): void {
    const { tree, header } = resident;
    const changes = resident.changes as Changes;
    noteMove(resident, tick.now);
    if (tree.plan.awaitsMessages || changes.machineCalls.length > 0) postFollowing(header.executionId, tree, changes, this.#options, tick);
  }

  #touch(resident: Resident): Changes {
    if (resident.changes) return resident.changes;
    this.#touched.push(resident);
    resident.changes = createChanges();
    return resident.changes;
  }

  /** A pong after the end of its flow changes nothing; the journal says that it came. */
  #noteLate(resident: Resident, { event, position }: Extract<Message, { to: 'step' }>, now: number): void {
    const { header, tree } = resident;
    this.#late.push({ resident, row: toJournalRecord(header.key, ++header.seq, now, [[tree.plan.steps[position]?.id ?? '', event, null]]) });
  }

  collect(batch: MutableBatch, now: number): boolean {
    for (const { row } of this.#late) batch.journal.push(row);
    for (const resident of this.#touched) collectResident(resident, this.#options.plans, now, batch);
    for (const resident of this.#touched) resident.leaves = this.#leaves(resident, now);
    this.#checkpoints.collect(this.#touched, this.residents, now, batch);
    return batch.journal.length > 0 || batch.executions.length > 0 || batch.signals.received.length > 0;
  }

  /** After the commit: effects, publication, then what may leave memory. */
  perform(): void {
    const touched = this.#touched;
    this.#forgetTick();
    for (const resident of touched) {
      const changes = resident.changes as Changes;
      resident.changes = null;
      if (resident.isNew) this.#options.plans.noteStored(resident.header.digest, ...Object.values(resident.tree.flows ?? {}));
      resident.isNew = false;
      if (resident.leaves) this.#unload(resident);
      try {
        this.#performer.performOne(resident, changes);
      } catch (error) {
        this.giveUp(resident, error);
      }
    }
    if (!this.#wantsNext) return;
    this.#wantsNext = false;
    this.#performer.admitNext();
  }

  #leaves(resident: Resident, now: number): boolean {
    // What stands still is looked at, and stays where that costs nothing.
    if (this.#life.sift?.isHeld(resident.header.executionId) && !isAtRest(resident.tree)) return false;
    return leavesMemory(resident, now, this.#options.keepResidentMs, this.#performer);
  }

  /** Settled and sleeping flows leave memory; their rows are all there is of them. */
  #unload(resident: Resident): void {
    const { header, tree } = resident;
    if (this.residents.get(header.executionId)?.tree !== tree) return;
    const wakeAt = isAtRest(tree) ? null : computeWakeAt(tree, header.startedAt);
    if (wakeAt) this.#performer.sleepUntil(wakeAt, header);
    this.residents.delete(header.executionId);
    this.tellOrchestrator({ type: 'flow.released' });
    if (!isAtRest(tree) && !hasWork(tree) && isShort(resident)) this.#resting.rest(header.executionId, resident);
  }

  /** What was decided for an execution cannot be done: it fails, and nobody else. */
  giveUp({ header: { executionId, generation } }: Resident, error: unknown): void {
    this.#options.logger.error({ err: error, executionId }, 'what was decided could not be done; the flow fails');
    const failure = createFailure('effect_failed', `What was decided could not be done: ${toFailure(error).message}`);
    this.post({ type: 'message', executionId, generation, message: { to: 'flow', event: { type: 'flow.cancel', failure, cleanUp: 'skip' } } });
  }

  #forgetTick(): void {
    this.#touched = [];
    this.#entered = [];
    this.#held = [];
    this.#late = [];
  }

  /** Restored, not resumed: what runs for these executions goes on. */
  async readBack(): Promise<void> {
    const [touched, entered] = [this.#touched, new Set(this.#entered)];
    this.#performer.takeBack(this.#held);
    this.#checkpoints.takeBack();
    for (const { resident } of this.#late) resident.header.seq--;
    this.#forgetTick();
    for (const resident of entered) {
      this.residents.delete(resident.header.executionId);
      this.tellOrchestrator({ type: 'flow.released' });
    }
    for (const resident of touched) {
      resident.changes = null;
      // What was started in the tick is made anew.
      if (!resident.isNew) await this.#readOne(resident, !entered.has(resident));
    }
  }

  async #readOne(resident: Resident, isLoaded: boolean): Promise<void> {
    const { store, machines, maxInterruptions } = this.#options;
    const { executionId, generation } = resident.header;
    const record = await store.getExecution(executionId, generation);
    if (!record) throw new FlowError('execution_unreadable', `Expected the execution ${executionId} in ${store.location}, found none`);
    const { header, tree, rows } = await loadTree(store, machines, resident.tree.plan, record, maxInterruptions);
    Object.assign(resident.header, header);
    Object.assign(resident.tail, { rows, entries: 0, length: 0 });
    tree.postponed = resident.tree.postponed;
    Object.assign(resident, { tree, record: null, trail: null, consolidated: null });
    if (!isLoaded || tree.flow.value === 'pending') return;
    // Expressions that were being evaluated are evaluated anew.
    resume(machines, tree, this.now(), this.#touch(resident), false);
    this.post({ type: 'goOn', resident });
  }

  /** What a store refuses is its caller's; what a machine threw at, and what nobody waits for, fails its execution. */
  fail(envelope: Envelope, error: Error): void {
    const { refused, done } = envelope;
    const command = envelope.command as FlowCommand;
    if (refused && (isFlowError(error) || command.type === 'restored')) return refused(error);
    const resident = 'resident' in command ? command.resident : 'executionId' in command ? this.residents.get(command.executionId) : undefined;
    const { executionId } = command.type === 'start' ? command.header : (resident?.header ?? {});
    this.#options.logger.error({ err: error, executionId }, 'what happened to an execution could not be decided or stored; it fails');
    const failure = toBreak(error);
    if (command.type === 'start') return this.post({ ...command, breaks: failure }, { done, refused });
    // It left memory with the tick that was dropped: read back it is told once more.
    if (!resident && (command.type === 'message' || command.type === 'wake')) return this.#performer.wake(command.executionId, envelope);
    if (!resident) return;
    if (command.type !== 'break') return this.post({ type: 'break', resident, failure }, { done: done && (() => done(true as never)), refused });
    refused?.(error);
    // Not even its end can be stored.
    this.#checkpoints.forget(resident);
    if (this.residents.delete(resident.header.executionId)) this.tellOrchestrator({ type: 'flow.released' });
    this.#performer.block(resident.header.executionId, failure);
  }
}
