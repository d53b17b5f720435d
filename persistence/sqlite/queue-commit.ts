import type { MessageChange, MessageRecord } from '../queue-records.ts';
import type { QueueBatch } from '../queue-store.ts';
import { createSettledError } from '../store-errors.ts';
import type { SqliteConnection } from './connection.ts';
import type { SqliteValue } from './driver.ts';
import { MessageBlocks } from './message-blocks.ts';
import type { QueueStatements } from './queue-statements.ts';
import { prepareQueueStatements } from './queue-statements.ts';

/** Longest payload that stays in the message's own row, characters. */
const maxInlineLength = 1_024;

const toText = (failure: object | null): string | null => (failure === null ? null : JSON.stringify(failure));

const blocksOf = new WeakMap<SqliteConnection, MessageBlocks>();

function requireBlocks(connection: SqliteConnection): MessageBlocks {
  let blocks = blocksOf.get(connection);
  if (!blocks) blocksOf.set(connection, (blocks = new MessageBlocks(connection)));
  return blocks;
}

/** What is remembered of the queues' rows may not be so any more: a transaction was undone, or another owner was there. */
export function forgetQueueRows(connection: SqliteConnection): void {
  blocksOf.delete(connection);
}

/** Writes what a tick did to the queues, inside the open transaction. */
export function writeQueueBatch(connection: SqliteConnection, batch: QueueBatch): void {
  const statements = prepareQueueStatements(connection);
  const blocks = requireBlocks(connection);
  for (const row of batch.published) {
    insertMessage(statements, row);
    if (row.settledAt === null) blocks.open(row.key);
  }
  for (const row of batch.redriven) {
    const { changes } = statements.redriveMessage.run(row.status, ...toValues(row), row.generation, row.visibleAt, toAddition(row.entries), row.key);
    if (Number(changes) === 0) throw createSettledError('message', String(row.key));
    blocks.open(row.key);
  }
  for (const row of batch.moved) {
    const { changes } = row.settledAt === null
      ? statements.moveMessage.run(row.status, ...toValues(row), toAddition(row.entries), row.key)
      : statements.settleMessage.run(row.status, ...toValues(row), row.settledAt, toAddition(row.entries), row.key);
    if (Number(changes) === 0) throw createSettledError('message', String(row.key));
    if (row.settledAt !== null) blocks.settle(row.key);
  }
  for (const row of batch.noted) statements.noteMessage.run(toAddition(row.entries), row.key);
  for (const row of batch.messageKeys) statements.putKey.run(row.queue, row.idempotencyKey, row.messageId, row.expiresAt);
  for (const row of batch.instances.registered) statements.putInstance.run(row.queue, row.instance, row.registeredAt);
  for (const row of batch.instances.forgotten) statements.deleteInstance.run(row.queue, row.instance);
  for (const row of batch.outbox.put) {
    statements.putOutbox.run(row.key, row.target, row.messageId, row.request, row.createdAt, row.refusals, row.dueAt, row.failure);
  }
  for (const key of batch.outbox.sent) statements.deleteOutbox.run(key);
  for (const row of batch.waiters.put) statements.putWaiter.run(row.executionId, row.position, row.item, row.queue, row.correlationId, row.signal);
  for (const row of batch.waiters.gone) statements.deleteWaiter.run(row.executionId, row.position, row.item);
}

const toAddition = (entries: string): string => (entries === '' ? '' : `,${entries}`);

const toValues = (row: MessageChange): SqliteValue[] => [
  row.claim, row.attempt, row.interruptions, row.dueAt, row.leaseUntil, row.claimedBy, row.claimedAt, toText(row.failure),
];

/** Whether it waits as it was published, and has nothing that most do not have. */
const isPlain = (row: MessageRecord): boolean =>
  row.status === 'pending' && row.claim === 0 && row.attempt === 0 && row.interruptions === 0 && row.generation === 1 && row.dueAt === null && row.instance === null &&
  row.source === null && row.partitionKey === null && row.correlationId === null && row.idempotencyKey === null && row.leaseUntil === null && row.claimedBy === null &&
  row.claimedAt === null && row.failure === null && row.settledAt === null;

function insertMessage(statements: QueueStatements, row: MessageRecord): void {
  const inline = row.payload.length <= maxInlineLength;
  if (inline && isPlain(row)) {
    statements.insertPlainMessage.run(
      row.key, row.messageId, row.queue, row.version, row.priority, row.maxAttempts, row.maxInterruptions, row.publishedAt, row.visibleAt, row.history.slice(1, -1), row.payload,
    );
    return;
  }
  statements.insertMessage.run(
    row.key, row.messageId, row.queue, row.instance, row.source, row.version, row.priority, row.partitionKey, row.correlationId, row.idempotencyKey,
    row.maxAttempts, row.maxInterruptions, row.publishedAt, row.visibleAt, row.status, row.claim, row.attempt, row.interruptions, row.generation,
    row.dueAt, row.leaseUntil, row.claimedBy, row.claimedAt, toText(row.failure), row.settledAt, row.history.slice(1, -1), inline ? row.payload : null,
  );
  if (!inline) statements.insertPayload.run(row.key, row.payload);
}
