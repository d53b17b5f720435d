import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from '../../core/logger.ts';
import type { Records } from '../../../persistence/store.ts';
import type { BelievedTime } from '../../core/believed-time.ts';
import type { Clock } from '../../core/clock.ts';
import type { Queue } from './define-queue.ts';
import type { Dependent } from './queue-participant.ts';

export interface QueueRetentionOptions {
  readonly store: Records;
  readonly clock: Clock;
  /** What is old goes by it. */
  readonly believed: BelievedTime;
  readonly logger: Logger;
  readonly findQueue: (name: string) => Queue;
  /** Whether there has been any message. */
  readonly isUsed: () => boolean;
  /** Dead messages of a queue were deleted. */
  readonly pruned: (queue: string, count: number) => void;
  /** A round has ended: whoever waits for quiet may look again. */
  readonly progressed: () => void;
}

const intervalMs = 60_000;
const batchSize = 500;

/** Deletes a queue's settled messages of a status, a batch at a time, so that ticks run in between. */
export async function pruneAll(store: Records, queue: string, status: 'completed' | 'dead', settledBefore: number, mayGoOn: () => boolean = () => true): Promise<number> {
  let pruned = 0;
  while (mayGoOn()) {
    const count = await store.pruneMessages({ queue, status, settledBefore, limit: batchSize });
    pruned += count;
    if (count < batchSize) break;
    await nextTurn();
  }
  return pruned;
}

/** Lets old messages and idempotency keys go, once a minute and in batches. */
export class QueueRetention implements Dependent {
  readonly #options: QueueRetentionOptions;
  timer: unknown;
  #life = 0;
  #busy: Promise<void> | undefined;

  constructor(options: QueueRetentionOptions) {
    this.#options = options;
  }

  get idle(): boolean {
    return this.#busy === undefined;
  }

  begin(): void {
    this.#life++;
    if (this.#options.isUsed()) this.#arm();
  }

  touched = (): void => {
    if (this.timer === undefined && this.#busy === undefined) this.#arm();
  };

  drain(): void {
    this.end();
  }

  release(): void {}

  end(): void {
    this.#life++;
    if (this.timer !== undefined) this.#options.clock.clearTimer(this.timer);
    this.timer = undefined;
  }

  #arm(): void {
    const life = this.#life;
    this.timer = this.#options.clock.setTimer(() => {
      this.timer = undefined;
      this.#busy = this.#run(life)
        .catch(error => this.#options.logger.warn({ err: error }, 'old messages could not be deleted'))
        .finally(() => {
          this.#busy = undefined;
          this.#options.progressed();
          if (life === this.#life) this.#arm();
        });
    }, intervalMs);
    (this.timer as { unref?: () => void }).unref?.();
  }

  async #run(life: number): Promise<void> {
    const { store, believed, findQueue, pruned } = this.#options;
    const now = believed.read();
    const mayGoOn = (): boolean => life === this.#life;
    for (const { queue: name } of await store.countQueues()) {
      const { completedMs, deadMs } = findQueue(name).retention;
      if (completedMs !== null) await pruneAll(store, name, 'completed', now - completedMs, mayGoOn);
      if (deadMs !== null) pruned(name, await pruneAll(store, name, 'dead', now - deadMs, mayGoOn));
    }
    while (mayGoOn() && (await store.pruneMessageKeys(now, batchSize)) === batchSize) await nextTurn();
  }
}
