import type { Logger } from '../../core/logger.ts';
import type { Answer } from '../../../persistence/answer.ts';
import type { Clock } from '../../core/clock.ts';
import type { QueueAlert, QueueAlertThresholds } from './queue-api.ts';
import type { QueueState } from './queue-state.ts';
import type { QueueStates } from './queue-states.ts';
import type { Dependent } from './queue-participant.ts';

export interface AlertOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly thresholds: QueueAlertThresholds;
  readonly sizeBudgetBytes: number;
  readonly states: () => QueueStates;
  /** Since when the oldest message of a queue waits that could be handled now; undefined: none does. */
  readonly readOldestAt: (queue: string, now: number) => Answer<number | undefined>;
  /** Size of the store, bytes; undefined: not known now. */
  readonly readSize: () => number | undefined;
  readonly notify: ((alert: QueueAlert) => void) | undefined;
}

const intervalMs = 1_000;
/** How often the size is looked at, and how long the same alert is not repeated, ms. */
const sizeIntervalMs = 60_000;
const repeatMs = 60_000;

/** Watches the queues once a second; says what somebody should look at, again only when it got worse or lasts. */
export class QueueAlerts implements Dependent {
  readonly idle = true;
  readonly #options: AlertOptions;
  /** When an alert was given last, and with which figure, by type and queue. */
  readonly #given = new Map<string, { readonly at: number; readonly figure: number }>();
  timer: unknown;
  #sizeAt = 0;

  constructor(options: AlertOptions) {
    this.#options = options;
  }

  begin(): void {
    if (this.#options.states().states.size > 0) this.#arm();
  }

  touched = (): void => {
    if (this.timer === undefined) this.#arm();
  };

  drain(): void {
    this.#stop();
  }

  release(): void {}

  end(): void {
    this.#stop();
  }

  #stop(): void {
    if (this.timer !== undefined) this.#options.clock.clearTimer(this.timer);
    this.timer = undefined;
  }

  #arm(): void {
    this.#stop();
    this.timer = this.#options.clock.setTimer(() => {
      this.timer = undefined;
      this.check();
      // What is empty is not watched.
      if (this.#options.states().unsettled > 0) this.#arm();
    }, intervalMs);
    // Nobody is kept alive by being watched.
    (this.timer as { unref?: () => void }).unref?.();
  }

  check(): void {
    const { clock, states, sizeBudgetBytes, readSize } = this.#options;
    const now = clock.now();
    for (const state of states().states.values()) this.#checkQueue(state, now);
    if (now - this.#sizeAt < sizeIntervalMs && now >= this.#sizeAt) return;
    this.#sizeAt = now;
    const bytes = readSize() ?? 0;
    this.#consider('database.grew', bytes > sizeBudgetBytes, bytes, now, () => ({ type: 'database.grew', bytes, threshold: sizeBudgetBytes }), true);
  }

  #checkQueue({ name: queue, dead, unsettled }: QueueState, now: number): void {
    const { thresholds, readOldestAt, logger } = this.#options;
    const { dead: maxDead = 10, latencyMs = 5_000 } = thresholds;
    this.#consider(`dlq.grew ${queue}`, dead > maxDead, dead, now, () => ({ type: 'dlq.grew', queue, dead, threshold: maxDead }), true);
    const consider = (oldestAt: number | undefined): void => {
      const oldestAgeMs = oldestAt === undefined ? 0 : now - oldestAt;
      this.#consider(`queue.stalled ${queue}`, oldestAgeMs > latencyMs, oldestAgeMs, now, () => ({ type: 'queue.stalled', queue, oldestAgeMs, threshold: latencyMs }));
    };
    const failed = (error: unknown): void => logger.debug({ err: error, queue }, 'the oldest message of a queue could not be read');
    try {
      const answer = unsettled === 0 ? undefined : readOldestAt(queue, now);
      if (answer instanceof Promise) answer.then(consider, failed);
      else consider(answer);
    } catch (error) {
      failed(error);
    }
  }

  /** @param onlyGrown it is said again only when the figure has grown */
  #consider(key: string, isBad: boolean, figure: number, now: number, toAlert: () => QueueAlert, onlyGrown = false): void {
    const given = this.#given.get(key);
    if (!isBad) {
      this.#given.delete(key);
      return;
    }
    if (given && (Math.abs(now - given.at) < repeatMs || (onlyGrown && figure <= given.figure))) return;
    this.#given.set(key, { at: now, figure });
    const alert = toAlert();
    this.#options.logger.warn(alert, 'a queue needs attention');
    try {
      this.#options.notify?.(alert);
    } catch (error) {
      this.#options.logger.error({ err: error }, '`onQueueAlert` threw');
    }
  }
}
