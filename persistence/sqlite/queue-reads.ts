import type { InstanceRecord, MessageRecord, MessageWaiterRecord, OutboxRecord } from '../queue-records.ts';
import type { ListMessagesParams, MessageCount, MessageTimes, OpenMessage } from '../queue-store.ts';
import type { SqliteConnection } from './connection.ts';
import type { SqliteValue } from './driver.ts';
import { fromOpenBlocks, toBlock } from './message-blocks.ts';
import { messageColumns, openColumns, selectMessages, selectPayload, toMessage, toOpenMessage } from './queue-rows.ts';

const all = <T>(connection: SqliteConnection, sql: string, ...values: SqliteValue[]): T[] =>
  connection.prepare(sql).all(...values).map(row => ({ ...(row as T & object) }));

export function getMessage(connection: SqliteConnection, messageId: string): MessageRecord | undefined {
  const row = connection.prepare(`${selectMessages} WHERE message_id = ?`).get(messageId);
  return row === undefined ? undefined : toMessage(row);
}

export function getMessagePayload(connection: SqliteConnection, key: number): string | undefined {
  return (connection.prepare(selectPayload).get(key) as { payload: string } | undefined)?.payload;
}

export function listMessages(connection: SqliteConnection, { queue, status, limit = 100, after }: ListMessagesParams): MessageRecord[] {
  if (status === 'completed' || status === 'dead') {
    const from = after === undefined ? '' : 'AND key < ?';
    const values = after === undefined ? [] : [after];
    const sql = `${selectMessages} WHERE settled_at IS NOT NULL AND queue = ? AND status = ? ${from} ORDER BY key DESC LIMIT ?`;
    return connection.prepare(sql).all(queue, status, ...values, limit).map(toMessage);
  }
  const from = after ?? 0;
  // The plus: no index is of use here, and without it SQLite reads the whole table first, to make a filter of it.
  const sql = `SELECT ${messageColumns} ${fromOpenBlocks} WHERE b.block >= ? AND settled_at IS NULL AND key > ? AND +queue = ? AND +status = ? ORDER BY b.block, key LIMIT ?`;
  return connection.prepare(sql).all(toBlock(from), from, queue, status, limit).map(toMessage);
}

export function countMessages(connection: SqliteConnection): MessageCount[] {
  // What has settled is counted by an index, without looking at a row of it.
  const sql = `SELECT queue, status, count(*) AS count, min(visible_at) AS oldestAt ${fromOpenBlocks} WHERE settled_at IS NULL GROUP BY queue, status
    UNION ALL SELECT queue, status, count(*), min(settled_at) FROM messages WHERE settled_at IS NOT NULL GROUP BY queue, status ORDER BY queue, status`;
  return all(connection, sql);
}

export function listMessageTimes(connection: SqliteConnection, queue: string, since: number, limit: number): MessageTimes[] {
  const sql = `SELECT published_at AS publishedAt, visible_at AS visibleAt, claimed_at AS claimedAt, settled_at AS settledAt, attempt FROM messages
    WHERE settled_at IS NOT NULL AND queue = ? AND status = 'completed' AND settled_at >= ? ORDER BY settled_at DESC LIMIT ?`;
  return all(connection, sql, queue, since, limit);
}

export function findMessageByKey(connection: SqliteConnection, queue: string, idempotencyKey: string, now: number): string | undefined {
  const sql = 'SELECT message_id AS messageId, expires_at AS expiresAt FROM message_keys WHERE queue = ? AND idempotency_key = ?';
  const row = connection.prepare(sql).get(queue, idempotencyKey) as { messageId: string; expiresAt: number } | undefined;
  return row && row.expiresAt > now ? row.messageId : undefined;
}

export function listInstances(connection: SqliteConnection): InstanceRecord[] {
  return all(connection, 'SELECT queue, instance, registered_at AS registeredAt FROM instances ORDER BY queue, instance');
}

export function listOutbox(connection: SqliteConnection, afterKey: number, limit: number): OutboxRecord[] {
  const sql = 'SELECT key, target, message_id AS messageId, request, created_at AS createdAt, refusals, due_at AS dueAt, failure FROM outbox WHERE key > ? ORDER BY key LIMIT ?';
  return all(connection, sql, afterKey, limit);
}

type WaiterPlace = Pick<MessageWaiterRecord, 'executionId' | 'position' | 'item'>;

export function listMessageWaiters(connection: SqliteConnection, after: WaiterPlace | undefined, limit: number): MessageWaiterRecord[] {
  const sql = `SELECT execution_id AS executionId, position, item, queue, correlation_id AS correlationId, signal FROM message_waiters
    WHERE (execution_id, position, item) > (?, ?, ?) ORDER BY execution_id, position, item LIMIT ?`;
  return all(connection, sql, after?.executionId ?? '', after?.position ?? 0, after?.item ?? 0, limit);
}

export function getQueueMarks(connection: SqliteConnection): { messageKey: number; outboxKey: number; publishedAt: number } {
  const [last] = all<{ key: number; publishedAt: number }>(connection, 'SELECT key, published_at AS publishedAt FROM messages ORDER BY key DESC LIMIT 1');
  const outboxKey = Number(connection.value('SELECT coalesce(max(key), 0) FROM outbox'));
  return { messageKey: last?.key ?? 0, outboxKey, publishedAt: last?.publishedAt ?? 0 };
}

export function listOpenMessages(connection: SqliteConnection, afterKey: number, limit: number): OpenMessage[] {
  const sql = `SELECT ${openColumns} ${fromOpenBlocks} WHERE b.block >= ? AND settled_at IS NULL AND key > ? ORDER BY b.block, key LIMIT ?`;
  return connection.prepare(sql).all(toBlock(afterKey), afterKey, limit).map(toOpenMessage);
}
