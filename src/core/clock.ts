/** Time as everything in Flowstone sees it. The only file that touches the real one. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Calls back once, after `delayMs` at the earliest. Delays above `maxDelayMs` are cut to it. */
  setTimer(callback: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
}

/** Longest delay of one timer, ms. A clock that jumps is noticed after this time at the latest. */
const maxDelayMs = 60_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (callback, delayMs) => setTimeout(callback, Math.max(0, Math.min(delayMs, maxDelayMs))),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
};

/** Ms that only grow, for limits on work no timer can interrupt. Real time, also where the clock is a simulated one. */
export const monotonicNow = (): number => performance.now();

/** A clock that stands still until it is told to go on. */
export class SimulatedClock implements Clock {
  #now: number;
  #next = 1;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();

  /** @param start epoch ms, default 2026-01-01T00:00:00Z */
  constructor(start = 1_767_225_600_000) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number): number {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + Math.max(0, Math.min(delayMs, maxDelayMs)), callback });
    return id;
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  /** When the next timer fires; undefined: there is none. */
  nextTimerAt(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#timers.values()) if (next === undefined || at < next) next = at;
    return next;
  }

  /** Goes on by so many ms and fires what falls due, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      let due: [number, { at: number; callback: () => void }] | undefined;
      for (const entry of this.#timers) if (entry[1].at <= until && (!due || entry[1].at < due[1].at)) due = entry;
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].callback();
    }
    this.#now = until;
  }

  /** Sets the time without firing anything, as when the user changes the clock. */
  jump(to: number): void {
    this.#now = to;
  }
}
