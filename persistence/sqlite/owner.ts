import { existsSync, rmSync, truncateSync } from 'node:fs';
import { hostname } from 'node:os';
import { isFlowError } from '../../src/core/errors.ts';
import type { OwnerRecord } from '../records.ts';
import { createOwnedError } from '../store-errors.ts';
import { SqliteConnection } from './connection.ts';
import { openDatabase } from './driver.ts';
import { makePrivateFile } from './private-file.ts';
import type { SqliteDriver } from './driver.ts';
import { toOpenError, toPrimaryCode } from './errors.ts';
import { getProcessWideMap } from './process-wide.ts';

/** How long to try for a lock whose holder was just killed, ms. */
const acquireTimeoutMs = 100;
/** How long somebody else's probe may hide that nobody holds the lock, ms. */
const probeTimeoutMs = 25;

interface HeldLock {
  /** Which store holds it. */
  readonly token: object;
  readonly owner: OwnerRecord;
  /** A live reference: the lock goes with the handle. */
  readonly connection: SqliteConnection;
}

/**
 * Locks this process holds, by database path; shared by all copies of the package in it.
 *
 * POSIX drops a process's locks on a file when it closes any handle of that file. So whoever asks in this process is
 * answered from here, and the file is not opened a second time while its lock is held.
 */
const heldLocks = getProcessWideMap<HeldLock>('owners');

const toLockFile = (path: string): string => `${path}-owner`;

/**
 * Takes the lock that says who owns a database: a write transaction, kept open, on a small database beside it.
 *
 * The operating system drops it with the process. The row in it names the owner, readable while the lock is held.
 *
 * @throws a `FlowError` with code `store_owned`
 */
export function acquireOwnerLock(path: string, driver: SqliteDriver, owner: OwnerRecord, token: object): void {
  const held = heldLocks.get(path);
  if (held && held.token !== token) throw createOwnedError(path, held.owner);
  if (held) {
    if (isSameOwner(held.owner, owner)) return;
    releaseOwnerLock(path, token);
  }
  try {
    heldLocks.set(path, { token, owner: { ...owner }, connection: openAndTakeLock(path, driver, owner) });
  } catch (error) {
    if (!isDamaged(error)) throw toOpenError(toLockFile(path), error);
    emptyLockFile(path);
    heldLocks.set(path, { token, owner: { ...owner }, connection: openAndTakeLock(path, driver, owner) });
  }
}

/** Gives the lock back, if this store holds it. */
export function releaseOwnerLock(path: string, token: object): void {
  const held = heldLocks.get(path);
  if (held?.token !== token) return;
  heldLocks.delete(path);
  held.connection.exec('ROLLBACK');
  held.connection.close();
}

/** Who owns the database now; a row whose writer no longer holds the lock counts for nothing. */
export function readOwner(path: string, driver: SqliteDriver): OwnerRecord | undefined {
  const held = heldLocks.get(path);
  if (held) return { ...held.owner };
  if (!existsSync(toLockFile(path))) return undefined;
  const connection = openLock(path, driver, 0);
  try {
    if (tryLock(connection)) return undefined;
    const owner = readRow(connection);
    if (owner && isAlive(owner)) return owner;
    // The process is gone, or lives where we cannot see it: its lock tells, unless another probe has it just now.
    connection.exec(`PRAGMA busy_timeout = ${probeTimeoutMs}`);
    return tryLock(connection) ? undefined : readRow(connection);
  } finally {
    connection.close();
  }
}

function openLock(path: string, driver: SqliteDriver, busyTimeoutMs: number): SqliteConnection {
  try {
    return new SqliteConnection(openDatabase(driver, toLockFile(path), { busyTimeoutMs }), driver);
  } catch (error) {
    throw toOpenError(toLockFile(path), error);
  }
}

function openAndTakeLock(path: string, driver: SqliteDriver, owner: OwnerRecord): SqliteConnection {
  makePrivateFile(toLockFile(path));
  const connection = openLock(path, driver, acquireTimeoutMs);
  try {
    // A name need not survive a power cut, and waiting for the disk is most of what taking the lock costs.
    connection.exec('PRAGMA synchronous = OFF');
    takeLock(connection, path, owner);
    return connection;
  } catch (error) {
    const found = isBusy(error) ? readRow(connection) : undefined;
    connection.close();
    throw isBusy(error) ? createOwnedError(path, found) : error;
  }
}

/** Begins anew after a power cut in the middle of a write. Nobody can own a damaged file, and a lock taken meanwhile stays. */
function emptyLockFile(path: string): void {
  rmSync(`${toLockFile(path)}-journal`, { force: true });
  truncateSync(toLockFile(path));
}

const isDamaged = (error: unknown): boolean => ['SQLITE_NOTADB', 'SQLITE_CORRUPT'].includes(toPrimaryCode(error) ?? '');

function takeLock(connection: SqliteConnection, path: string, owner: OwnerRecord): void {
  // Once more when another process wrote its name between our write and our lock and then gave up.
  for (let tries = 0; ; tries++) {
    connection.transaction(() => {
      connection.exec(
        'CREATE TABLE IF NOT EXISTS owner (id INTEGER PRIMARY KEY CHECK (id = 1), pid INTEGER NOT NULL, hostname TEXT NOT NULL, started_at INTEGER NOT NULL, socket TEXT) STRICT',
      );
      // A power cut may have left rows that nobody wrote.
      connection.exec('DELETE FROM owner');
      connection
        .prepare('INSERT OR REPLACE INTO owner (id, pid, hostname, started_at, socket) VALUES (1, ?, ?, ?, ?)')
        .run(owner.pid, owner.hostname, owner.startedAt, owner.socket);
    });
    connection.exec('BEGIN IMMEDIATE');
    const found = readRow(connection);
    if (found && isSameOwner(found, owner)) return;
    connection.exec('ROLLBACK');
    if (tries === 10) throw createOwnedError(path, found);
  }
}

/** Whether the lock was free a moment ago. */
function tryLock(connection: SqliteConnection): boolean {
  try {
    connection.exec('BEGIN IMMEDIATE');
    connection.exec('ROLLBACK');
    return true;
  } catch (error) {
    // Who may not write cannot hold the lock either; the row is all there is to tell by.
    if (isBusy(error) || toPrimaryCode(error) === 'SQLITE_READONLY') return false;
    if (isDamaged(error)) return true;
    throw error;
  }
}

function readRow(connection: SqliteConnection): OwnerRecord | undefined {
  try {
    const row = connection.prepare('SELECT pid, hostname, started_at AS startedAt, socket FROM owner').get() as OwnerRecord | undefined;
    return row && { ...row };
  } catch (error) {
    // Not written yet, being written, or not whole: nobody has said who they are.
    if (isBusy(error) || isDamaged(error) || toPrimaryCode(error) === 'SQLITE_ERROR') return undefined;
    throw error;
  }
}

const isBusy = (error: unknown): boolean => isFlowError(error, 'store_owned') || toPrimaryCode(error) === 'SQLITE_BUSY';

function isSameOwner(one: OwnerRecord, other: OwnerRecord): boolean {
  return one.pid === other.pid && one.hostname === other.hostname && one.startedAt === other.startedAt && one.socket === other.socket;
}

function isAlive({ pid, hostname: host }: OwnerRecord): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
