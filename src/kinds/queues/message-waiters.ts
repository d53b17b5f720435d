import type { Answer } from '../../../persistence/answer.ts';
import type { MessageWaiterRecord } from '../../../persistence/queue-records.ts';
import type { Tick } from '../../engine/kind.ts';
import type { FlowInbox } from '../contract/flow-inbox.ts';
import type { Queue } from './define-queue.ts';
import type { Entry } from './entry.ts';
import { toReceipt } from './entry.ts';
import type { QueueBook } from './queue-book.ts';
import type { StepWait } from './queue-commands.ts';
import { readPayload } from './read-payload.ts';

interface Waiter extends MessageWaiterRecord {
  readonly signal: string;
  /** The message that is on its way to it. */
  entry: Entry | undefined;
}

type Place = Pick<MessageWaiterRecord, 'executionId' | 'position' | 'item'>;

const flowPrefix = 'flow:';
/** Whether a claim is a flow's: of a message on its way to a step. */
export const isFlowClaim = (name: string): boolean => name.startsWith(flowPrefix);

/** Longest that reading a flow back may take, ms; then the message is offered anew, and the flow is taken to be gone. */
const leaseMs = 300_000;

export interface MessageWaitersOptions {
  readonly flows: FlowInbox;
  readonly findQueue: (name: string) => Queue;
  readonly book: () => QueueBook;
  readonly readPayload: (key: number) => string | undefined;
}

/**
 * Steps that wait for messages. A message on its way is claimed by its flow; in the commit in which the step has it, the
 * message is acknowledged, so both happen or neither.
 */
export class MessageWaiters {
  readonly #options: MessageWaitersOptions;
  readonly #byPlace = new Map<string, Waiter>();
  /** By queue and correlation id, in the order in which they began to wait. */
  readonly #byWish = new Map<string, Set<Waiter>>();

  constructor(options: MessageWaitersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byPlace.size;
  }

  async begin(list: (after: Place | undefined) => Answer<MessageWaiterRecord[]>, pageSize: number): Promise<void> {
    this.#byPlace.clear();
    this.#byWish.clear();
    for (let after: Place | undefined; ; ) {
      const page = await list(after);
      for (const row of page) this.#add({ ...row, entry: undefined });
      if (page.length < pageSize) return;
      after = page.at(-1);
    }
  }

  /** Which messages are on their way, by the claims that are stored. */
  recall(): void {
    const taken = new Set<Entry>();
    for (const waiter of this.#byPlace.values()) {
      waiter.entry = this.#options.book().listClaimed(toClaimant(waiter)).find(entry => !taken.has(entry));
      if (waiter.entry) taken.add(waiter.entry);
    }
  }

  note(waits: readonly StepWait[], tick: Tick): void {
    const { changes } = this.#options.book();
    for (const { state, ...wait } of waits) {
      const known = this.#byPlace.get(toPlace(wait));
      if (state === 'waiting') {
        if (known) continue;
        const { executionId, position, item, queue, correlationId, signal } = wait;
        const waiter: Waiter = { executionId, position, item, queue, correlationId, signal, entry: undefined };
        this.#add(waiter);
        changes.waitersPut.push({ executionId, position, item, queue, correlationId, signal });
        this.#match(waiter, tick);
      } else if (known) this.#end(known, state === 'received', tick);
    }
  }

  /** A message that was published: if a step waits for it, it is that step's. */
  offer(entry: Entry, tick: Tick): void {
    if (this.#byPlace.size === 0 || entry.instance !== null || entry.snapshot.context.dueAt !== null) return;
    const { queue, correlationId } = entry;
    for (const wish of correlationId === null ? [null] : [correlationId, null]) {
      for (const waiter of this.#byWish.get(toWish(queue, wish)) ?? []) {
        if (waiter.entry) continue;
        this.#match(waiter, tick);
        return;
      }
    }
  }

  /** What has become visible, or was given back. */
  matchAll(tick: Tick): void {
    for (const waiter of this.#byPlace.values()) {
      // It was not taken in time: its flow is gone.
      if (waiter.entry && waiter.entry.claimedBy === toClaimant(waiter) && waiter.entry.snapshot.value === 'retrying') this.#forget(waiter);
      else if (!waiter.entry) this.#match(waiter, tick);
    }
  }

  #match(waiter: Waiter, { now, post }: Tick): void {
    const book = this.#options.book();
    for (let entry = book.findReady(waiter.queue, waiter.correlationId); entry; entry = book.findReady(waiter.queue, waiter.correlationId)) {
      const json = entry.payload ?? book.changes.payloadOf(entry.key) ?? this.#options.readPayload(entry.key) ?? 'null';
      const read = readPayload(this.#options.findQueue(waiter.queue), entry.version, entry.messageId, json);
      if ('failure' in read) {
        book.refuse(entry, read.failure, now);
        continue;
      }
      book.claimOne(entry, toClaimant(waiter), leaseMs, now);
      waiter.entry = entry;
      const payload = JSON.stringify(read.payload ?? null);
      post(this.#options.flows.toCommand(waiter.executionId, { to: 'signal', signal: { executionKey: 1, number: now * 1_000, name: waiter.signal, payload, receivedAt: now } }));
      return;
    }
  }

  #end(waiter: Waiter, received: boolean, tick: Tick): void {
    const { entry } = waiter;
    this.#forget(waiter);
    if (!entry) return;
    const book = this.#options.book();
    book.answer(toClaimant(waiter), toReceipt(entry), received ? { type: 'ack' } : { type: 'release' }, tick.now);
    if (!received) this.offer(entry, tick);
  }

  #add(waiter: Waiter): void {
    this.#byPlace.set(toPlace(waiter), waiter);
    const wish = toWish(waiter.queue, waiter.correlationId);
    const known = this.#byWish.get(wish);
    if (known) known.add(waiter);
    else this.#byWish.set(wish, new Set([waiter]));
  }

  #forget(waiter: Waiter): void {
    const { executionId, position, item } = waiter;
    this.#byPlace.delete(toPlace(waiter));
    const wish = toWish(waiter.queue, waiter.correlationId);
    const known = this.#byWish.get(wish);
    known?.delete(waiter);
    if (known?.size === 0) this.#byWish.delete(wish);
    this.#options.book().changes.waitersGone.push({ executionId, position, item });
  }
}

const toPlace = ({ executionId, position, item }: Place): string => JSON.stringify([executionId, position, item]);
const toWish = (queue: string, correlationId: string | null): string => JSON.stringify([queue, correlationId]);
const toClaimant = ({ executionId, position }: Place): string => `${flowPrefix}${executionId}/${position}`;
