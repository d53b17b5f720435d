import type { Clock } from './clock.ts';
import { processTime } from './clock.ts';

/** How long a clock has to show a time before anything is deleted by it, ms of process time. */
const trialMs = 3_600_000;

/**
 * The time by which what is old may be deleted. A clock that shows a day far ahead, for a minute or at the start, is not
 * believed: of what it has shown during the last hour, and of what was stored before, the earliest counts.
 */
export class BelievedTime {
  readonly #clock: Clock;
  /** How far the calendar was ahead of process time, and until when that counts. */
  #shown: { readonly ahead: number; readonly until: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.know(clock.now());
  }

  /** Something was stored at that time, by a process before this one: what a clock says now may be far from it by mistake. */
  know(at: number): void {
    const passed = processTime(this.#clock);
    this.#shown.push({ ahead: Math.min(at, this.#clock.now()) - passed, until: passed + trialMs });
  }

  /** As `read`, as often as one likes: what the clock shows now is not remembered. */
  peek(): number {
    const passed = processTime(this.#clock);
    let ahead = this.#clock.now() - passed;
    for (const shown of this.#shown) if (shown.until > passed) ahead = Math.min(ahead, shown.ahead);
    return passed + ahead;
  }

  /** To be read about once a minute; epoch ms, never later than the clock. */
  read(): number {
    const passed = processTime(this.#clock);
    const ahead = this.#clock.now() - passed;
    this.#shown = [...this.#shown.filter(({ until }) => until > passed), { ahead, until: passed + trialMs }];
    return passed + Math.min(...this.#shown.map(shown => shown.ahead));
  }
}
