import type { Write, WriteShape } from '../contract.ts';
import type { MessageChange, MessageRecord } from '../queue-records.ts';
import type { QueueBatch } from '../queue-store.ts';
import type { Value } from '../table.ts';
import { toValues } from './flow-writes.ts';
import { insertInto } from './shapes.ts';
import type { BlockChanges } from './message-blocks.ts';
import { toJson } from './reading.ts';
import { instances, messageKeys, messagePayloads, messages, messageWaiters, outbox } from './tables.ts';

/** Longest payload that stays in the message's own row, characters. */
const maxInlineLength = 1_024;

const insertMessage = insertInto(messages);
/** What most are: to bind the nulls of the others takes as long as to store the row. */
const insertPlain: WriteShape = {
  ...insertMessage,
  columns: [
    'key', 'messageId', 'queue', 'version', 'priority', 'maxAttempts', 'maxInterruptions', 'publishedAt', 'visibleAt', 'status', 'claim', 'attempt',
    'interruptions', 'generation', 'turn', 'history', 'payload',
  ],
};
const insertPayload = insertInto(messagePayloads);

// Only what a change of state changes. A settled row stays; `settledAt` is set by the write that settles, since setting it makes
// a database write an index.
const changed = ['status', 'turn', 'claim', 'attempt', 'interruptions', 'dueAt', 'leaseUntil', 'claimedBy', 'claimedAt', 'failure'];
const moveMessage: WriteShape = { table: messages, kind: 'update', columns: [...changed, 'history'], append: ['history'], unless: 'settledAt' };
const settleMessage: WriteShape = { ...moveMessage, columns: [...changed, 'settledAt', 'history'] };
const settleInLane: WriteShape = { ...moveMessage, columns: [...changed, 'settledAt', 'lane', 'history'] };
const turnMessage: WriteShape = { table: messages, kind: 'update', columns: ['turn'], unless: 'settledAt' };
const redriveMessage: WriteShape = {
  table: messages, kind: 'update', columns: [...changed, 'settledAt', 'lane', 'generation', 'visibleAt', 'history'], append: ['history'], when: { column: 'status', is: 'dead' },
};
const noteMessage: WriteShape = { table: messages, kind: 'update', columns: ['history'], append: ['history'], mayMiss: true };

const putKey: WriteShape = { ...insertInto(messageKeys), kind: 'put' };
const insertInstance = insertInto(instances, { keep: true });
const removeInstance: WriteShape = { table: instances, kind: 'remove', columns: ['queue', 'instance'] };
const putOutbox: WriteShape = { ...insertInto(outbox), kind: 'put', once: ['target', 'messageId', 'request', 'createdAt'] };
const removeOutbox: WriteShape = { table: outbox, kind: 'remove', columns: ['key'] };
const putWaiter: WriteShape = { ...insertInto(messageWaiters), kind: 'put' };
const removeWaiter: WriteShape = { table: messageWaiters, kind: 'remove', columns: ['executionId', 'position', 'item'] };

/** Messages that a batch opens or settles. */
export const toBlockChanges = ({ published, redriven, moved }: QueueBatch): BlockChanges => ({
  opened: [...published.filter(({ settledAt }) => settledAt === null), ...redriven].map(({ key }) => key),
  settled: moved.filter(({ settledAt }) => settledAt !== null).map(({ key }) => key),
});

export function listQueueWrites(batch: QueueBatch, writes: Write[]): void {
  for (const row of batch.published) listPublished(row, writes);
  for (const row of batch.redriven) {
    writes.push({ shape: redriveMessage, values: [row.status, ...toChanges(row), null, row.partitionKey, row.generation, row.visibleAt, toAddition(row.entries), row.key] });
  }
  for (const row of batch.moved) writes.push(toMove(row));
  for (const { key, turn } of batch.turned ?? []) writes.push({ shape: turnMessage, values: [turn, key] });
  for (const row of batch.noted) writes.push({ shape: noteMessage, values: [toAddition(row.entries), row.key] });
  for (const row of batch.messageKeys) writes.push({ shape: putKey, values: toValues(putKey, row) });
  for (const row of batch.instances.registered) writes.push({ shape: insertInstance, values: toValues(insertInstance, row) });
  for (const { queue, instance } of batch.instances.forgotten) writes.push({ shape: removeInstance, values: [queue, instance] });
  for (const row of batch.outbox.put) writes.push({ shape: putOutbox, values: toValues(putOutbox, row) });
  for (const key of batch.outbox.sent) writes.push({ shape: removeOutbox, values: [key] });
  for (const row of batch.waiters.put) writes.push({ shape: putWaiter, values: toValues(putWaiter, row) });
  for (const { executionId, position, item } of batch.waiters.gone) writes.push({ shape: removeWaiter, values: [executionId, position, item] });
}

function toMove(row: MessageChange): Write {
  const addition = toAddition(row.entries);
  if (row.settledAt === null) return { shape: moveMessage, values: [row.status, ...toChanges(row), addition, row.key] };
  if (row.partitionKey === null) return { shape: settleMessage, values: [row.status, ...toChanges(row), row.settledAt, addition, row.key] };
  return { shape: settleInLane, values: [row.status, ...toChanges(row), row.settledAt, null, addition, row.key] };
}

/** The history is stored without the brackets around it, so that it can be added to. */
const toAddition = (entries: string): string => (entries === '' ? '' : `,${entries}`);

const toChanges = (row: MessageChange): Value[] => [
  row.settledAt === null ? row.turn : null, row.claim, row.attempt, row.interruptions, row.dueAt, row.leaseUntil, row.claimedBy, row.claimedAt, toJson(row.failure),
];

/** Whether it waits as it was published, and has nothing that most do not have. */
const isPlain = (row: MessageRecord): boolean =>
  row.status === 'pending' && row.settledAt === null && row.leaseUntil === null && row.dueAt === null && row.instance === null && row.source === null && row.partitionKey === null && row.correlationId === null
  && row.idempotencyKey === null && row.claimedBy === null && row.claimedAt === null && row.failure === null;

function listPublished(row: MessageRecord, writes: Write[]): void {
  const inline = row.payload.length <= maxInlineLength;
  const stored = { ...row, failure: toJson(row.failure), history: row.history.slice(1, -1), payload: inline ? row.payload : null, lane: row.settledAt === null ? row.partitionKey : null };
  const shape = inline && isPlain(row) ? insertPlain : insertMessage;
  writes.push({ shape, values: toValues(shape, stored) });
  if (!inline) writes.push({ shape: insertPayload, values: [row.key, row.payload] });
}
