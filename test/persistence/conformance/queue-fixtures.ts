import type { MessageChange, MessageRecord } from '../../../persistence/queue-records.ts';
import type { OpenMessage, QueueBatch, QueueStore } from '../../../persistence/queue-store.ts';
import type { CommitBatch } from '../../../persistence/store.ts';
import { failure, makeBatch, start } from './fixtures.ts';

type Parts<RecordType> = { readonly [Key in keyof RecordType]?: unknown };

/** A message that waits. */
export function makeMessage(key: number, parts: Parts<MessageRecord> = {}): MessageRecord {
  const base = {
    key,
    messageId: `message-${key}`,
    queue: 'mails',
    instance: null,
    source: null,
    version: 1,
    priority: 0,
    partitionKey: null,
    correlationId: null,
    idempotencyKey: null,
    maxAttempts: 3,
    maxInterruptions: 5,
    publishedAt: start + key,
    visibleAt: start + key,
    claim: 0,
    attempt: 0,
    interruptions: 0,
    generation: 1,
    claimedBy: null,
    claimedAt: null,
    status: 'pending',
    dueAt: null,
    leaseUntil: null,
    settledAt: null,
    failure: null,
    turn: 1,
    payload: `{"key":${key}}`,
    history: `[[${start},"message.publish","pending"]]`,
  };
  return { ...base, ...parts } as MessageRecord;
}

export const processing = { status: 'processing', turn: 2, claim: 1, attempt: 1, claimedBy: 'worker', claimedAt: start + 10, leaseUntil: start + 30_000 } as const;
export const retrying = { status: 'retrying', turn: 3, claim: 1, attempt: 1, claimedBy: 'worker', claimedAt: start + 10, dueAt: start + 1_000, failure } as const;
export const done = { status: 'completed', turn: null, claim: 1, attempt: 1, claimedBy: 'worker', claimedAt: start + 10, settledAt: start + 20 } as const;
export const dead = { status: 'dead', turn: null, claim: 1, attempt: 1, claimedBy: 'worker', claimedAt: start + 10, settledAt: start + 20, failure } as const;

/** What changes in a message's row; the rest is as `makeMessage` makes it. */
export function makeChange(key: number, parts: Parts<MessageRecord>, entries = `[${start + 10},"message.claim","processing"]`): MessageChange {
  const { queue, messageId, partitionKey, turn, status, claim, attempt, interruptions, generation, visibleAt, dueAt, leaseUntil, claimedBy, claimedAt, failure: reason, settledAt } = makeMessage(key, parts);
  return { key, queue, messageId, partitionKey, turn, status, claim, attempt, interruptions, generation, visibleAt, dueAt, leaseUntil, claimedBy, claimedAt, failure: reason, settledAt, entries };
}

/** Messages of a queue that have not settled, by key. */
export async function listOpen(store: Pick<QueueStore, 'readMessages'>, queue = 'mails'): Promise<OpenMessage[]> {
  const [rows = []] = await store.readMessages([{ index: 'messages_open', prefix: [queue] }]);
  return rows.toSorted((a, b) => a.key - b.key);
}

export function makeQueueBatch(parts: Partial<QueueBatch>): CommitBatch {
  return makeBatch({
    queues: {
      at: start, published: [], moved: [], redriven: [], noted: [], messageKeys: [],
      instances: { registered: [], forgotten: [] }, outbox: { put: [], sent: [] }, waiters: { put: [], gone: [] }, ...parts,
    },
  });
}
