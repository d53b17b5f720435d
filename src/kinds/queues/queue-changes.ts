import type { InstanceRecord, MessageChange, MessageKeyRecord, MessageRecord, MessageWaiterRecord, OutboxRecord } from '../../../persistence/queue-records.ts';
import type { QueueBatch } from '../../../persistence/queue-store.ts';
import type { Entry } from './entry.ts';
import { toChange, toRecord } from './entry.ts';

interface Touched {
  readonly entry: Entry;
  /** Of a message that is new: what its row needs beside its state. */
  readonly payload: string | undefined;
  entries: string;
}

/** Gathers what one tick changes in the queues: a row is written once, however much happened to it. */
export class QueueChanges {
  readonly #touched = new Map<number, Touched>();
  readonly #redriven: MessageChange[] = [];
  readonly #noted: QueueBatch['noted'][number][] = [];
  readonly messageKeys: MessageKeyRecord[] = [];
  readonly registered: InstanceRecord[] = [];
  readonly forgotten: Pick<InstanceRecord, 'queue' | 'instance'>[] = [];
  readonly outboxPut = new Map<number, OutboxRecord>();
  readonly outboxSent: number[] = [];
  readonly waitersPut: MessageWaiterRecord[] = [];
  readonly waitersGone: Pick<MessageWaiterRecord, 'executionId' | 'position' | 'item'>[] = [];

  publish(entry: Entry, payload: string, history: string): void {
    this.#touched.set(entry.key, { entry, payload, entries: history });
  }

  /** The payload of a message that was published in this tick. */
  payloadOf(key: number): string | undefined {
    return this.#touched.get(key)?.payload;
  }

  /** @param history undefined: nothing is added to it */
  move(entry: Entry, history: string | undefined): void {
    const touched = this.#touched.get(entry.key);
    if (!touched) this.#touched.set(entry.key, { entry, payload: undefined, entries: history ?? '' });
    else if (history !== undefined) touched.entries = touched.entries === '' ? history : `${touched.entries},${history}`;
  }

  /** At once: what else happens to it in this tick is a change of its own. */
  redrive(entry: Entry, history: string, now: number): void {
    this.#redriven.push(toChange(entry, history, now));
  }

  note(key: number, history: string): void {
    this.#noted.push({ key, entries: history });
  }

  toBatch(now: number): QueueBatch | undefined {
    const { messageKeys, registered, forgotten, outboxPut, outboxSent, waitersPut, waitersGone } = this;
    const count = this.#touched.size + this.#redriven.length + this.#noted.length + messageKeys.length + registered.length + forgotten.length + outboxPut.size + outboxSent.length + waitersPut.length + waitersGone.length;
    if (count === 0) return undefined;
    const published: MessageRecord[] = [];
    const moved: MessageChange[] = [];
    for (const { entry, payload, entries } of this.#touched.values()) {
      if (payload === undefined) moved.push(toChange(entry, entries, now));
      else published.push(toRecord(entry, payload, entries, now));
    }
    return {
      at: now, published, moved, redriven: this.#redriven, noted: this.#noted, messageKeys, instances: { registered, forgotten },
      outbox: { put: [...outboxPut.values()], sent: outboxSent }, waiters: { put: waitersPut, gone: waitersGone },
    };
  }
}
