import type { Logger } from '../../core/logger.ts';
import type { ActorMachineRecord, ActorReader, ActorRecord, DueActor } from '../../../persistence/actor-store.ts';
import type { SignalRecord } from '../../../persistence/records.ts';
import type { Clock } from '../../core/clock.ts';
import { FlowError } from '../../core/errors.ts';
import type { MutableBatch } from '../../engine/batch.ts';
import type { Participant, Post, Tick } from '../../engine/participant.ts';
import type { ActorCommand, OpenEffect } from './actor-commands.ts';
import type { ActorNews } from './actor-performer.ts';
import type { Look } from './actor-look.ts';
import { findBelow, toLook } from './actor-look.ts';
import { ActorPerformer } from './actor-performer.ts';
import type { ValueCodec } from './encode-value.ts';
import type { Handles } from './freeze-tree.ts';
import type { FrozenHead } from './frozen-tree.ts';
import { assembleTree } from './frozen-tree.ts';
import { HostedActor } from './hosted-actor.ts';
import { listNewMachines, toWrites } from './hosted-writes.ts';
import { listPartsAtOnce } from './list-parts.ts';
import { LiveServices } from './live-services.ts';
import type { KnownMachine, MachineBook } from './machine-book.ts';
import { StepActors } from './step-actors.ts';
import type { TreeInspection } from './tree-inspection.ts';
import { announceTree } from './tree-inspection.ts';
import { requireSameMachine } from './unnamed-machine.ts';
import { WakeAlarm } from './wake-alarm.ts';
import { readStored } from '../../core/stored-value.ts';

export interface ParticipantOptions {
  readonly actors: ActorReader;
  readonly book: MachineBook;
  readonly codecs: readonly ValueCodec[];
  readonly handles: Handles;
  readonly news: ActorNews;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly inspection: TreeInspection | undefined;
  readonly progressed: () => void;
  /** Of an execution: signals that nobody has taken. */
  readonly listSignals: (executionId: string) => readonly SignalRecord[];
  readonly maxOutputBytes: number;
  readonly maxInterruptions: number;
  /** Waiting actors that stay in memory. */
  readonly maxLoaded: number;
}

/** Actors read in one go. */
const pageSize = 500;

/** Machines of people's own in the host's ticks: what they take is stored in the tick's one commit, and acted on afterwards. */
export class MachineParticipant implements Participant<ActorCommand> {
  readonly #options: ParticipantOptions;
  readonly #actors = new Map<string, HostedActor>();
  readonly #performer: ActorPerformer;
  readonly #steps: StepActors;
  #touched = new Set<HostedActor>();
  /** Digests of machines whose structure this process has stored. */
  readonly #kept = new Set<string>();
  #post: Post<ActorCommand> | undefined;
  readonly #alarm: WakeAlarm;
  /** Actors in memory that only wait, the one spoken to longest ago first. */
  readonly #resting = new Set<string>();
  #draining = false;
  /** The store is to be asked when the next sleeping actor is due. */
  #asks = false;
  /** Settled ones that go with this tick's commit. */
  readonly #removed = new Set<string>();
  /** Stored, but not to be gone on with here, and why. */
  readonly #blocked = new Map<string, Error>();

