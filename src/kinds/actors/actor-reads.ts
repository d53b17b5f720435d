import type { Answer } from '../../../persistence/answer.ts';
import { chain } from '../../../persistence/answer.ts';
import type { ActorReader, ActorRecord, DueActor } from '../../../persistence/actor-store.ts';
import type { SignalRecord } from '../../../persistence/records.ts';
import { FlowError, toError } from '../../core/errors.ts';
import { isStoreTrouble } from '../../engine/store-trouble.ts';
import { readStepActorId, toStepActorId } from '../../kernel/actor-call.ts';
import type { ActorCommand } from './actor-commands.ts';
import type { HostedActor } from './hosted-actor.ts';
import type { MachineBook } from './machine-book.ts';
import type { StoredTree } from './read-stored-tree.ts';
import { readStoredTree } from './read-stored-tree.ts';

/** An actor as it is stored; with an error: it is not to be gone on with here. */
export interface StoredActor {
  readonly record: ActorRecord;
  readonly tree: StoredTree | undefined;
  readonly error?: Error;
}

export interface ActorReadsOptions {
  readonly actors: ActorReader;
  readonly book: MachineBook;
  /** Signals of an execution that nobody has taken, as they are stored. */
  readonly listSignals: (executionId: string) => Answer<readonly SignalRecord[]>;
  /** Whether somebody has it stand still: what is due for it waits. */
  readonly isStanding: (id: string) => boolean;
}

/** What the reads need to know of the actors in memory. */
export interface ActorsInMemory extends Iterable<HostedActor> {
  has(id: string): boolean;
  /** Stored, but not to be gone on with here. */
  readonly blocked: ReadonlyMap<string, Error>;
}

/** Actors that are told in one tick that their time has come. */
export const maxDue = 500;

/** Reads what a command of actors is decided by and is not in memory: actors, absent ones, too, and what else is stored about them. Kept for one tick. */
export class ActorReads {
  readonly #options: ActorReadsOptions;
  #stored = new Map<string, StoredActor | undefined>();
  #signals = new Map<string, readonly SignalRecord[]>();
  /** Whose time has come, as it was read last. */
  due: ReadonlySet<string> = new Set();
  /** Those of them that stand still. */
  readonly standing = new Set<string>();
  /** Settled ones that may go, as they were read last. */
  settled: readonly string[] = [];

  constructor(options: ActorReadsOptions) {
    this.#options = options;
  }

  load(command: ActorCommand, memory: ActorsInMemory, now: number): Answer<void> {
    switch (command.type) {
      case 'due':
        return chain(command.id === undefined ? this.listDue(memory, now) : new Set([command.id]), due => {
          this.due = due;
          return this.#loadAll(due, memory, true);
        });
      case 'prune':
        return chain(this.#options.actors.listSettledActors(command.settledBefore, command.limit), ids => void (this.settled = ids));
      case 'step':
        return this.#loadAll(command.call.type === 'signal' ? command.call.offers.map(({ place }) => toStepActorId(place)) : [toStepActorId(command.call.place)], memory, command.call.type !== 'end');
      case 'resume':
        return this.#loadAll(command.ids, memory, false);
      case 'retry':
      case 'release':
      case 'done':
        return undefined;
      default:
        return this.#loadAll([command.id], memory, command.type === 'event');
    }
  }

  /** @param moves whether they may come to take signals that they did not take before */
  #loadAll(ids: Iterable<string>, memory: ActorsInMemory, moves: boolean): Answer<void> {
    let answer: Answer<void> = undefined;
    for (const id of ids) {
      if (!memory.has(id) && !this.#stored.has(id)) answer = chain(answer, () => this.#loadOne(id));
      const executionId = moves ? readStepActorId(id)?.executionId : undefined;
      if (executionId !== undefined && !this.#signals.has(executionId)) answer = chain(answer, () => this.#loadSignals(executionId));
    }
    return answer;
  }

  #loadOne(id: string): Answer<void> {
    const { actors, book } = this.#options;
    // What was read in a life that is over may not be so any more.
    const stored = this.#stored;
    return chain(actors.getActor(id), record => {
      if (!record) return void stored.set(id, undefined);
      const keep = (tree: StoredTree): void => void stored.set(id, { record, tree });
      const keepError = (error: unknown): void => {
        if (isStoreTrouble(error)) throw error;
        stored.set(id, { record, tree: undefined, error: toError(error) });
      };
      try {
        const tree = readStoredTree(actors, book, record);
        return tree instanceof Promise ? tree.then(keep, keepError) : keep(tree);
      } catch (error) {
        return keepError(error);
      }
    });
  }

  #loadSignals(executionId: string): Answer<void> {
    const signals = this.#signals;
    return chain(this.#options.listSignals(executionId), list => void signals.set(executionId, list));
  }

  /** Ids of actors whose time has come, in memory and in the store; at most about 500. */
  listDue(memory: ActorsInMemory, now: number): Answer<ReadonlySet<string>> {
    const ids = new Set<string>();
    const add = (id: string): unknown => (this.#options.isStanding(id) ? this.standing : ids).add(id);
    for (const { id, dueAt } of memory) if (dueAt !== undefined && dueAt <= now) add(id);
    const next = (after: DueActor): Answer<ReadonlySet<string>> => {
      if (ids.size >= maxDue) return ids;
      return chain(this.#options.actors.listDueActors(after, now, maxDue), page => {
        for (const { actorId } of page) if (!memory.blocked.has(actorId)) add(actorId);
        return page.length < maxDue ? ids : next(page.at(-1) ?? after);
      });
    };
    // What is at work is in memory: from 1 on.
    return next({ wakeAt: 1, actorId: '' });
  }

  /** @throws a `FlowError` with code `key_not_loaded` for one that was not read in this tick */
  get(id: string): StoredActor | undefined {
    if (!this.#stored.has(id)) throw new FlowError('key_not_loaded', `Expected the actor \`${id}\` to be read before it is told something`);
    return this.#stored.get(id);
  }

  signalsOf(executionId: string): readonly SignalRecord[] {
    return this.#signals.get(executionId) ?? [];
  }

  /** The tick is over. */
  forget(): void {
    this.standing.clear();
    if (this.#stored.size > 0) this.#stored = new Map();
    if (this.#signals.size > 0) this.#signals = new Map();
  }
}
