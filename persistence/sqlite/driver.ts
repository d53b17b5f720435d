import BetterSqlite3 from 'better-sqlite3';
import { FlowError } from '../../src/core/errors.ts';

export type SqliteValue = null | number | bigint | string | Uint8Array;

export interface SqliteStatement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint };
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
  iterate(...values: SqliteValue[]): Iterable<unknown>;
}

/** What the store uses of a database handle. Those of better-sqlite3 and of node:sqlite are one. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

export type SqliteDriver = 'better-sqlite3' | 'node:sqlite';

export interface OpenDatabaseOptions {
  readonly readOnly?: boolean;
  readonly busyTimeoutMs: number;
}

/** What better-sqlite3 takes; `nativeBinding` is the path of its native file. */
interface NativeOptions {
  readonly readonly: boolean;
  readonly fileMustExist: boolean;
  readonly timeout: number;
  readonly nativeBinding?: string;
}

const oldestNode = [22, 14] as const;
/** The Node-API that better-sqlite3 13 is built for; below it, loading it kills the process. */
const nodeApi = 10;

/**
 * Says whether better-sqlite3 can be loaded here.
 *
 * @throws a `FlowError` with code `node_too_old` where neither driver works
 */
export function canLoadNative(versions: { readonly node: string; readonly napi?: string | undefined }): boolean {
  const [major = 0, minor = 0] = versions.node.split('.').map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    throw new FlowError('node_too_old', `Expected Node ≥ ${oldestNode.join('.')}, got ${versions.node}. Install a newer Node; both SQLite drivers need it.`, {
      details: { found: versions.node, oldest: oldestNode.join('.') },
    });
  }
  return Number(versions.napi ?? 0) >= nodeApi;
}

let nativeBinding: string | undefined;
let preferred: { readonly driver: SqliteDriver; readonly reason?: unknown } | undefined;

/** Says where the native file of better-sqlite3 is, for every database opened from now on: a process loads it once. */
export function useNativeBinding(file: string): void {
  if (file === nativeBinding) return;
  nativeBinding = file;
  preferred = undefined;
}

/** Where it was said to be; undefined: it is found by its package. */
export const getNativeBinding = (): string | undefined => nativeBinding;

function openNative(file: string, options: Omit<NativeOptions, 'nativeBinding'>): SqliteDatabase {
  return new BetterSqlite3(file, { ...options, ...(nativeBinding !== undefined && { nativeBinding }) });
}

/** Chooses better-sqlite3, or node:sqlite where the native module cannot be loaded. */
export function choosePreferredDriver(): SqliteDriver {
  preferred ??= findPreferredDriver();
  return preferred.driver;
}

/** Why better-sqlite3 cannot be loaded here; undefined: it can. */
export function getNativeProblem(): string | undefined {
  choosePreferredDriver();
  if (preferred?.driver === 'better-sqlite3') return undefined;
  const { reason } = preferred ?? {};
  return reason instanceof Error ? reason.message : `Node-API ${process.versions['napi']} is below ${nodeApi}`;
}

function findPreferredDriver(): { driver: SqliteDriver; reason?: unknown } {
  if (!canLoadNative(process.versions)) return { driver: 'node:sqlite' };
  try {
    openNative(':memory:', { readonly: false, fileMustExist: false, timeout: 0 }).close();
    return { driver: 'better-sqlite3' };
  } catch (reason) {
    return { driver: 'node:sqlite', reason };
  }
}

/** Opens a database with the driver named. Errors are the driver's own. */
export function openDatabase(driver: SqliteDriver, file: string, { readOnly = false, busyTimeoutMs }: OpenDatabaseOptions): SqliteDatabase {
  const native = canLoadNative(process.versions);
  if (driver === 'better-sqlite3') {
    if (!native) {
      throw new FlowError('driver_unavailable', `Expected Node-API ≥ ${nodeApi} for the driver better-sqlite3, got ${process.versions['modules'] ? process.versions['napi'] : 'none'}. Leave \`driver\` out, or use node:sqlite.`);
    }
    return openNative(file, { readonly: readOnly, fileMustExist: readOnly, timeout: busyTimeoutMs });
  }
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  return new DatabaseSync(file, { readOnly, timeout: busyTimeoutMs });
}

/** Tells which driver a handle given by the user is of. */
export function detectDriver(database: SqliteDatabase): SqliteDriver {
  if ('inTransaction' in database) return 'better-sqlite3';
  if ('isTransaction' in database) return 'node:sqlite';
  throw new FlowError('option_invalid', 'Expected `database` to be an open database of better-sqlite3 or node:sqlite. Pass `file` to have one opened.');
}
