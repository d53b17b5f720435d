import type { DueActor } from '../../../persistence/actor-store.ts';
import { chain, type Answer } from '../../../persistence/answer.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import type { MutableBatch } from '../../../persistence/records/empty-batch.ts';
import type { DueKind } from '../../engine/due.ts';
import type { Envelope, Kind, Life, NamedRequest, Tick } from '../../engine/kind.ts';
import { refuse } from '../../engine/kind.ts';
import { isStoreTrouble } from '../../engine/store-trouble.ts';
import type { ActorCommand } from './actor-commands.ts';
import { listIds, listInstead } from './actor-commands.ts';
import type { Look } from './actor-look.ts';
import { findBelow, toLook } from './actor-look.ts';
import { ActorHolding } from './actor-holding.ts';
import { ActorPerformer } from './actor-performer.ts';
import { ActorReads, maxDue } from './actor-reads.ts';
import type { ParticipantOptions } from './participant-options.ts';
import type { HostedActor } from './hosted-actor.ts';
import { listNewMachines, toWrites, LoadedActors } from './loaded-actors.ts';
import { toActorKey, toActorPath } from './standing-actors.ts';
import type { StepGround } from './step-actors.ts';
import { StepActors } from './step-actors.ts';
import { requireSameMachine } from './unnamed-machine.ts';

/** Actors read in one go. */
const pageSize = 500;

/** Machines of people's own as a kind: what they take is stored in the tick's one commit, and acted on afterwards. */
export class MachineParticipant implements Kind<ActorCommand>, DueKind {
  readonly name = 'actors';
  readonly #options: ParticipantOptions;
  readonly #reads: ActorReads;
  readonly #actors: LoadedActors;
  readonly #performer: ActorPerformer;
  readonly #steps: StepActors;
  readonly holding: ActorHolding;
  /** Those that stand still, and have been told that they are due. */
  readonly #standing = new Set<string>();
  #touched = new Set<HostedActor>();
  /** Digests of machines whose structure this process has stored. */
  readonly #kept = new Set<string>();
  #life: Life | undefined;
  /** Effects that are noted no longer, once this tick is stored. */
  #closed: { readonly actor: HostedActor; readonly effect: string }[] = [];
  #draining = false;
  /** The store is to be asked when the next sleeping actor is due. */
  #asks = false;
  /** Settled ones that go with this tick's commit. */
  readonly #removed = new Set<string>();

  constructor(options: ParticipantOptions) {
    this.#options = options;
    this.#performer = new ActorPerformer({ ...options, tell: command => this.tell(command) });
    const isStanding = (id: string): boolean => this.#life?.sift?.isHeld(toActorKey(id), toActorPath(id)) ?? false;
    const reads = (this.#reads = new ActorReads({ ...options, isStanding }));
    this.#actors = new LoadedActors({ ...options, reads, tell: command => this.tell(command), absorbed: actor => this.#steps.note(actor) });
    const createSteps = (ground: Omit<StepGround, 'getMachine' | 'flows' | 'maxOutputBytes'>): StepActors => new StepActors({ ...options, getMachine: id => options.book.get(id), ...ground });
    this.#steps = createSteps({
      reads,
      find: id => this.#find(id),
      spawn: (id, known, input, now) => this.#spawn({ type: 'spawn', id, known, start: { input } }, now),
      deliver: ({ id, tree }, event, now) => this.#deliver({ type: 'event', id, session: tree.root.sessionId, event }, now),
      stop: (actor, now) => this.#change(actor, () => actor.absorb(actor.tree.stop(now))),
      touch: actor => this.#touched.add(actor),
    });
    this.holding = new ActorHolding({ kind: this, actors: options.actors, loaded: this.#actors, createSteps, createReads: () => new ActorReads({ ...options, isStanding: () => false }), released: id => this.#released(id) });
  }

  // what is due

  readonly isNeeded = (): boolean => true;

  ring(): void {
    if (!this.#draining) this.tell({ type: 'due' });
  }

  #wake(at: number | undefined): void {
    if (at !== undefined) this.#life?.due.wake(this, at);
  }

  #wakeFor({ id, dueAt }: HostedActor): void {
    if (dueAt !== undefined && !this.#standing.has(id)) this.#wake(dueAt);
  }

  #released(id: string): void {
    this.#standing.delete(id);
    this.tell({ type: 'due', id });
  }

