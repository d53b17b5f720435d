import type { Clock } from '../../core/clock.ts';
import { Heap } from '../../core/heap.ts';

export interface Due {
  readonly at: number;
  readonly executionId: string;
  /** Position of the step; -1: the flow's own timeout. */
  readonly position: number;
  readonly item: number;
}

const leastRoom = 1_024;

/** What is due at the same time comes in the order of its place. */
const isBefore = (a: Due, b: Due): boolean =>
  a.at < b.at || (a.at === b.at && (a.position < b.position || (a.position === b.position && a.item < b.item)));

/**
 * The one timer of a host: knows when the next wait, back-off or timeout is due.
 *
 * What is due is stored with its step; this heap is only the part of it whose flows are in memory.
 */
export class Timers {
  readonly #clock: Clock;
  readonly #fire: (due: readonly Due[]) => void;
  readonly #isNeeded: (due: Due) => boolean;
  readonly #heap = new Heap<Due>(isBefore);
  /** With more timers than this, those that are no longer needed are looked for. */
  #room = leastRoom;
  #armedAt = Number.POSITIVE_INFINITY;
  #timer: unknown;
  /** When the store has to be asked for sleeping flows. */
  #wakeAt = Number.POSITIVE_INFINITY;

  /** @param isNeeded false: whatever it was armed for is over, or no longer in memory */
  constructor(clock: Clock, fire: (due: readonly Due[]) => void, isNeeded: (due: Due) => boolean) {
    this.#clock = clock;
    this.#fire = fire;
    this.#isNeeded = isNeeded;
  }

  add(due: Due): void {
    this.#heap.push(due);
    if (this.#heap.size > this.#room) this.#tidy();
    this.#arm();
  }

  /** Timers are not taken back one by one: most flows end long before their timeout. */
  #tidy(): void {
    const kept = new Map<string, Due>();
    for (let due = this.#heap.pop(); due; due = this.#heap.pop()) {
      if (this.#isNeeded(due)) kept.set(`${due.executionId} ${due.position} ${due.item} ${due.at}`, due);
    }
    for (const due of kept.values()) this.#heap.push(due);
    this.#room = Math.max(leastRoom, 2 * kept.size);
  }

  /** Asks for a wake-up at this time, also when nothing in memory is due. */
  wakeAt(at: number): void {
    this.#wakeAt = Math.min(this.#wakeAt, at);
    this.#arm();
  }

  clear(): void {
    this.#heap.clear();
    this.#wakeAt = Number.POSITIVE_INFINITY;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const next = Math.min(this.#wakeAt, this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY);
    if (next === Number.POSITIVE_INFINITY || next >= this.#armedAt) return;
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#armedAt = next;
    const delay = next - this.#clock.now();
    if (delay > 0) {
      this.#timer = this.#clock.setTimer(() => this.#ring(), delay);
    } else {
      // Overdue: no timer, so that a clock that stands still does not hold it back.
      this.#timer = undefined;
      queueMicrotask(() => this.#ring());
    }
  }

  #ring(): void {
    this.#timer = undefined;
    this.#armedAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    const due: Due[] = [];
    while ((this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY) <= now) due.push(this.#heap.pop() as Due);
    const wakes = this.#wakeAt <= now;
    if (wakes) this.#wakeAt = Number.POSITIVE_INFINITY;
    if (due.length > 0 || wakes) this.#fire(due);
    this.#arm();
  }
}
