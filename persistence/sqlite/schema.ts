import { FlowError } from '../../src/core/errors.ts';
import type { SqliteConnection } from './connection.ts';
import { createNotADatabaseError } from './errors.ts';
import type { Migration } from './migrations/migrations.ts';

/** `FLOW` in ASCII, in the header of every database of ours (`file` on Unix shows it). */
const applicationId = 0x464c4f57;

/** How far a database is: the number of its last migration; 0: empty or without anything of ours. */
export function readVersion(connection: SqliteConnection): number {
  const isOurs = connection.value(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'flowstone_migrations'`) === 1;
  return isOurs ? Number(connection.value('SELECT coalesce(max(number), 0) FROM flowstone_migrations')) : 0;
}

/**
 * Refuses a database that somebody else's tables are in.
 *
 * @throws a `FlowError` with code `store_not_a_database`
 */
export function requireOurs(connection: SqliteConnection, location: string): void {
  if (readVersion(connection) > 0) return;
  const id = connection.value('PRAGMA application_id');
  const tables = connection.value('SELECT count(*) FROM sqlite_schema');
  if (tables !== 0 || (id !== 0 && id !== applicationId)) {
    throw createNotADatabaseError(location, 'it holds the tables of something else (to share a database on purpose, pass it as `database`)');
  }
}

/**
 * Refuses a database that a newer Flowstone has changed.
 *
 * @throws a `FlowError` with code `store_newer`
 */
export function requireKnownVersion(version: number, known: number, location: string): void {
  if (version <= known) return;
  throw new FlowError('store_newer', `Expected ${location} to have a schema version ≤ ${known}, found ${version}: a newer Flowstone has written it. Update this one.`, {
    details: { location, found: version, known },
  });
}

/** One change of the schema of a file that an older version has written, which is about to be made. */
export interface UpgradeStep {
  readonly name: string;
  /** Which one it is, from 1, of how many this file needs. */
  readonly number: number;
  readonly of: number;
}

/** Brings the schema up to date, all or nothing. Harmless when it is, and when another process does the same now. */
export function migrate(connection: SqliteConnection, list: readonly Migration[], location: string, tell?: (step: UpgradeStep) => void): void {
  connection.transaction(() => {
    const version = readVersion(connection);
    requireKnownVersion(version, list.length, location);
    if (version === 0) {
      connection.exec('CREATE TABLE flowstone_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT');
      if (connection.value('PRAGMA application_id') === 0) connection.exec(`PRAGMA application_id = ${applicationId}`);
    }
    for (const [index, { name, sql }] of list.entries()) {
      if (index < version) continue;
      tell?.({ name, number: index - version + 1, of: list.length - version });
      connection.exec(sql);
      connection.prepare(`INSERT INTO flowstone_migrations (number, name, applied_at) VALUES (?, ?, CAST(unixepoch('subsec') * 1000 AS INTEGER))`).run(index + 1, name);
    }
  });
}
