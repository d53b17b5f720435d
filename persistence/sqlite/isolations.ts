import type { IsolationReader, IsolationRecord } from '../isolation-store.ts';
import { createSettledError } from '../store-errors.ts';
import type { SqliteReads } from './artifacts.ts';
import type { SqliteConnection } from './connection.ts';

const selectIsolations = 'SELECT execution_key AS executionKey, status, folder, taken, session FROM isolations';
const toIsolation = (row: unknown): IsolationRecord => ({ ...(row as IsolationRecord) });

export class SqliteIsolations implements IsolationReader {
  readonly #reads: SqliteReads;

  constructor(reads: SqliteReads) {
    this.#reads = reads;
  }

  get(executionKey: number): IsolationRecord | undefined {
    return this.#reads.get(`${selectIsolations} WHERE execution_key = ?`, toIsolation, executionKey);
  }

  listOpen(afterKey: number, limit: number): IsolationRecord[] {
    return this.#reads.all(`${selectIsolations} WHERE status = 'open' AND execution_key > ? ORDER BY execution_key LIMIT ?`, toIsolation, afterKey, limit);
  }
}

const putIsolation = `
  INSERT INTO isolations (execution_key, status, folder, taken, session) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (execution_key) DO UPDATE SET status = excluded.status, taken = excluded.taken, session = excluded.session
  WHERE status = 'open' AND taken <= excluded.taken`;

/** Writes inside the open transaction. */
export function writeIsolations(connection: SqliteConnection, rows: readonly IsolationRecord[]): void {
  for (const { executionKey, status, folder, taken, session } of rows) {
    const { changes } = connection.prepare(putIsolation).run(executionKey, status, folder, taken, session);
    if (Number(changes) > 0) continue;
    const before = connection.prepare('SELECT status FROM isolations WHERE execution_key = ?').get(executionKey) as Pick<IsolationRecord, 'status'>;
    if (before.status === 'ended') throw createSettledError('isolation', String(executionKey));
    throw new TypeError(`The isolation ${executionKey} goes back`);
  }
}