  constructor(options: ParticipantOptions) {
    this.#options = options;
    this.#performer = new ActorPerformer({ ...options, tell: command => this.tell(command) });
    this.#steps = new StepActors({
      ...options,
      getMachine: id => options.book.get(id),
      find: id => this.#find(id),
      spawn: (id, known, input, now) => this.#spawn({ type: 'spawn', id, known, start: { input } }, now),
      deliver: ({ id, tree }, event, now) => this.#deliver({ type: 'event', id, session: tree.root.sessionId, event }, now),
      stop: (actor, now) => this.#change(actor, () => actor.absorb(actor.tree.stop(now))),
      touch: actor => this.#touched.add(actor),
    });
    this.#alarm = new WakeAlarm(options.clock, () => {
      if (!this.#draining) this.tell({ type: 'due' });
    });
  }

  send(command: ActorCommand): Promise<unknown> {
    if (!this.#post) return Promise.reject(new FlowError('runtime_stopped', 'Expected a running runtime; this one has not begun, has stopped or faulted'));
    return this.#post(command);
  }

  /** As `send`, when nobody waits for the answer. */
  tell(command: ActorCommand): void {
    this.send(command).catch(error => this.#options.logger.debug({ err: error, command: command.type }, 'a message to an actor was not taken'));
  }

  get idle(): boolean {
    return ![...this.#actors.values()].some(({ services, open }) => services.size > 0 || open.size > 0);
  }

  async begin(post: Post<ActorCommand>): Promise<void> {
    this.#post = post;
    this.#draining = false;
    this.#forget();
    // What was at work goes on; of all the others only when the next one is due is asked.
    for (let after: DueActor | undefined = { wakeAt: 0, actorId: '' }; after; ) {
      const page = await this.#options.actors.listDueActors(after, 0, pageSize);
      if (page.length > 0) this.tell({ type: 'resume', ids: page.map(({ actorId }) => actorId) });
      after = page.length < pageSize ? undefined : page.at(-1);
    }
    this.#alarm.arm(await this.#options.actors.nextActorWakeAt(0));
  }

  apply(command: ActorCommand, tick: Tick): unknown {
    const answer = this.#apply(command, tick);
    this.#steps.settle(tick);
    return answer;
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
        return this.#prune(command.settledBefore, command.limit);
      case 'step':
        return this.#steps.apply(command.call, tick);
      case 'due':
        return this.#fire(tick.now);
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
    const actor = this.#create(id, known);
    actor.begin(start, promises, now);
    this.#keep(actor);
    return toLook(actor, actor.tree.root);
  }

  #create(id: string, known: KnownMachine): HostedActor {
    const { clock, codecs, handles, news, logger, maxInterruptions } = this.#options;
    const tell = (session: string, event: { readonly type: string }, source?: string): void => this.tell({ type: 'event', id, session, event, source });
    const retry = (session: string, attempt: number): void => this.tell({ type: 'retry', id, session, attempt });
    const services = new LiveServices({ clock, tell, retry, logger, maxInterruptions });
    return new HostedActor({ id, known, isInspected: this.#options.inspection !== undefined, codecs, handles, sources: this.#options.book, outside: tell, emitted: (inner, event) => news.emitted(id, inner, event), services, absorbed: actor => this.#steps.note(actor) });
  }

  #keep(actor: HostedActor): void {
    this.#actors.set(actor.id, actor);
    this.#touched.add(actor);
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

  /** In memory, or read back. */
  #find(id: string): HostedActor | undefined {
    const there = this.#actors.get(id);
    if (there) return there;
    // Somebody asks for it in the tick in which it was to go: it stays until the next time.
    this.#removed.delete(id);
    const record = this.#options.actors.getActor(id);
    if (record instanceof Promise) throw new FlowError('store_unsupported', 'Expected a store that answers at once, as the embedded ones do; machines of your own cannot be run on this one');
    return record && this.#restore(record);
  }

  #restore(record: ActorRecord): HostedActor {
    const { book } = this.#options;
    const actor = this.#create(record.actorId, book.require(record));
    const head = readStored<FrozenHead & { readonly open?: readonly OpenEffect[] }>('actors.tree', record.actorId, record.tree);
    const parts = head.parts > 0 ? listPartsAtOnce(this.#options.actors, record.actorId) : [];
    const { frozen, isNested } = assembleTree(record.actorId, head, parts);
    const upgraded = book.upgrade(record, frozen, digest => (this.#options.actors.getActorMachine(digest) as ActorMachineRecord | undefined)?.structure);
    actor.restore(record, upgraded, head.open ?? [], isNested || upgraded !== frozen, new Set(parts.map(({ part }) => part)));
    // Its machine may have come by a spawn.
    this.#blocked.delete(record.actorId);
    // One that has ended is only looked at.
    if (this.#options.inspection && record.settledAt === null) actor.outcomes.push(announceTree(actor.tree));
    this.#keep(actor);
    return actor;
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
  #prune(settledBefore: number, limit: number): number {
    const ids = (this.#options.actors.listSettledActors(settledBefore, limit) as string[]).filter(id => !this.#actors.has(id));
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

  #fail(id: string, session: string, error: unknown, now: number): void {
    const actor = this.#find(id);
    const target = actor?.tree.live.get(session);
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
      const actor = this.#tryFind(id);
      if (!actor) continue;
      this.#touched.add(actor);
      this.#steps.tell(actor, tick);
    }
  }

  /** One actor that cannot be read back is left where it is; all others go on. */
  #tryFind(id: string): HostedActor | undefined {
    try {
      return this.#find(id);
    } catch (error) {
      this.#blocked.set(id, error as Error);
      this.#options.logger.warn({ err: error, actorId: id }, 'an actor is not gone on with here');
      return undefined;
    }
  }

  #fire(now: number): void {
    const ids = new Set([...this.#actors.values()].filter(({ dueAt }) => dueAt !== undefined && dueAt <= now).map(({ id }) => id));
    // What is at work is in memory: from 1 on.
    for (let after: DueActor = { wakeAt: 1, actorId: '' }; ids.size < pageSize; ) {
      const page = this.#options.actors.listDueActors(after, now, pageSize) as DueActor[];
      for (const { actorId } of page) if (!this.#blocked.has(actorId)) ids.add(actorId);
      if (page.length < pageSize) break;
      after = page.at(-1) ?? after;
    }
    for (const id of ids) {
      const actor = this.#tryFind(id);
      if (actor) this.#fireOne(actor, now);
    }
    this.#asks = true;
    // There may be more of them than one tick is to take.
    if (ids.size >= pageSize) this.tell({ type: 'due' });
  }

  #fireOne(actor: HostedActor, now: number): void {
    this.#touched.add(actor);
    const { last } = actor.tree.timers;
    try {
      actor.beginDue(now);
      // Those set on the way wait for the next tick: a machine that goes round without delay must not hold up all others.
      for (let outcome = actor.tree.fire(now, last); outcome; outcome = actor.status === 'active' ? actor.tree.fire(now, last) : undefined) actor.absorb(outcome);
    } catch (error) {
      this.#fail(actor.id, actor.tree.root.sessionId, error, now);
    }
  }

  #close(id: string, effect: string): void {
    const actor = this.#actors.get(id);
    if (!actor?.open.delete(effect)) return;
    this.#performer.close(actor, effect);
    actor.touched = true;
    this.#touched.add(actor);
  }

  collect(batch: MutableBatch, now: number): void {
    const actors = [...this.#touched].filter(({ touched }) => touched);
    const changed = actors.map(actor => actor.collect(now));
    const removed = [...this.#removed];
    const unread = [...this.#steps.unread.values()];
    this.#removed.clear();
    this.#steps.unread.clear();
    if (changed.length + removed.length + unread.length === 0) return;
    const machines = [...listNewMachines(actors, this.#kept), ...this.#options.book.listSpawned(this.#kept)];
    batch.actors = { ...toWrites(changed, unread), machines, removed, removedAt: now };
  }

  committed(now: number): void {
    const touched = this.#touched;
    this.#touched = new Set();
    this.#steps.forget();
    // First: none of these may be let go in favour of another.
    for (const { id } of touched) this.#resting.delete(id);
    for (const actor of touched) {
      this.#options.inspection?.publish(actor);
      if (!this.#draining) this.#performer.perform(actor);
      else this.#performer.announce(actor);
      actor.outcomes = [];
      this.#letGo(actor);
      this.#alarm.arm(actor.dueAt);
    }
    if (this.#asks) {
      this.#asks = false;
      // The store does not list what is at work; that is in memory.
      for (const actor of this.#actors.values()) this.#alarm.arm(actor.dueAt);
      this.#alarm.arm(this.#options.actors.nextActorWakeAt(now) as number | undefined);
    }
    this.#options.progressed();
  }

  /** What only waits leaves memory, the one that was spoken to longest ago first. */
  #letGo(actor: HostedActor): void {
    if (actor.isMoving || actor.services.size > 0 || actor.touched) return;
    if (actor.status !== 'active') return void this.#actors.delete(actor.id);
    this.#resting.add(actor.id);
    if (this.#resting.size <= this.#options.maxLoaded) return;
    const [oldest = actor.id] = this.#resting;
    this.#resting.delete(oldest);
    this.#actors.delete(oldest);
  }

  drain(): void {
    this.#draining = true;
    for (const actor of this.#actors.values()) actor.services.stopOthers();
  }

  release(): void {
    const ids = [...this.#actors.values()].filter(({ services }) => services.size > 0).map(({ id }) => id);
    for (const id of ids) this.#actors.get(id)?.services.stopAll();
    if (ids.length > 0) this.tell({ type: 'release', ids });
  }

  end(error: Error): void {
    this.#options.news.ended(error);
    this.#post = undefined;
    this.#forget();
  }

  #forget(): void {
    for (const actor of this.#actors.values()) actor.services.stopAll();
    this.#actors.clear();
    this.#resting.clear();
    this.#touched.clear();
    this.#steps.forget();
    this.#kept.clear();
    this.#performer.forget();
    this.#blocked.clear();
    this.#removed.clear();
    this.#alarm.clear();
  }
}
