import { existsSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { FlowError, isFlowError } from '../../src/core/errors.ts';
import { SqliteConnection } from './connection.ts';
import { choosePreferredDriver, detectDriver, openDatabase } from './driver.ts';
import type { SqliteDatabase, SqliteDriver } from './driver.ts';
import { findDriverInUse, noteClosed, noteOpened } from './drivers-in-use.ts';
import { toOpenError, toPrimaryCode } from './errors.ts';
import { migrations } from './migrations/migrations.ts';
import { makePrivateFile } from './private-file.ts';
import { acquireOwnerLock, releaseOwnerLock } from './owner.ts';
import type { UpgradeStep } from './schema.ts';
import { migrate, readVersion, requireKnownVersion, requireOurs } from './schema.ts';

/** `power`: a commit survives a power cut. `process`: it survives the death of the process. */
export type Durability = 'power' | 'process';

export interface OpenedDatabase {
  readonly connection: SqliteConnection;
  /** The file's own path, links followed; undefined: in memory. */
  readonly path: string | undefined;
  /** Whether `close` closes the handle: not one that was given. */
  readonly closesHandle: boolean;
}

export function openWritable(file: string, driver: SqliteDriver | undefined, busyTimeoutMs: number): OpenedDatabase {
  if (file === ':memory:') return { connection: open(':memory:', driver ?? choosePreferredDriver(), false, busyTimeoutMs), path: undefined, closesHandle: true };
  const path = toPath(file);
  makePrivateFile(path);
  return { connection: openTracked(path, driver, false, busyTimeoutMs), path, closesHandle: true };
}

/** Opens a file for reading. A missing one is an error, not a new one. */
export function openReadable(file: string, driver: SqliteDriver | undefined, busyTimeoutMs: number): OpenedDatabase {
  if (!existsSync(file)) {
    throw new FlowError('store_not_found', `Expected a database at ${resolve(file)}, found no such file. Check the path; a runtime that owns a store makes it.`, {
      details: { file: resolve(file) },
    });
  }
  const path = toPath(file);
  return { connection: openTracked(path, driver, true, busyTimeoutMs), path, closesHandle: true };
}

/** Takes a handle that is open already. */
export function adoptDatabase(database: SqliteDatabase, busyTimeoutMs: number): OpenedDatabase {
  const connection = new SqliteConnection(database, detectDriver(database));
  connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  const rows = connection.prepare('PRAGMA database_list').all() as { readonly name: string; readonly file: string }[];
  const file = rows.find(({ name }) => name === 'main')?.file;
  const path = file ? realpathSync(file) : undefined;
  if (path !== undefined) noteOpened(path, connection.driver);
  return { connection, path, closesHandle: false };
}

export function closeDatabase({ connection, path, closesHandle }: OpenedDatabase): void {
  if (closesHandle) connection.close();
  if (path !== undefined) noteClosed(path);
}

/** Makes the file one of ours, up to date and set for the durability asked for. */
export function prepareSchema({ connection, path, closesHandle }: OpenedDatabase, durability: Durability, tell?: (step: UpgradeStep) => void): void {
  const location = path ?? ':memory:';
  if (closesHandle) requireOurs(connection, location);
  if (path !== undefined && closesHandle && readVersion(connection) === 0) {
    // Only before the first table.
    connection.exec('PRAGMA auto_vacuum = INCREMENTAL');
  }
  if (path !== undefined) useWriteAheadLog(connection);
  setDurability(connection, durability);
  connection.exec('PRAGMA cache_size = -16000');
  connection.exec('PRAGMA temp_store = MEMORY');
  const version = readVersion(connection);
  if (version === migrations.length) return;
  if (version === 0 || path === undefined) migrate(connection, migrations, location);
  else upgrade(connection, path, tell);
}

/** Changes an older schema as the owner for a moment: whoever owns the file now goes by what it found. */
function upgrade(connection: SqliteConnection, path: string, tell?: (step: UpgradeStep) => void): void {
  requireKnownVersion(readVersion(connection), migrations.length, path);
  const token = {};
  try {
    acquireOwnerLock(path, connection.driver, { pid: process.pid, hostname: hostname(), startedAt: systemClock.now(), socket: null }, token);
    migrate(connection, migrations, path, tell);
  } catch (error) {
    // Somebody else did it while this process waited for the lock.
    if (!isFlowError(error, 'store_owned') || readVersion(connection) !== migrations.length) throw error;
  } finally {
    releaseOwnerLock(path, token);
  }
}

/** Checks that a file can be read as it is; `older`: also one of an older version. */
export function checkSchema({ connection, path = ':memory:' }: OpenedDatabase, older: boolean): void {
  requireOurs(connection, path);
  const version = readVersion(connection);
  requireKnownVersion(version, migrations.length, path);
  if (version === migrations.length || (older && version > 0)) return;
  throw new FlowError('store_outdated', `Expected ${path} to have schema version ${migrations.length}, found ${version}. Open it once as its owner (openSqliteStore) to bring it up to date.`, {
    details: { location: path, found: version, known: migrations.length },
  });
}

function setDurability(connection: SqliteConnection, durability: Durability): void {
  connection.exec(`PRAGMA synchronous = ${durability === 'power' ? 'FULL' : 'NORMAL'}`);
  // On macOS only: there an fsync leaves data in the disk's own cache.
  connection.exec(`PRAGMA fullfsync = ${durability === 'power' ? 1 : 0}`);
  connection.exec(`PRAGMA checkpoint_fullfsync = ${durability === 'power' ? 1 : 0}`);
}

/**
 * Makes sure that SQLite does what was asked: builds of it have a default of their own for the write-ahead log.
 * To be called after the first write, which is when that default would come in.
 */
export function requireDurability(connection: SqliteConnection, durability: Durability): void {
  const expected = durability === 'power' ? 2 : 1;
  for (const last of [false, true]) {
    const found = Number(connection.value('PRAGMA synchronous'));
    if (found >= expected) return;
    if (last) throw new FlowError('store_cannot_open', `Expected SQLite to accept synchronous = ${expected}, it stays at ${found}. Use another driver.`);
    setDurability(connection, durability);
  }
}

/** Two processes that switch at once can meet: the busy timeout does not cover the switch itself. */
function useWriteAheadLog(connection: SqliteConnection): void {
  for (let tries = 0; ; tries++) {
    try {
      if (connection.value('PRAGMA journal_mode = WAL') === 'wal') {
        // 8 MiB of log between checkpoints: pages that many commits touch are written back once. Measured, a tenth faster than 4.
        connection.exec('PRAGMA wal_autocheckpoint = 2000');
        connection.exec('PRAGMA journal_size_limit = 16777216');
        return;
      }
      throw new FlowError('store_cannot_open', 'Expected a file system that can share memory between processes (write-ahead log), found one that cannot. Use a local disk.');
    } catch (error) {
      if (tries === 50 || toPrimaryCode(error) !== 'SQLITE_BUSY') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function open(path: string, driver: SqliteDriver, readOnly: boolean, busyTimeoutMs: number): SqliteConnection {
  try {
    return new SqliteConnection(openDatabase(driver, path, { readOnly, busyTimeoutMs }), driver);
  } catch (error) {
    throw toOpenError(path, error);
  }
}

function openTracked(path: string, driver: SqliteDriver | undefined, readOnly: boolean, busyTimeoutMs: number): SqliteConnection {
  const chosen = driver ?? findDriverInUse(path) ?? choosePreferredDriver();
  noteOpened(path, chosen);
  try {
    return open(path, chosen, readOnly, busyTimeoutMs);
  } catch (error) {
    noteClosed(path);
    throw error;
  }
}

/** One name for one file, whichever way it is written: the lock beside it goes by it. */
function toPath(file: string): string {
  const path = resolve(file);
  try {
    return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
  } catch (error) {
    throw toOpenError(path, error);
  }
}
