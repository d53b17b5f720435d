import { Heap } from '../../core/heap.ts';
import type { QueuedMessage } from './queued-message.ts';

interface Alarm {
  readonly at: number;
  readonly message: QueuedMessage;
  readonly claim: number;
}

/** With fewer than this it does not matter how many are of no use any more. */
const leastCleaned = 1_000;

/** When claims end. One that was claimed anew or has settled since is not told of. */
export class Alarms {
  readonly #heap = new Heap<Alarm>((a, b) => a.at < b.at);
  readonly #messages: ReadonlyMap<number, QueuedMessage>;
  /** How many there may be until those of no use are let go: twice as many as were left the last time. */
  #cleanAbove = leastCleaned;

  /** @param messages those that have not settled, by key */
  constructor(messages: ReadonlyMap<number, QueuedMessage>) {
    this.#messages = messages;
  }

  get size(): number {
    return this.#heap.size;
  }

  /** Epoch ms; nothing may be due then, if what it was for has happened. */
  get nextAt(): number | undefined {
    return this.#heap.peek()?.at;
  }

  set(at: number, message: QueuedMessage): void {
    this.#heap.push({ at, message, claim: message.snapshot.context.claim });
    // They would stay until their time, and keep messages in memory that have long settled.
    if (this.#heap.size <= this.#cleanAbove) return;
    this.#heap.retain(alarm => this.#isCurrent(alarm));
    this.#cleanAbove = Math.max(leastCleaned, 2 * this.#heap.size);
  }

  *takeDue(now: number): Generator<QueuedMessage> {
    for (let alarm = this.#heap.peek(); alarm && alarm.at <= now; alarm = this.#heap.peek()) {
      this.#heap.pop();
      if (this.#isCurrent(alarm)) yield alarm.message;
    }
  }

  #isCurrent({ message, claim }: Alarm): boolean {
    return this.#messages.get(message.key) === message && message.snapshot.context.claim === claim;
  }
}
