import type { InstanceRecord, MessageChange, MessageKeyRecord, MessageRecord, MessageWaiterRecord, OutboxRecord, Turn } from '../../../persistence/queue-records.ts';
import type { QueueBatch } from '../../../persistence/queue-store.ts';
import type { QueuedMessage } from './queued-message.ts';
import { toChange, toRecord } from './queued-message.ts';

interface Touched {
  readonly message: QueuedMessage;
  /** Of a message that is new: what its row needs beside its state. */
  readonly payload: string | undefined;
  entries: string;
}

/** Gathers what one tick changes in the queues: a row is written once, however much happened to it. */
export class QueueChanges {
  readonly #touched = new Map<number, Touched>();
  readonly #turned = new Map<number, Turn>();
  readonly #redriven: MessageChange[] = [];
  readonly #noted: QueueBatch['noted'][number][] = [];
  readonly messageKeys: MessageKeyRecord[] = [];
  readonly registered: InstanceRecord[] = [];
  readonly forgotten: Pick<InstanceRecord, 'queue' | 'instance'>[] = [];
  readonly outboxPut = new Map<number, OutboxRecord>();
  readonly outboxSent: number[] = [];
  readonly waitersPut: MessageWaiterRecord[] = [];
  readonly waitersGone: Pick<MessageWaiterRecord, 'executionId' | 'position' | 'item'>[] = [];

  /** Whether what is stored of a message is not so any more. */
  has(key: number): boolean {
    return this.#touched.has(key) || this.#turned.has(key);
  }

  publish(message: QueuedMessage, payload: string, history: string): void {
    this.#touched.set(message.key, { message, payload, entries: history });
  }

  /** The payload of a message that was published in this tick. */
  payloadOf(key: number): string | undefined {
    return this.#touched.get(key)?.payload;
  }

  /** @param history undefined: nothing is added to it */
  move(message: QueuedMessage, history: string | undefined): void {
    const touched = this.#touched.get(message.key);
    if (!touched) this.#touched.set(message.key, { message, payload: undefined, entries: history ?? '' });
    else if (history !== undefined) touched.entries = touched.entries === '' ? history : `${touched.entries},${history}`;
    this.#turned.delete(message.key);
  }

  /** It took another turn, and nothing else of it changed; `toBatch` looks at what it has then. */
  turn({ key, turn }: QueuedMessage): void {
    if (!this.#touched.has(key)) this.#turned.set(key, turn);
  }

  /** At once: what else happens to it in this tick is a change of its own. */
  redrive(message: QueuedMessage, history: string, now: number): void {
    this.#redriven.push(toChange(message, history, now));
    this.#turned.set(message.key, message.turn);
  }

  note(key: number, history: string): void {
    this.#noted.push({ key, entries: history });
  }

  toBatch(now: number): QueueBatch | undefined {
    const { messageKeys, registered, forgotten, outboxPut, outboxSent, waitersPut, waitersGone } = this;
    const count = this.#touched.size + this.#turned.size + this.#redriven.length + this.#noted.length + messageKeys.length + registered.length + forgotten.length
      + outboxPut.size + outboxSent.length + waitersPut.length + waitersGone.length;
    if (count === 0) return undefined;
    const published: MessageRecord[] = [];
    const moved: MessageChange[] = [];
    for (const { message, payload, entries } of this.#touched.values()) {
      if (payload === undefined) moved.push(toChange(message, entries, now));
      else published.push(toRecord(message, payload, entries, now));
    }
    const turned = Array.from(this.#turned, ([key, turn]) => ({ key, turn }));
    return {
      at: now, published, moved, redriven: this.#redriven, noted: this.#noted, messageKeys, instances: { registered, forgotten },
      ...(turned.length > 0 && { turned }), outbox: { put: [...outboxPut.values()], sent: outboxSent }, waiters: { put: waitersPut, gone: waitersGone },
    };
  }
}
