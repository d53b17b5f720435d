import type { Answer } from '../../../persistence/answer.ts';
import { chain } from '../../../persistence/answer.ts';
import type { ActorJournalRecord, ActorMachineRecord, ActorPartRecord, ActorReader, ActorRecord, ActorWrites } from '../../../persistence/actor-store.ts';
import type { Clock } from '../../core/clock.ts';
import { toError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { Residency } from '../../engine/residency.ts';
import type { ActorCommand } from './actor-commands.ts';
import type { ActorReads, StoredActor } from './actor-reads.ts';
import type { ActorNews } from './actor-performer.ts';
import type { ValueCodec } from './encode-value.ts';
import type { Handles } from './freeze-tree.ts';
import type { HostedRows } from './hosted-actor.ts';
import { HostedActor } from './hosted-actor.ts';
import { LiveServices } from './live-services.ts';
import type { KnownMachine, MachineBook } from './machine-book.ts';
import { readStoredTree } from './read-stored-tree.ts';
import type { TreeInspection } from './tree-inspection.ts';
import { announceTree } from './tree-inspection.ts';

export interface LoadedActorsOptions {
  readonly actors: ActorReader;
  readonly reads: ActorReads;
  readonly book: MachineBook;
  readonly codecs: readonly ValueCodec[];
  readonly handles: Handles;
  readonly news: ActorNews;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly inspection: TreeInspection | undefined;
  readonly maxInterruptions: number;
  /** Waiting actors that stay in memory. */
  readonly maxLoaded: number;
  readonly tell: (command: ActorCommand) => void;
  /** An actor has taken something that can be stored. */
  readonly absorbed: (actor: HostedActor) => void;
}

/** Actors in memory: those that are at work, and of those that only wait the ones spoken to last. */
export class LoadedActors {
  /** Stored, but not to be gone on with here, and why. */
  readonly blocked = new Map<string, Error>();
  readonly #options: LoadedActorsOptions;
  readonly #actors = new Map<string, HostedActor>();
  /** Those that only wait. */
  readonly #resting: Residency<HostedActor>;
  /** Those that came into memory with this tick. */
  readonly #fresh = new Set<HostedActor>();

  constructor(options: LoadedActorsOptions) {
    this.#options = options;
    this.#resting = new Residency(options.maxLoaded);
  }

  [Symbol.iterator](): IterableIterator<HostedActor> {
    return this.#actors.values();
  }

  get(id: string): HostedActor | undefined {
    return this.#actors.get(id);
  }

  has(id: string): boolean {
    return this.#actors.has(id);
  }

  create(id: string, known: KnownMachine): HostedActor {
    const { clock, codecs, handles, news, logger, maxInterruptions, book, inspection, absorbed } = this.#options;
    const tell = (session: string, event: { readonly type: string }, source?: string): void => this.#options.tell({ type: 'event', id, session, event, source });
    const retry = (session: string, attempt: number): void => this.#options.tell({ type: 'retry', id, session, attempt });
    const services = new LiveServices({ clock, tell, retry, logger, maxInterruptions });
    return new HostedActor({ id, known, isInspected: inspection !== undefined, codecs, handles, sources: book, outside: tell, emitted: (inner, event) => news.emitted(id, inner, event), services, absorbed });
  }

  /** One that decides and does nothing, and is thrown away. */
  createApart(id: string, known: KnownMachine, absorbed: (actor: HostedActor) => void): HostedActor {
    const { clock, codecs, handles, logger, maxInterruptions, book } = this.#options;
    const services = new LiveServices({ clock, tell: () => {}, retry: () => {}, logger, maxInterruptions });
    return new HostedActor({ id, known, isInspected: true, codecs, handles, sources: book, outside: () => {}, emitted: () => {}, services, absorbed });
  }

  /** As it is, or as it is stored; undefined: there is none. */
  copy(id: string, read: () => StoredActor | undefined, absorbed: (actor: HostedActor) => void): HostedActor | undefined {
    const there = this.#actors.get(id);
    if (there) return there.copyTo(this.createApart(id, there.known, absorbed));
    const stored = read();
    if (!stored) return undefined;
    if (!stored.tree) throw stored.error;
    const copy = this.createApart(id, this.#options.book.require(stored.record), absorbed);
    copy.readBack(stored.record, stored.tree);
    return copy;
  }

  keep(actor: HostedActor): void {
    this.#actors.set(actor.id, actor);
    this.#fresh.add(actor);
  }

  /** Whether it came into memory with this tick. */
  isFresh(actor: HostedActor): boolean {
    return this.#fresh.has(actor);
  }

  /** In memory, or as it was read for this tick. @throws when it is not to be gone on with here */
  find(id: string): HostedActor | undefined {
    const there = this.#actors.get(id);
    if (there) return there;
    const stored = this.#options.reads.get(id);
    return stored && this.#restore(stored);
  }

  #restore({ record, tree, error }: StoredActor): HostedActor {
    if (!tree) throw error;
    const actor = this.create(record.actorId, this.#options.book.require(record));
    actor.restore(record, tree);
    // Its machine may have come by a spawn.
    this.blocked.delete(record.actorId);
    // One that has ended is only looked at.
    if (this.#options.inspection && record.settledAt === null) actor.outcomes.push(announceTree(actor.tree));
    this.keep(actor);
    return actor;
  }

  /** One actor that cannot be read back is left where it is; all others go on. */
  tryFind(id: string): HostedActor | undefined {
    try {
      return this.find(id);
    } catch (error) {
      this.blocked.set(id, toError(error));
      this.#options.logger.warn({ err: error, actorId: id }, 'an actor is not gone on with here');
      return undefined;
    }
  }

  /** What only waits leaves memory, the one that was spoken to longest ago first. */
  unload(actor: HostedActor): void {
    if (actor.isMoving || actor.services.size > 0 || actor.touched) return;
    if (actor.status !== 'active') return void this.#actors.delete(actor.id);
    const leaving = this.#resting.rest(actor.id, actor);
    if (leaving) this.#actors.delete(leaving.id);
  }

  /** Becomes again what is stored of it; what runs for it goes on. */
  readBack(actor: HostedActor): Answer<void> {
    const { actors, book, news } = this.#options;
    return chain(this.#fresh.delete(actor) ? undefined : actors.getActor(actor.id), record => {
      if (!record) return void this.#actors.delete(actor.id);
      return chain(readStoredTree(actors, book, record), tree => {
        actor.readBack(record, tree);
        news.renewed(actor.id, actor.tree.live);
      });
    });
  }

  /** It stays as it is stored, until the runtime begins anew. */
  leave(id: string, error: Error): void {
    this.blocked.set(id, error);
    this.#actors.get(id)?.services.stopAll();
    this.#actors.delete(id);
    this.#resting.take(id);
  }

  /** They are in this tick: none of them may be unloaded in favour of another. */
  wake(actors: Iterable<HostedActor>): void {
    this.#fresh.clear();
    for (const { id } of actors) this.#resting.take(id);
  }

  forget(): void {
    for (const actor of this.#actors.values()) actor.services.stopAll();
    this.#actors.clear();
    this.#resting.clear();
    this.#fresh.clear();
    this.blocked.clear();
  }
}

/** What a commit writes of trees that have changed. */
export function toWrites(changed: readonly HostedRows[], unread: readonly ActorRecord[]): ActorWrites {
  const writes = { put: [] as ActorRecord[], progress: [] as ActorRecord[], journal: [] as ActorJournalRecord[], parts: [] as ActorPartRecord[], removedParts: [] as Pick<ActorPartRecord, 'actorId' | 'part'>[] };
  for (const { row, isProgress, journal, put, removed } of changed) {
    const { actorId } = row;
    (isProgress ? writes.progress : writes.put).push(row);
    if (journal) writes.journal.push(journal);
    for (const part of put) writes.parts.push({ actorId, ...part });
    for (const part of removed) writes.removedParts.push({ actorId, part });
  }
  writes.put.push(...unread);
  return writes;
}

/** Machines whose structure this process has not stored yet; `kept` has the digests of the others, and then of these. */
export function listNewMachines(actors: readonly HostedActor[], kept: Set<string>): ActorMachineRecord[] {
  const machines: ActorMachineRecord[] = [];
  for (const { known } of actors) {
    if (kept.has(known.digest)) continue;
    kept.add(known.digest);
    machines.push(known.row);
  }
  return machines;
}
