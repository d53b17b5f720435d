import { turns } from '../../../persistence/queue-records.ts';
import type { QueuedMessage } from './queued-message.ts';
import { isBefore } from './queued-message.ts';

/**
 * One partition of a queue and instance. Of each priority there is a head, free, claimed or away; the others stand behind it,
 * and stay in the store until the head has ended.
 */
export class Lane {
  /** Messages of it that are being handled. */
  active = 0;
  /** Messages of it that changed in this tick: what is stored of them is not so any more. */
  changed = 0;
  #heads: Map<number, QueuedMessage> | undefined;
  /** By priority, the first of those behind; only within a tick. */
  readonly #behind = new Map<number, QueuedMessage[]>();
  #fresh: QueuedMessage[] = [];

  get isLoaded(): boolean {
    return this.#heads !== undefined;
  }

  load(heads: readonly QueuedMessage[]): void {
    this.#heads = new Map(heads.map(head => [head.priority, head]));
  }

  /** Whether it is known who stands behind the head of a priority. */
  knowsNext(priority: number): boolean {
    return this.#behind.has(priority);
  }

  loadNext(priority: number, messages: readonly QueuedMessage[]): void {
    this.#behind.set(priority, [...messages]);
  }

  /** @throws a TypeError when the partition was not read before */
  headOf(priority: number): QueuedMessage | undefined {
    if (!this.#heads) throw new TypeError('Expected a partition that was read before it is changed');
    return this.#heads.get(priority);
  }

  setHead(message: QueuedMessage): void {
    this.#heads?.set(message.priority, message);
  }

  /** @returns whether it was the head */
  removeHead(message: QueuedMessage): boolean {
    if (this.headOf(message.priority) !== message) return false;
    this.#heads?.delete(message.priority);
    return true;
  }

  /** It stands behind the head from this tick on. */
  addBehind(message: QueuedMessage): void {
    this.#fresh.push(message);
  }

  /** The one that comes next; it is taken out. */
  takeNext(priority: number, isCurrent: (message: QueuedMessage) => boolean): QueuedMessage | undefined {
    let next: QueuedMessage | undefined;
    for (const list of [this.#behind.get(priority) ?? [], this.#fresh]) {
      for (const message of list) {
        if (message.priority !== priority || message.turn !== turns.behind || !isCurrent(message)) continue;
        if (!next || isBefore(message, next)) next = message;
      }
    }
    return next;
  }

  committed(): void {
    this.changed = 0;
    this.#fresh = [];
    this.#behind.clear();
  }
}
