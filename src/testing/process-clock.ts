import type { Clock } from '../core/clock.ts';
import { SimulatedClock } from '../core/clock.ts';

/** A clock as one process sees it: when the process has ended, its timers no longer fire. */
export class ProcessClock implements Clock {
  readonly #clock: SimulatedClock;
  #alive = true;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  passed(): number {
    return this.#clock.passed();
  }

  setTimer(callback: () => void, delayMs: number): number {
    return this.#clock.setTimer(() => this.#alive && callback(), delayMs);
  }

  clearTimer(timer: unknown): void {
    this.#clock.clearTimer(timer);
  }

  kill(): void {
    this.#alive = false;
  }
}
