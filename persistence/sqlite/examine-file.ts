import { FlowError } from '../../src/core/errors.ts';
import { choosePreferredDriver, getNativeProblem } from './driver.ts';
import { migrations } from './migrations/migrations.ts';
import { closeDatabase, openReadable } from './open.ts';
import { readVersion, requireOurs } from './schema.ts';

/** What a database is, as a doctor sees it. */
export interface SqliteExamination {
  readonly driver: string;
  /** Why better-sqlite3 cannot be used; undefined: it can. */
  readonly nativeProblem: string | undefined;
  readonly sqliteVersion: string;
  readonly schemaVersion: number;
  /** The schema that this release writes. */
  readonly knownVersion: number;
  /** What SQLite finds wrong with the file: empty when it is sound. */
  readonly damage: readonly string[];
}

/** Which driver there is, and why not the better one; works without a database. */
export function examineDriver(): Pick<SqliteExamination, 'driver' | 'nativeProblem'> {
  return { driver: choosePreferredDriver(), nativeProblem: getNativeProblem() };
}

/**
 * Looks a database file over, page by page; changes nothing.
 *
 * @throws a `FlowError` with code `store_not_found`, `store_not_a_database` or `store_cannot_open`
 */
export function examineSqlite(file: string): SqliteExamination {
  const opened = openReadable(file, undefined, 5_000);
  try {
    requireOurs(opened.connection, file);
    const found = (opened.connection.prepare('PRAGMA quick_check(10)').all() as Record<string, string>[]).flatMap(row => Object.values(row));
    return {
      ...examineDriver(),
      sqliteVersion: String(opened.connection.value('SELECT sqlite_version()')),
      schemaVersion: readVersion(opened.connection),
      knownVersion: migrations.length,
      damage: found.filter(text => text !== 'ok'),
    };
  } catch (error) {
    if (error instanceof FlowError) throw error;
    throw new FlowError('store_not_a_database', `Expected ${file} to be a database that SQLite can read: ${(error as Error).message}. Restore it from a backup`, { cause: error });
  } finally {
    closeDatabase(opened);
  }
}