  send(command: ActorCommand, request?: NamedRequest): Promise<unknown> {
    if (!this.#life) return Promise.reject(new FlowError('runtime_stopped', 'Expected a running runtime; this one has not begun, has stopped or faulted'));
    return this.#life.ask(this, command, request);
  }

  /** As `send`, when nobody waits for the answer. */
  tell(command: ActorCommand): void {
    this.#life?.post(this.toCommand(command));
  }

  toCommand(command: ActorCommand): Envelope {
    return { kind: this, command };
  }

  get idle(): boolean {
    return ![...this.#actors].some(({ services, open }) => services.size > 0 || open.size > 0);
  }

  async begin(life: Life): Promise<void> {
    this.#life = life;
    this.#draining = false;
    this.#forget();
    // What was at work goes on; of all the others only when the next one is due is asked.
    for (let after: DueActor | undefined = { wakeAt: 0, actorId: '' }; after; ) {
      const page = await this.#options.actors.listDueActors(after, 0, pageSize);
      if (page.length > 0) this.tell({ type: 'resume', ids: page.map(({ actorId }) => actorId) });
      after = page.length < pageSize ? undefined : page.at(-1);
    }
    this.#wake(await this.#options.actors.nextActorWakeAt(0));
  }

  load(command: ActorCommand, now: number): Answer<void> {
    return this.#reads.load(command, this.#actors, now);
  }

  apply(command: ActorCommand, tick: Tick): unknown {
    try {
      const answer = this.#apply(command, tick);
      this.#steps.settle(tick);
      return answer;
    } catch (error) {
      // Whatever is refused so has changed nothing.
      if (isFlowError(error) && !isStoreTrouble(error)) return refuse(error);
      throw error;
    }
  }

  #apply(command: ActorCommand, tick: Tick): unknown {
    switch (command.type) {
      case 'spawn':
        return this.#spawn(command, tick.now);
      case 'event':
        return this.#deliver(command, tick.now);
      case 'stop':
        return this.#stop(command, tick.now);
      case 'retry':
        return this.#changeAll([command.id], actor => actor.retry(command.session, command.attempt, tick.now));
      case 'release':
        return this.#changeAll(command.ids, actor => actor.release());
      case 'failed':
        return this.#fail(command.id, command.session, command.error, tick.now);
      case 'look':
        return this.#look(command.id, command.path);
      case 'resume':
        return this.#resume(command.ids, tick);
      case 'prune':
        return this.#prune();
      case 'step':
        return this.#steps.apply(command.call, tick);
      case 'due':
        return this.#fire(tick, command.id === undefined);
      case 'done':
        return this.#close(command.id, command.effect);
    }
  }

  #spawn({ id, known, start, promises }: Extract<ActorCommand, { type: 'spawn' }>, now: number): Look {
    const there = this.#find(id);
    if (there) {
      requireSameMachine(id, there.known, known);
      if (promises) this.#change(there, () => there.setPromises(promises));
      return toLook(there, there.tree.root);
    }
    const actor = this.#actors.create(id, known);
    actor.begin(start, promises, now);
    this.#actors.keep(actor);
    this.#touched.add(actor);
    return toLook(actor, actor.tree.root);
  }

  /** In memory, or read back. */
  #find(id: string): HostedActor | undefined {
    // Somebody asks for it in the tick in which it was to go: it stays until the next time.
    if (!this.#actors.has(id)) this.#removed.delete(id);
    const actor = this.#actors.find(id);
    if (actor && this.#actors.isFresh(actor)) this.#touched.add(actor);
    return actor;
  }

  #change<T>(actor: HostedActor, work: (actor: HostedActor) => T): T {
    this.#touched.add(actor);
    return work(actor);
  }

