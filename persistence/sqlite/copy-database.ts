import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import type { SqliteDatabase } from './driver.ts';

/** Writes all that is in a database, at one moment, into a new file that appears whole or not at all. */
export function copyDatabase(database: SqliteDatabase, target: string): void {
  const partial = `${target}.partial`;
  try {
    rmSync(partial, { force: true });
    database.prepare('VACUUM INTO ?').run(partial);
    // SQLite leaves that to the system: a backup that is there after a power cut must be whole.
    const file = openSync(partial, 'r+');
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, target);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}
