import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FlowError } from '../../src/core/errors.ts';
import type { KeysOf } from '../../src/core/known-keys.ts';
import { requireKnownKeys } from '../../src/core/known-keys.ts';
import { describeValue } from '../../src/core/wording.ts';
import type { SqliteDatabase, SqliteDriver } from './driver.ts';
import { useNativeBinding } from './driver.ts';
import { toOpenError } from './errors.ts';
import { adoptDatabase, checkSchema, closeDatabase, openReadable, openWritable, prepareSchema } from './open.ts';
import type { Durability, OpenedDatabase } from './open.ts';
import type { UpgradeStep } from './schema.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { SqliteStore } from './sqlite-store.ts';

const defaultBusyTimeoutMs = 5000;

export interface SqliteStoreOptions {
  /** Path of the database, made if missing (its folder is not), or `:memory:`. */
  readonly file?: string;
  /** In place of `file`: an open handle of better-sqlite3 or node:sqlite, also one with tables of yours. `close` leaves it open. */
  readonly database?: SqliteDatabase;
  /** Default `power`. */
  readonly durability?: Durability;
  /** Default: better-sqlite3, or node:sqlite where the native module cannot be loaded. */
  readonly driver?: SqliteDriver;
  /** Path of better-sqlite3's native file, for an app that was bundled; holds for the whole process. Default: it is found in node_modules. */
  readonly nativeBinding?: string;
  /** Longest wait for another program's lock, ms. Default 5,000. */
  readonly busyTimeoutMs?: number;
  /** Told before each change that brings a file of an older version up to date: some seconds per GB. */
  readonly onUpgrade?: (step: UpgradeStep) => void;
}

export interface SqliteReaderOptions {
  readonly file: string;
  /** What to do with a file of an older version: `refuse` it (default), or `read` what it has; the rest is `store_read_failed`. */
  readonly outdated?: 'refuse' | 'read';
  readonly driver?: SqliteDriver;
  /** As for `openSqliteStore`. */
  readonly nativeBinding?: string;
  /** Longest wait for a lock, ms. Default 5,000. */
  readonly busyTimeoutMs?: number;
}

const storeKeys: KeysOf<SqliteStoreOptions> = { file: true, database: true, durability: true, driver: true, nativeBinding: true, busyTimeoutMs: true, onUpgrade: true };
const readerKeys: KeysOf<SqliteReaderOptions> = { file: true, outdated: true, driver: true, nativeBinding: true, busyTimeoutMs: true };

/**
 * Opens a store in a SQLite database; made, or brought up to date, if need be.
 *
 * Reading works at once; a runtime that is given the store acquires it, and then alone writes.
 *
 * @throws a `FlowError` with code `store_not_a_database`, `store_newer`, `store_cannot_open`, `node_too_old`,
 * `driver_unavailable`, `driver_conflict` or `option_invalid`
 */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  const { file, database, durability = 'power', driver, nativeBinding, busyTimeoutMs = defaultBusyTimeoutMs, onUpgrade } = requireKnownKeys(options ?? {}, storeKeys, '`openSqliteStore`');
  requireOneOf('durability', durability, ['power', 'process']);
  requireDriver(driver);
  requireTimeout(busyTimeoutMs);
  if (nativeBinding !== undefined) useNativeBinding(requireFile(nativeBinding));
  if ((file === undefined) === (database === undefined)) {
    throw new FlowError('option_invalid', `Expected either \`file\` or \`database\`, got ${file === undefined ? 'neither' : 'both'}.`);
  }
  if (file === '') throw new FlowError('option_invalid', 'Expected `file` to be a path or `:memory:`, got an empty string.');
  if (file !== undefined) requireNoFolder(file);
  const opened = database ? adoptDatabase(database, busyTimeoutMs) : openWritable(file as string, driver, busyTimeoutMs);
  return withOpened(opened, () => {
    prepareSchema(opened, durability, onUpgrade);
    return new SqliteStore(opened, durability);
  });
}

/**
 * Opens a SQLite store for reading, from any process, also while its owner writes or after it died.
 *
 * @throws a `FlowError` with code `store_not_found`, `store_not_a_database`, `store_newer`, `store_outdated`,
 * `store_cannot_open`, `node_too_old`, `driver_unavailable`, `driver_conflict` or `option_invalid`
 */
export function openSqliteReader(options: SqliteReaderOptions): SqliteReader {
  const { file, outdated = 'refuse', driver, nativeBinding, busyTimeoutMs = defaultBusyTimeoutMs } = requireKnownKeys(options ?? {}, readerKeys, '`openSqliteReader`');
  if (typeof file !== 'string' || file === '') throw new FlowError('option_invalid', `Expected \`file\` to be the path of a database, got ${describeValue(file)}.`);
  requireOneOf('outdated', outdated, ['refuse', 'read']);
  requireDriver(driver);
  requireTimeout(busyTimeoutMs);
  if (nativeBinding !== undefined) useNativeBinding(requireFile(nativeBinding));
  requireNoFolder(file);
  const opened = openReadable(file, driver, busyTimeoutMs);
  return withOpened(opened, () => {
    checkSchema(opened, outdated === 'read');
    return new SqliteReader(opened);
  });
}

function requireFile(nativeBinding: string): string {
  if (existsSync(nativeBinding)) return nativeBinding;
  throw new FlowError('option_invalid', `Expected \`nativeBinding\` to be the path of better-sqlite3's native file, found no file \`${nativeBinding}\`.`);
}

/** Closes what was opened when it turns out not to be usable. */
function withOpened<T>(opened: OpenedDatabase, work: () => T): T {
  try {
    return work();
  } catch (error) {
    closeDatabase(opened);
    throw toOpenError(opened.path ?? ':memory:', error);
  }
}

/** SQLite only says that it cannot open it. */
function requireNoFolder(file: string): void {
  if (!statSync(file, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new FlowError('store_cannot_open', `Expected the file of a database, got \`${file}\`, which is a folder. Name a file in it, such as \`${join(file, 'flowstone.db')}\``, { details: { location: file } });
}

function requireDriver(driver: SqliteDriver | undefined): void {
  if (driver !== undefined) requireOneOf('driver', driver, ['better-sqlite3', 'node:sqlite']);
}

function requireOneOf(option: string, found: string, allowed: readonly string[]): void {
  if (!allowed.includes(found)) throw new FlowError('option_invalid', `Expected \`${option}\` to be ${allowed.map(value => `'${value}'`).join(' or ')}, got '${found}'.`);
}

function requireTimeout(busyTimeoutMs: number): void {
  if (!Number.isInteger(busyTimeoutMs) || busyTimeoutMs < 0) {
    throw new FlowError('option_invalid', `Expected \`busyTimeoutMs\` to be an integer ≥ 0, got \`${busyTimeoutMs}\` (${typeof busyTimeoutMs}).`);
  }
}
