import { chmodSync, existsSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { FlowError } from '../../src/core/errors.ts';
import { copyDatabase } from './copy-database.ts';
import type { SqliteDriver } from './driver.ts';
import { toOpenError } from './errors.ts';
import { checkSchema, closeDatabase, openReadable } from './open.ts';
import { acquireOwnerLock, releaseOwnerLock } from './owner.ts';

const busyTimeoutMs = 5_000;

function copyInto(source: string, target: string): void {
  const opened = openReadable(source, undefined, busyTimeoutMs);
  try {
    checkSchema(opened, true);
    copyDatabase(opened.connection.database, target);
    // As private as the database itself.
    chmodSync(target, 0o600);
  } catch (error) {
    throw toOpenError(target, error);
  } finally {
    closeDatabase(opened);
  }
}

function requireFolderOf(target: string): void {
  if (!existsSync(dirname(target))) throw new FlowError('file_unreadable', `Expected a folder for ${target}, found none. Make ${dirname(target)} first`, { place: { file: target } });
}

/**
 * Finds out where a backup can be written.
 *
 * @throws a `FlowError` with code `backup_exists` or `file_unreadable`
 */
export function requireNewFile(target: string): string {
  const to = resolve(target);
  requireFolderOf(to);
  if (existsSync(to)) throw new FlowError('backup_exists', `Expected a new file for the backup, ${to} is there already. Name another one`, { details: { file: to } });
  return to;
}

/**
 * Writes a backup of a database: one moment of it, also while its owner writes.
 *
 * @throws a `FlowError` with code `store_not_found`, `store_not_a_database`, `backup_exists`, `file_unreadable` or `store_cannot_open`
 */
export function backupSqlite(file: string, target: string): void {
  copyInto(file, requireNewFile(target));
}

/**
 * Puts a backup in the place of a database. What was there is kept beside it, under `FILE.before-restore`.
 *
 * @returns where it is kept; undefined: there was none
 * @throws a `FlowError` with code `store_owned`, `store_not_found`, `store_not_a_database`, `file_unreadable` or `store_cannot_open`
 */
export function restoreSqlite(backup: string, file: string): string | undefined {
  const to = existsSync(file) ? realpathSync(file) : resolve(file);
  requireFolderOf(to);
  const { path, driver } = openChecked(backup);
  const token = {};
  const fresh = `${to}.restoring`;
  // Nobody owns it while it is exchanged.
  acquireOwnerLock(to, driver, { pid: process.pid, hostname: hostname(), startedAt: systemClock.now(), socket: null }, token);
  try {
    rmSync(fresh, { force: true });
    copyInto(path, fresh);
    const kept = existsSync(to) ? `${to}.before-restore` : undefined;
    // The log goes with its database: without it the last commits would be lost.
    for (const ending of ['', '-wal', '-shm']) {
      if (kept !== undefined) rmSync(`${kept}${ending}`, { force: true });
      if (kept === undefined) rmSync(`${to}${ending}`, { force: true });
      else if (existsSync(`${to}${ending}`)) renameSync(`${to}${ending}`, `${kept}${ending}`);
    }
    renameSync(fresh, to);
    return kept;
  } finally {
    rmSync(fresh, { force: true });
    releaseOwnerLock(to, token);
  }
}

function openChecked(backup: string): { readonly path: string; readonly driver: SqliteDriver } {
  const opened = openReadable(backup, undefined, busyTimeoutMs);
  try {
    checkSchema(opened, true);
    return { path: opened.path as string, driver: opened.connection.driver };
  } catch (error) {
    throw toOpenError(backup, error);
  } finally {
    closeDatabase(opened);
  }
}
