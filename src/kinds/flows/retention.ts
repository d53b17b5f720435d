import { setImmediate as nextTurn } from 'node:timers/promises';
import { isAbsolute } from 'node:path';
import type { Logger } from '../../core/logger.ts';
import type { Records } from '../../../persistence/store.ts';
import type { BelievedTime } from '../../core/believed-time.ts';
import type { Clock } from '../../core/clock.ts';

export interface RetentionOptions {
  readonly store: Records;
  readonly clock: Clock;
  /** What is old goes by it. */
  readonly believed: BelievedTime;
  readonly logger: Logger;
  /** Settled executions and actors go this long after they settled, and entries of actors' journals after they were written, ms; null: never. */
  readonly retentionMs: number | null;
  /** A larger store is warned about, bytes. */
  readonly sizeBudgetBytes: number;
  /** Deletes actors that settled before a time, at most so many; returns how many. */
  readonly pruneActors?: (settledBefore: number, limit: number) => Promise<number>;
  /** Likewise instances of other kinds. */
  readonly sweeps?: readonly ((settledBefore: number, limit: number) => Promise<number>)[];
  /** Whether the store may be written now. */
  readonly mayWrite: () => boolean;
}

/** Time between two rounds, ms. */
const roundMs = 60_000;
/** Time to the first round: recovery comes first, ms. */
const firstRoundMs = 1_000;
/** Executions, and actors, deleted at a time; between two times the loop has its turn. */
const chunkSize = 50;
/** Entries of actors' journals deleted at a time. */
const entriesChunkSize = 500;

/** How long a request of a client is recognised when it is repeated, ms. */
const requestsKeptMs = 86_400_000;

/** Keeps a store small in the background: deletes what is old, warns of what is large. */
export class Retention {
  readonly #options: RetentionOptions;
  #timer: unknown;
  #stopped = false;
  #round: Promise<void> | undefined;
  #isOver = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Does a first round soon, then one a minute. */
  start(): void {
    this.#arm(firstRoundMs);
  }

  /** Begins nothing more; resolves when the chunk under way is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#options.clock.clearTimer(this.#timer);
    await this.#round;
  }

  #arm(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.setTimer(() => {
      this.#round = this.#doRound().finally(() => this.#arm(roundMs));
    }, delayMs);
    // Cleaning up is no reason for a process to stay.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  async #doRound(): Promise<void> {
    try {
      await this.#prune();
      if (this.#maySweep()) await this.#weigh();
    } catch (error) {
      if (!this.#stopped) this.#options.logger.error({ err: error }, 'old executions could not be deleted; the next try is in a minute');
    }
  }

  #maySweep(): boolean {
    return !this.#stopped && this.#options.mayWrite();
  }

  async #prune(): Promise<void> {
    const { store, clock, believed, logger, retentionMs, pruneActors, sweeps = [] } = this.#options;
    const doneBefore = believed.read() - requestsKeptMs;
    await this.#repeat(entriesChunkSize, limit => store.pruneRequests(doneBefore, limit));
    if (retentionMs === null) return;
    const settledBefore = believed.read() - retentionMs;
    const pruned = await this.#repeat(chunkSize, limit => store.prune({ settledBefore, limit, at: clock.now() }));
    if (pruned > 0) logger.info({ pruned, settledBefore }, 'deleted old executions');
    // First the journals, entry by entry: an actor that goes has little left then, however long it lived.
    const entries = await this.#repeat(entriesChunkSize, limit => store.pruneJournal(settledBefore, limit));
    const actors = pruneActors ? await this.#repeat(chunkSize, limit => pruneActors(settledBefore, limit)) : 0;
    for (const sweep of sweeps) await this.#repeat(chunkSize, limit => sweep(settledBefore, limit));
    if (entries === 0 && actors === 0) return;
    if (this.#maySweep()) await store.compact();
    logger.info({ actors, entries, settledBefore }, 'deleted old actors and entries of their journals');
  }

  /** Deletes so many at a time, until there are no more; returns how many there were. */
  async #repeat(limit: number, remove: (limit: number) => Promise<number> | number): Promise<number> {
    let removed = 0;
    while (this.#maySweep()) {
      const count = await remove(limit);
      removed += count;
      if (count < limit) break;
      await nextTurn();
    }
    return removed;
  }

  /** Only a file can grow over its budget: to weigh a store in memory is to write it all out. */
  async #weigh(): Promise<void> {
    const { store, logger, sizeBudgetBytes } = this.#options;
    if (!isAbsolute(store.location)) return;
    const { bytes, freeBytes } = await store.getSize();
    const isOver = bytes - freeBytes > sizeBudgetBytes;
    if (isOver && !this.#isOver) {
      logger.warn({ location: store.location, bytes, freeBytes, sizeBudgetBytes }, 'the store has grown over its budget; shorten `retentionMs` or raise `sizeBudgetBytes`');
    }
    this.#isOver = isOver;
  }
}
