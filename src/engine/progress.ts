import type { Clock } from '../core/clock.ts';

/** Lets a stop wait for what is under way. */
export class Progress {
  readonly #clock: Clock;
  #look: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has been done: looks again. */
  note(): void {
    this.#look?.();
  }

  /** Resolves when it is true, or when the clock says that the time is over. */
  waitFor(isTrue: () => boolean, timeoutMs: number): Promise<void> {
    if (isTrue() || timeoutMs === 0) return Promise.resolve();
    return new Promise(resolve => {
      const end = (): void => {
        this.#look = undefined;
        resolve();
      };
      const timer = this.#clock.setTimer(end, timeoutMs);
      this.#look = () => {
        if (!isTrue()) return;
        this.#clock.clearTimer(timer);
        end();
      };
    });
  }
}
