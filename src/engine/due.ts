import type { Clock } from '../core/clock.ts';
import { processTime } from '../core/clock.ts';
import { Heap } from '../core/heap.ts';

/** Something that is due at a time. */
export interface Due {
  /** Epoch ms. */
  readonly at: number;
  /** Who is told. */
  readonly of: DueKind;
  /** Of whom of its kind. */
  readonly key: string;
  /** What is due at the same time comes by these, the lowest first. Default 0. */
  readonly place?: number;
  readonly part?: number;
}

/** Whoever is told that something is due. */
export interface DueKind {
  /** False: what it was set for is over. */
  isNeeded(due: Due): boolean;
  /** Called with everything of its own that is due, in order; with nothing when only the time has come. */
  ring(due: readonly Due[]): void;
}

const leastRoom = 1_024;
const never = Number.POSITIVE_INFINITY;

const isBefore = (a: Due, b: Due): boolean => {
  if (a.at !== b.at) return a.at < b.at;
  const [one, other] = [a.place ?? 0, b.place ?? 0];
  return one < other || (one === other && (a.part ?? 0) < (b.part ?? 0));
};

/**
 * The one timer of a runtime: knows when something of any kind is due next.
 *
 * What is due is stored with whom it belongs to; this is the part of it that is in memory.
 */
export class DueTimes {
  readonly #clock: Clock;
  readonly #heap = new Heap<Due>(isBefore);
  /** When somebody is to be told although nothing of his own is due. */
  readonly #wakes = new Map<DueKind, number>();
  /** Likewise, in process time. */
  readonly #waits = new Map<DueKind, number>();
  /** With more than this, those that are no longer needed are looked for. */
  #room = leastRoom;
  /** What the timer is set for, by the calendar and in process time. */
  #armedAt = never;
  #armedEnd = never;
  #timer: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(due: Due): void {
    this.#heap.push(due);
    if (this.#heap.size > this.#room) this.#tidy();
    this.#arm();
  }

  /** They are not taken back one by one: most are over long before their time. */
  #tidy(): void {
    const kept = new Set<string>();
    this.#heap.retain(due => {
      const name = `${due.key} ${due.place} ${due.part} ${due.at}`;
      return !kept.has(name) && due.of.isNeeded(due) && Boolean(kept.add(name));
    });
    this.#room = Math.max(leastRoom, 2 * this.#heap.size);
  }

  /** Tells somebody at a time, or earlier. */
  wake(kind: DueKind, at: number): void {
    if (at >= (this.#wakes.get(kind) ?? never)) return;
    this.#wakes.set(kind, at);
    this.#arm();
  }

  /** Tells somebody when so much time has passed for the process, ms, or earlier. */
  wakeIn(kind: DueKind, ms: number): void {
    const end = processTime(this.#clock) + ms;
    if (end >= (this.#waits.get(kind) ?? never)) return;
    this.#waits.set(kind, end);
    this.#arm();
  }

  /** Asks the clock at once: while the machine slept it went on, and the timer did not. */
  look(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#ring();
  }

  clear(): void {
    this.#heap.clear();
    this.#wakes.clear();
    this.#waits.clear();
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#armedAt = this.#armedEnd = never;
  }

  #arm(): void {
    let at = this.#heap.peek()?.at ?? never;
    let end = never;
    for (const wake of this.#wakes.values()) at = Math.min(at, wake);
    for (const wait of this.#waits.values()) end = Math.min(end, wait);
    if (at >= this.#armedAt && end >= this.#armedEnd) return;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#armedAt = at;
    this.#armedEnd = end;
    this.#timer = undefined;
    const delay = Math.min(at - this.#clock.now(), end === never ? never : end - processTime(this.#clock));
    if (delay > 0) this.#timer = this.#clock.setTimer(() => this.#ring(), Math.ceil(delay));
    // Overdue: no timer, so that a clock that stands still does not hold it back.
    else queueMicrotask(() => this.#ring());
  }

  #ring(): void {
    this.#timer = undefined;
    this.#armedAt = this.#armedEnd = never;
    const now = this.#clock.now();
    const due = new Map<DueKind, Due[]>();
    for (const [kind, end] of this.#waits) {
      if (end > processTime(this.#clock)) continue;
      this.#waits.delete(kind);
      due.set(kind, []);
    }
    for (const [kind, at] of this.#wakes) {
      if (at > now) continue;
      this.#wakes.delete(kind);
      due.set(kind, []);
    }
    while ((this.#heap.peek()?.at ?? never) <= now) {
      const next = this.#heap.pop() as Due;
      const list = due.get(next.of);
      if (list) list.push(next);
      else due.set(next.of, [next]);
    }
    for (const [kind, list] of due) kind.ring(list);
    this.#arm();
  }
}
