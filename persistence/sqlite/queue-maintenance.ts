import type { PruneMessagesParams } from '../queue-store.ts';
import type { SqliteConnection } from './connection.ts';

/** Messages deleted in one transaction: short ones, so that no commit waits long. */
const chunkSize = 500;
const maxVacuumPages = 2048;

/** Deletes settled messages, the oldest first, and gives the space back. */
export function pruneMessages(connection: SqliteConnection, { queue, status, settledBefore, limit = 1000 }: PruneMessagesParams): number {
  let pruned = 0;
  while (pruned < limit) {
    const count = connection.transaction(() => {
      const rows = connection
        .prepare('SELECT key FROM messages WHERE settled_at IS NOT NULL AND queue = ? AND status = ? AND settled_at < ? ORDER BY settled_at LIMIT ?')
        .all(queue, status, settledBefore, Math.min(chunkSize, limit - pruned)) as { readonly key: number }[];
      for (const { key } of rows) {
        connection.prepare('DELETE FROM messages WHERE key = ?').run(key);
        connection.prepare('DELETE FROM message_payloads WHERE key = ?').run(key);
      }
      return rows.length;
    });
    if (count === 0) break;
    pruned += count;
  }
  if (pruned > 0) connection.exec(`PRAGMA incremental_vacuum(${maxVacuumPages})`);
  return pruned;
}

export function pruneMessageKeys(connection: SqliteConnection, now: number, limit: number): number {
  const sql = 'DELETE FROM message_keys WHERE (queue, idempotency_key) IN (SELECT queue, idempotency_key FROM message_keys WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)';
  return connection.transaction(() => Number(connection.prepare(sql).run(now, limit).changes));
}
