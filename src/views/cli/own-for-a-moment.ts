import { hostname } from 'node:os';
import type { SqliteStore } from '../../sqlite.ts';
import { openSqliteStore } from '../../sqlite.ts';
import type { CommandContext } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';

/**
 * Owns a database as long as the work takes.
 *
 * @throws a `FlowError` with code `store_owned` while a runtime has it
 */
export async function ownForAMoment<T>(db: string | undefined, context: CommandContext, work: (store: SqliteStore, database: string) => Promise<T>): Promise<T> {
  const database = resolveDatabaseFile(db, context);
  requireDatabaseFile(database);
  const store = openSqliteStore({ file: database });
  try {
    await store.acquire({ pid: process.pid, hostname: hostname(), startedAt: context.clock.now(), socket: null });
    return await work(store, database);
  } finally {
    store.close();
  }
}
