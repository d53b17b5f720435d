import type { Clock } from '../../core/clock.ts';

/** One timer for many due times: the earliest of those it was told. */
export class WakeAlarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #timer: unknown;
  #at = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at this time, epoch ms, unless it rings earlier already. Undefined: never. */
  arm(at: number | undefined): void {
    if (at === undefined || at >= this.#at) return;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#at = at;
    this.#timer = undefined;
    const delay = at - this.#clock.now();
    if (delay > 0) this.#timer = this.#clock.setTimer(() => this.#check(), delay);
    // Overdue: no timer, so that a clock that stands still does not hold it back.
    else queueMicrotask(() => this.#check());
  }

  #check(): void {
    const at = this.#at;
    if (at === Number.POSITIVE_INFINITY) return;
    this.#at = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    // A long delay is cut by the clock: it is not due yet.
    if (at > this.#clock.now()) this.arm(at);
    else this.#ring();
  }

  clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }
}
