import { setImmediate as nextTurn } from 'node:timers/promises';
import { isAbsolute } from 'node:path';
import type { Logger } from 'pino';
import type { Store } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';

export interface RetentionOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Settled executions go this long after they settled, ms; null: never. */
  readonly retentionMs: number | null;
  /** A larger store is warned about, bytes. */
  readonly sizeBudgetBytes: number;
  /** Whether the store may be written now. */
  readonly mayWrite: () => boolean;
}

/** Time between two rounds, ms. */
const roundMs = 60_000;
/** Time to the first round: recovery comes first, ms. */
const firstRoundMs = 1_000;
/** Executions deleted at a time; between two times the loop has its turn. */
const chunkSize = 50;

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
    const { store, clock, logger, retentionMs } = this.#options;
    if (retentionMs === null) return;
    const settledBefore = clock.now() - retentionMs;
    let pruned = 0;
    while (this.#maySweep()) {
      const count = await store.prune({ settledBefore, limit: chunkSize });
      pruned += count;
      if (count < chunkSize) break;
      await nextTurn();
    }
    if (pruned > 0) logger.info({ pruned, settledBefore }, 'deleted old executions');
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
