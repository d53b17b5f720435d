/** Time as everything in Flowstone sees it. The only file that touches the real one. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Calls back once, after `delayMs` at the earliest. Delays above `maxDelayMs` are cut to it. */
  setTimer(callback: () => void, delayMs: number): unknown;
  clearTimer(timer: unknown): void;
  /** Ms of the process's own time, rising, from anywhere: see docs/architecture.md, "Time". Left out: as `now`. */
  passed?(): number;
}

/** Longest delay of one timer, ms. A clock that jumps is noticed after this time at the latest. */
export const maxDelayMs = 60_000;

/** Time between two beats of the process, ms. */
const beatMs = 100;
/** Credited at once, at most, ms: a process that was stopped, or whose event loop stood still, did not live meanwhile. */
const maxCreditMs = 2 * beatMs;

let credited = 0;
let lastBeat = 0;
let beats: Interval | undefined;

/** A timer that repeats; in a browser it keeps nothing alive, and cannot be told not to. */
type Interval = ReturnType<typeof setInterval> & { readonly unref?: () => unknown };
function every(ms: number, callback: () => void): Interval {
  const timer = setInterval(callback, ms) as Interval;
  timer.unref?.();
  return timer;
}

/** The one ticker: time passes for the process as far as it is seen to run. */
function beat(): number {
  const at = performance.now();
  if (beats) credited += Math.min(at - lastBeat, maxCreditMs);
  else beats = every(beatMs, beat);
  lastBeat = at;
  return credited;
}

/** Process time, ms: claims, leases and time limits of this process's own work go by it; due times go by the calendar. */
export const processTime = (clock: Clock): number => clock.passed?.() ?? clock.now();

/**
 * Calls back once, when so much time has passed for the process: not at once after it was stopped, or its clock was set.
 *
 * @returns what takes it back
 */
export function setDeadline(clock: Clock, ms: number, expire: () => void): () => void {
  const end = processTime(clock) + ms;
  let timer: unknown;
  const arm = (left: number): void => {
    timer = clock.setTimer(() => {
      const rest = end - processTime(clock);
      if (rest > 0) arm(rest);
      else expire();
    }, Math.ceil(left));
  };
  arm(ms);
  return () => clock.clearTimer(timer);
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (callback, delayMs) => setTimeout(callback, Math.max(0, Math.min(delayMs, maxDelayMs))),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
  passed: beat,
};

/** Calls back again and again, in real time, also where the clock is a simulated one. Keeps no process alive. Returns what ends it. */
export function repeat(callback: () => void, everyMs: number): () => void {
  const timer = every(everyMs, callback);
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

  passed(): number {
    return this.#passed;
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

/** Calls back when what goes on is over: in a later turn of the event loop, where the host has turns. */
export function laterTurn(callback: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(callback);
  else if (typeof setTimeout === 'function') setTimeout(callback, 0);
  else void Promise.resolve().then(callback);
}
