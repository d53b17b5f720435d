/** Time as everything in Flowstone sees it. The only file that touches the real one. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Calls back once, after `delayMs` at the earliest. Delays above `maxDelayMs` are cut to it. */
  setTimer(callback: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
}

/** Longest delay of one timer, ms. A clock that jumps is noticed after this time at the latest. */
export const maxDelayMs = 60_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (callback, delayMs) => setTimeout(callback, Math.max(0, Math.min(delayMs, maxDelayMs))),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
};

/** Calls back again and again, in real time, also where the clock is a simulated one. Keeps no process alive. Returns what ends it. */
export function repeat(callback: () => void, everyMs: number): () => void {
  const timer = setInterval(callback, everyMs).unref();
  return () => clearInterval(timer);
}

/** A clock that stands still until it is told to go on. */
export class SimulatedClock implements Clock {
  /** What has passed; timers go by it, as real ones do, whatever time it is said to be. */
  #passed = 0;
  #start: number;
  #next = 1;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();

  /** @param start epoch ms, default 2026-01-01T00:00:00Z */
  constructor(start = 1_767_225_600_000) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#passed;
  }

  setTimer(callback: () => void, delayMs: number): number {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#passed + Math.max(0, Math.min(delayMs, maxDelayMs)), callback });
    return id;
  }

  clearTimer(timer: unknown): void {
    this.#timers.delete(timer as number);
  }

  /** When the next timer fires; undefined: there is none. */
  nextTimerAt(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#timers.values()) if (next === undefined || at < next) next = at;
    return next === undefined ? undefined : this.#start + next;
  }

  /** Goes on by so many ms and fires what falls due, in order. */
  advance(ms: number): void {
    const until = this.#passed + ms;
    for (;;) {
      let due: [number, { at: number; callback: () => void }] | undefined;
      for (const entry of this.#timers) if (entry[1].at <= until && (!due || entry[1].at < due[1].at)) due = entry;
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#passed = Math.max(this.#passed, due[1].at);
      due[1].callback();
    }
    this.#passed = until;
  }

  /** Sets the time, epoch ms, as when somebody changes the clock. Nothing passes, so nothing fires. */
  jump(to: number): void {
    this.#start = to - this.#passed;
  }
}
