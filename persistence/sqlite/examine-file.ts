import { FlowError } from '../../src/core/errors.ts';
import { choosePreferredDriver, getNativeProblem } from './driver.ts';
import { findDamagedRows } from './damaged-rows.ts';
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
  /** What is wrong with the file, or with rows of it: empty when it is sound. */
  readonly damage: readonly string[];
}

/** Findings told at once. */
const maxDamage = 10;

/** Which driver there is, and why not the better one; works without a database. */
export function examineDriver(): Pick<SqliteExamination, 'driver' | 'nativeProblem'> {
  return { driver: choosePreferredDriver(), nativeProblem: getNativeProblem() };
}

/**
 * Looks a database file over, page by page and row by row; changes nothing.
 *
 * @throws a `FlowError` with code `store_not_found`, `store_not_a_database` or `store_cannot_open`
 */
export function examineSqlite(file: string): SqliteExamination {
  const opened = openReadable(file, undefined, 5_000);
  try {
    requireOurs(opened.connection, file);
    const found = (opened.connection.prepare(`PRAGMA quick_check(${maxDamage})`).all() as Record<string, string>[]).flatMap(row => Object.values(row));
    const schemaVersion = readVersion(opened.connection);
    const damage = found.filter(text => text !== 'ok');
    return {
      ...examineDriver(),
      sqliteVersion: String(opened.connection.value('SELECT sqlite_version()')),
      schemaVersion,
      knownVersion: migrations.length,
      // Pages first: what is in them cannot be told from what is not.
      damage: damage.length > 0 || schemaVersion !== migrations.length ? damage : findDamagedRows(opened.connection, maxDamage),
    };
  } catch (error) {
    if (error instanceof FlowError) throw error;
    throw new FlowError('store_not_a_database', `Expected ${file} to be a database that SQLite can read: ${(error as Error).message}. Restore it from a backup`, { cause: error });
  } finally {
    closeDatabase(opened);
  }
}
