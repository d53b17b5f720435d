import { turns } from '../../../persistence/queue-records.ts';
import type { QueuedMessage } from './queued-message.ts';
import { Heap } from '../../core/heap.ts';

/** The messages that are claimed, by the link that has them, and when their claims end. */
export class MessageClaims {
  readonly #passed: () => number;
  readonly #leases: Alarms;
  readonly #byLink = new Map<string, Set<QueuedMessage>>();

  /**
   * @param messages those in memory, by key
   * @param passed process time, ms
   */
  constructor(messages: ReadonlyMap<number, QueuedMessage>, passed: () => number) {
    this.#leases = new Alarms(messages);
    this.#passed = passed;
  }

  /** Names of the links that hold claims. */
  get links(): readonly string[] {
    return [...this.#byLink.keys()];
  }

  /** What a link has claimed. */
  of(link: string): ReadonlySet<QueuedMessage> {
    return this.#byLink.get(link) ?? new Set();
  }

  /** It is claimed: until its claim ends, or runs out. */
  add(message: QueuedMessage, now: number): void {
    const by = message.claimedBy ?? '';
    const claims = this.#byLink.get(by);
    if (claims) claims.add(message);
    else this.#byLink.set(by, new Set([message]));
    message.turn = turns.claimed;
    // By process time: what was granted may be used, whatever has become of the clock, and of this process meanwhile.
    message.leaseEndsAt = this.#passed() + (message.snapshot.context.leaseUntil ?? now) - now;
    this.#leases.set(message.leaseEndsAt, message);
  }

  remove(message: QueuedMessage): void {
    const by = message.claimedBy ?? '';
    const claims = this.#byLink.get(by);
    claims?.delete(message);
    if (claims?.size === 0) this.#byLink.delete(by);
  }

  /** Time until a claim may run out, ms of process time; none: infinity. */
  get untilEnd(): number {
    return (this.#leases.nextAt ?? Number.POSITIVE_INFINITY) - this.#passed();
  }

  /** Claims that have run out by this process time. */
  listExpired(passed: number): QueuedMessage[] {
    const { nextAt } = this.#leases;
    if (nextAt === undefined || nextAt > passed) return [];
    return [...this.#byLink.values()].flatMap(claims => [...claims].filter(({ leaseEndsAt }) => leaseEndsAt <= passed));
  }

  /** The same, each once. */
  *takeExpired(passed: number): Generator<QueuedMessage> {
    for (const message of this.#leases.takeDue(passed)) if (message.snapshot.value === 'processing' && message.leaseEndsAt <= passed) yield message;
  }
}

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
