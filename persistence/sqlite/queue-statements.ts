import type { SqliteConnection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';

// Only what a change of state changes. A settled row stays; `settled_at` is set by the statement that settles, since
// setting it makes SQLite write an index.
const changed = 'claim = ?, attempt = ?, interruptions = ?, due_at = ?, lease_until = ?, claimed_by = ?, claimed_at = ?, failure = ?';
const addHistory = 'history = history || ?';

/** What a commit of queues is made of, prepared once. */
export interface QueueStatements {
  readonly insertMessage: SqliteStatement;
  /** What most are: to bind the nulls of the others takes as long as to store the row. */
  readonly insertPlainMessage: SqliteStatement;
  readonly insertPayload: SqliteStatement;
  readonly moveMessage: SqliteStatement;
  readonly settleMessage: SqliteStatement;
  readonly redriveMessage: SqliteStatement;
  readonly noteMessage: SqliteStatement;
  readonly putKey: SqliteStatement;
  readonly putInstance: SqliteStatement;
  readonly deleteInstance: SqliteStatement;
  readonly putOutbox: SqliteStatement;
  readonly deleteOutbox: SqliteStatement;
  readonly putWaiter: SqliteStatement;
  readonly deleteWaiter: SqliteStatement;
}

const prepared = new WeakMap<SqliteConnection, QueueStatements>();

export function prepareQueueStatements(connection: SqliteConnection): QueueStatements {
  const known = prepared.get(connection);
  if (known) return known;
  const statements: QueueStatements = {
    insertMessage: connection.prepare(`
      INSERT INTO messages (key, message_id, queue, instance, source, version, priority, partition_key, correlation_id, idempotency_key, max_attempts,
        max_interruptions, published_at, visible_at, status, claim, attempt, interruptions, generation, due_at, lease_until, claimed_by, claimed_at,
        failure, settled_at, history, payload)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    insertPlainMessage: connection.prepare(`
      INSERT INTO messages (key, message_id, queue, version, priority, max_attempts, max_interruptions, published_at, visible_at, status, claim, attempt,
        interruptions, generation, history, payload)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, 0, 0, 1, ?, ?)`),
    insertPayload: connection.prepare('INSERT INTO message_payloads (key, payload) VALUES (?, ?)'),
    moveMessage: connection.prepare(`UPDATE messages SET status = ?, ${changed}, ${addHistory} WHERE key = ? AND settled_at IS NULL`),
    settleMessage: connection.prepare(`UPDATE messages SET status = ?, ${changed}, settled_at = ?, ${addHistory} WHERE key = ? AND settled_at IS NULL`),
    redriveMessage: connection.prepare(
      `UPDATE messages SET status = ?, ${changed}, settled_at = NULL, generation = ?, visible_at = ?, ${addHistory} WHERE key = ? AND status = 'dead'`,
    ),
    noteMessage: connection.prepare(`UPDATE messages SET ${addHistory} WHERE key = ?`),
    putKey: connection.prepare(`
      INSERT INTO message_keys (queue, idempotency_key, message_id, expires_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (queue, idempotency_key) DO UPDATE SET message_id = excluded.message_id, expires_at = excluded.expires_at`),
    putInstance: connection.prepare('INSERT INTO instances (queue, instance, registered_at) VALUES (?, ?, ?) ON CONFLICT (queue, instance) DO NOTHING'),
    deleteInstance: connection.prepare('DELETE FROM instances WHERE queue = ? AND instance = ?'),
    putOutbox: connection.prepare(`
      INSERT INTO outbox (key, target, message_id, request, created_at, refusals, due_at, failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET refusals = excluded.refusals, due_at = excluded.due_at, failure = excluded.failure`),
    deleteOutbox: connection.prepare('DELETE FROM outbox WHERE key = ?'),
    putWaiter: connection.prepare(`
      INSERT INTO message_waiters (execution_id, position, item, queue, correlation_id, signal) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (execution_id, position, item) DO UPDATE SET queue = excluded.queue, correlation_id = excluded.correlation_id, signal = excluded.signal`),
    deleteWaiter: connection.prepare('DELETE FROM message_waiters WHERE execution_id = ? AND position = ? AND item = ?'),
  };
  prepared.set(connection, statements);
  return statements;
}
