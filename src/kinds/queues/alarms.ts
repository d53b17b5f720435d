import { Heap } from '../../core/heap.ts';
import type { Entry } from './entry.ts';

interface Alarm {
  readonly at: number;
  readonly entry: Entry;
  readonly claim: number;
}

/** With fewer than this it does not matter how many are of no use any more. */
const leastCleaned = 1_000;

/** When messages are due: delays and back-offs, or ends of claims. One that was claimed anew or has settled since is not told of. */
export class Alarms {
  readonly #heap = new Heap<Alarm>((a, b) => a.at < b.at);
  readonly #entries: ReadonlyMap<number, Entry>;
  /** How many there may be until those of no use are let go: twice as many as were left the last time. */
  #cleanAbove = leastCleaned;

  /** @param entries the messages that have not settled, by key */
  constructor(entries: ReadonlyMap<number, Entry>) {
    this.#entries = entries;
  }

  get size(): number {
    return this.#heap.size;
  }

  /** Epoch ms; nothing may be due then, if what it was for has happened. */
  get nextAt(): number | undefined {
    return this.#heap.peek()?.at;
  }

  set(at: number, entry: Entry): void {
    this.#heap.push({ at, entry, claim: entry.snapshot.context.claim });
    // They would stay until their time, and keep messages in memory that have long settled.
    if (this.#heap.size <= this.#cleanAbove) return;
    this.#heap.retain(alarm => this.#isCurrent(alarm));
    this.#cleanAbove = Math.max(leastCleaned, 2 * this.#heap.size);
  }

  *takeDue(now: number): Generator<Entry> {
    for (let alarm = this.#heap.peek(); alarm && alarm.at <= now; alarm = this.#heap.peek()) {
      this.#heap.pop();
      if (this.#isCurrent(alarm)) yield alarm.entry;
    }
  }

  #isCurrent({ entry, claim }: Alarm): boolean {
    return this.#entries.get(entry.key) === entry && entry.snapshot.context.claim === claim;
  }
}