  #changeAll(ids: readonly string[], work: (actor: HostedActor) => void): void {
    for (const id of ids) {
      const actor = this.#actors.get(id);
      if (actor) this.#change(actor, work);
    }
  }

  #deliver({ id, session, event, called, source, from }: Extract<ActorCommand, { type: 'event' }>, now: number): boolean {
    const actor = this.#find(id);
    // In the same commit: taken, or nobody is left to take it.
    if (from) this.#close(from.id, from.effect);
    const target = actor?.tree.live.get(session);
    // It has ended; it may be deleted, and another have its id.
    if (!actor || !target) return false;
    this.#touched.add(actor);
    try {
      actor.absorb(actor.tree.deliver(target, event, now, source === undefined ? undefined : actor.tree.live.get(source)));
    } catch (error) {
      if (called) throw error;
      // Nobody to refuse it to: the actor ends with it, as one that threw.
      this.#fail(id, session, error, now);
    }
    return true;
  }

  /** Nothing of a settled actor is in memory, but for the tick in which somebody looks at it. */
  #prune(): number {
    const ids = this.#reads.settled.filter(id => !this.#actors.has(id));
    for (const id of ids) this.#removed.add(id);
    return ids.length;
  }

  /** False: it has ended, or another has taken its place. */
  #stop({ id, session }: Extract<ActorCommand, { type: 'stop' }>, now: number): boolean {
    const actor = this.#find(id);
    if (!actor || actor.tree.root.sessionId !== session || actor.tree.root._snapshot.status !== 'active') return false;
    this.#change(actor, () => actor.absorb(actor.tree.stop(now)));
    return true;
  }

  /** @param session undefined: its root's */
  #fail(id: string, session: string | undefined, error: unknown, now: number): void {
    const actor = this.#find(id);
    const target = session === undefined ? actor?.tree.root : actor?.tree.live.get(session);
    if (actor && target) this.#change(actor, () => actor.absorb(actor.tree.fail(target, error, now)));
  }

  #look(id: string, path: readonly string[]): Look | undefined {
    const actor = this.#find(id);
    const inner = actor && findBelow(actor.tree.root, path);
    if (!actor || !inner) return undefined;
    this.#touched.add(actor);
    return toLook(actor, inner);
  }

  #resume(ids: readonly string[], tick: Tick): void {
    for (const id of ids) {
      const actor = this.#actors.tryFind(id);
      if (!actor) continue;
      this.#touched.add(actor);
      this.#steps.tell(actor, tick);
    }
  }

  #fire(tick: Tick, isAll: boolean): void {
    const { now } = tick;
    const { due, standing } = this.#reads;
    // What is due for one that stands still waits with all else that it is to be told.
    for (const id of isAll ? standing : []) if (this.#standing.size < this.#standing.add(id).size) tick.post(this.toCommand({ type: 'due', id }));
    for (const id of due) {
      if (!isAll) this.#standing.delete(id);
      const actor = this.#actors.tryFind(id);
      if (actor) this.#fireOne(actor, now);
    }
    this.#asks = true;
    // There may be more of them than one tick is to take.
    if (isAll && due.size >= maxDue) this.tell({ type: 'due' });
  }

  #fireOne(actor: HostedActor, now: number): void {
    this.#touched.add(actor);
    try {
      actor.fireDue(now);
    } catch (error) {
      this.#fail(actor.id, actor.tree.root.sessionId, error, now);
    }
  }

  #close(id: string, effect: string): void {
    const actor = this.#actors.get(id);
    if (!actor?.open.delete(effect)) return;
    this.#closed.push({ actor, effect });
    actor.touched = true;
    this.#touched.add(actor);
  }

  collect(batch: MutableBatch, now: number): boolean {
    const actors = [...this.#touched].filter(({ touched }) => touched);
    const changed = actors.map(actor => actor.collect(now));
    const removed = [...this.#removed];
    const unread = [...this.#steps.unread.values()];
    this.#removed.clear();
    this.#steps.unread.clear();
    if (changed.length + removed.length + unread.length === 0) return true;
    const machines = [...listNewMachines(actors, this.#kept), ...this.#options.book.listSpawned(this.#kept)];
    batch.actors = { ...toWrites(changed, unread), machines, removed, removedAt: now };
    return true;
  }

  perform(now: number): void {
    for (const { actor, effect } of this.#closed.splice(0)) this.#performer.close(actor, effect);
    const touched = this.#touched;
    this.#touched = new Set();
    this.#steps.forget();
    this.#reads.forget();
    // First: none of these may be let go in favour of another.
    this.#actors.wake(touched);
    for (const actor of touched) {
      this.#options.inspection?.publish(actor);
      if (!this.#draining) this.#performer.perform(actor);
      else this.#performer.announce(actor);
      actor.outcomes = [];
      this.#actors.unload(actor);
      if (actor.status !== 'active' && !actor.isMoving) this.#life?.sift?.over(toActorKey(actor.id));
      this.#wakeFor(actor);
    }
    if (this.#asks) {
      this.#asks = false;
      // The store does not list what is at work; that is in memory.
      for (const actor of this.#actors) this.#wakeFor(actor);
      this.#askWhenDue(now);
    }
    this.#options.progressed();
  }

  #askWhenDue(after: number): void {
    const life = this.#life;
    const answer = chain(this.#options.actors.nextActorWakeAt(after), at => void (this.#life === life && this.#wake(at)));
    if (answer instanceof Promise) answer.catch(error => this.#options.logger.error({ err: error }, 'what is due could not be read'));
  }

  async readBack(): Promise<void> {
    const touched = this.#touched;
    this.#forgetTick();
    // Structures that were to be stored with it are told again.
    this.#kept.clear();
    for (const actor of touched) await this.#actors.readBack(actor);
  }

  /** Each actor for itself; one that cannot even end stays as it is stored. */
  fail({ command: given, refused }: Envelope, error: Error): void {
    if (refused) return refused(error);
    const command = given as ActorCommand;
    this.#options.logger.error({ err: error, command: command.type }, 'what happened to an actor could not be decided or stored');
    if (command.type === 'due' && command.id === undefined) return void this.#failAlone();
    const instead = listInstead(command, error);
    for (const one of instead) this.tell(one);
    if (instead.length === 0) for (const id of listIds(command)) this.#actors.leave(id, error);
  }

  /** Each of those that are due by itself: the one that is to blame fails, and nobody else. */
  async #failAlone(): Promise<void> {
    try {
      for (const id of await this.#reads.listDue(this.#actors, this.#options.clock.now())) this.tell({ type: 'due', id });
    } catch (error) {
      this.#options.logger.error({ err: error }, 'what is due could not be read');
    }
  }

  halt(how: 'drain' | 'release' | 'end', error: Error): void {
    if (how === 'drain') {
      this.#draining = true;
      for (const actor of this.#actors) actor.services.stopOthers();
    } else if (how === 'release') this.#release();
    else this.#end(error);
  }

  #release(): void {
    const ids = [...this.#actors].filter(({ services }) => services.size > 0).map(({ id }) => id);
    for (const id of ids) this.#actors.get(id)?.services.stopAll();
    if (ids.length > 0) this.tell({ type: 'release', ids });
  }

  #end(error: Error): void {
    this.#options.news.ended(error);
    this.#life = undefined;
    this.#forget();
  }

  #forget(): void {
    this.#actors.forget();
    this.#standing.clear();
    this.#kept.clear();
    this.#performer.forget();
    this.#forgetTick();
  }

  #forgetTick(): void {
    this.#touched = new Set();
    this.#steps.forget();
    this.#reads.forget();
    this.#removed.clear();
    this.#closed = [];
  }
}
