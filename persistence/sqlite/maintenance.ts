import { statSync } from 'node:fs';
import { toDeleted } from '../journal-rows.ts';
import { importPrefix } from '../records.ts';
import type { PruneParams, StoreSize } from '../store.ts';
import type { SqliteConnection } from './connection.ts';
import type { JournalNumbers } from './journal.ts';
import { deleteExecutionRows } from './journal.ts';
import { isNewest } from './rows.ts';

/** Executions deleted in one transaction: short ones, so that no reader and no commit waits long. */
const chunkSize = 100;
/** Pieces of contents after which a transaction ends: some 64 MiB. */
const maxPieces = 256;
/** Pages given back after a prune, at most: 8 MiB of the usual 4 KiB. The rest goes after the next one. */
const maxVacuumPages = 2048;

/** Deletes executions whose newest generation has settled, the oldest first, and gives the space back. */
export function pruneExecutions(connection: SqliteConnection, journal: JournalNumbers, params: PruneParams): number {
  const { limit = 1000 } = params;
  let pruned = 0;
  while (pruned < limit) {
    const count = connection.transaction(() => pruneChunk(connection, journal, params, Math.min(chunkSize, limit - pruned)));
    if (count === 0) break;
    pruned += count;
  }
  if (pruned > 0) giveBackPages(connection);
  return pruned;
}

/** Gives free pages back to the file system. */
export function giveBackPages(connection: SqliteConnection): void {
  connection.exec(`PRAGMA incremental_vacuum(${maxVacuumPages})`);
}

/** Times of imported ones are of long ago; they are kept. */
const isOwn = `(e.idempotency_key IS NULL OR e.idempotency_key NOT GLOB '${importPrefix}*')`;
const tables = ['steps', 'attempts', 'inputs', 'signals', 'artifacts', 'contents', 'output_folders', 'interactions', 'isolations', 'consolidations'];

function pruneChunk(connection: SqliteConnection, journal: JournalNumbers, { settledBefore, executionIds, at = settledBefore }: PruneParams, limit: number): number {
  const which = executionIds === undefined ? isOwn : 'e.execution_id IN (SELECT value FROM json_each(?))';
  const asked = executionIds === undefined ? [] : [JSON.stringify(executionIds)];
  const rows = connection
    .prepare(`SELECT e.execution_id AS executionId FROM executions AS e WHERE e.settled_at IS NOT NULL AND e.settled_at < ? AND ${isNewest} AND ${which} ORDER BY e.settled_at, e.key LIMIT ?`)
    .all(settledBefore, ...asked, limit) as { readonly executionId: string }[];
  let count = 0;
  let pieces = 0;
  for (const { executionId } of rows) {
    pieces += pruneExecution(connection, executionId);
    journal.write(toDeleted('execution', executionId, at));
    count++;
    if (pieces >= maxPieces) break;
  }
  if (count > 0) journal.keepHead();
  return count;
}

/** Deletes all generations of an execution; returns how many pieces of artifacts went. */
function pruneExecution(connection: SqliteConnection, executionId: string): number {
  const generations = connection.prepare('SELECT key FROM executions WHERE execution_id = ?').all(executionId) as { readonly key: number }[];
  let pieces = 0;
  for (const { key } of generations) {
    for (const table of tables) {
      const { changes } = connection.prepare(`DELETE FROM ${table} WHERE execution_key = ?`).run(key);
      if (table === 'contents') pieces += Number(changes);
    }
    deleteExecutionRows(connection, key);
    connection.prepare('DELETE FROM executions WHERE key = ?').run(key);
  }
  connection.prepare('DELETE FROM labels WHERE execution_id = ?').run(executionId);
  return pieces;
}

/** Size on disk, with what is still in the write-ahead log. `path` undefined: in memory. */
export function readSize(connection: SqliteConnection, path: string | undefined): StoreSize {
  const pageSize = Number(connection.value('PRAGMA page_size'));
  const log = path === undefined ? undefined : statSync(`${path}-wal`, { throwIfNoEntry: false });
  return {
    bytes: Number(connection.value('PRAGMA page_count')) * pageSize + (log?.size ?? 0),
    freeBytes: Number(connection.value('PRAGMA freelist_count')) * pageSize,
  };
}
