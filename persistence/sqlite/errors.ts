import { FlowError, isFlowError } from '../../src/core/errors.ts';
import { createCommitFailedError } from '../store-errors.ts';

/** Names of SQLite's result codes, for node:sqlite, which has the numbers only. */
const namesByNumber: { readonly [number: number]: string } = {
  1: 'SQLITE_ERROR', 3: 'SQLITE_PERM', 4: 'SQLITE_ABORT', 5: 'SQLITE_BUSY', 6: 'SQLITE_LOCKED', 7: 'SQLITE_NOMEM', 8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT', 10: 'SQLITE_IOERR', 11: 'SQLITE_CORRUPT', 13: 'SQLITE_FULL', 14: 'SQLITE_CANTOPEN', 18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT', 20: 'SQLITE_MISMATCH', 23: 'SQLITE_AUTH', 26: 'SQLITE_NOTADB',
};

const adviceByName: { readonly [name: string]: string } = {
  SQLITE_FULL: 'The disk (or the quota) is full: free some space, then restart the runtime.',
  SQLITE_READONLY: 'The file or its folder may not be written: check its permissions and the mount.',
  SQLITE_PERM: 'The file or its folder may not be written: check its permissions and the mount.',
  SQLITE_BUSY: 'Another program keeps the file locked: end its transaction (a database browser, a backup), then restart the runtime.',
  SQLITE_LOCKED: 'A statement on the same connection is still open: finish iterating before the commit.',
  SQLITE_IOERR: 'The disk failed, or the file was taken away: check the disk and the folder.',
  SQLITE_CORRUPT: 'The file is damaged: restore it from a backup.',
  SQLITE_NOTADB: 'The file is damaged: restore it from a backup.',
  SQLITE_CANTOPEN: 'A file beside the database could not be opened: check the folder and its permissions.',
  SQLITE_CONSTRAINT: 'The rows break a rule of the schema: a fault in whoever made them.',
  SQLITE_MISMATCH: 'The rows break a rule of the schema: a fault in whoever made them.',
};

/** SQLite's own code for an error of either driver, as `SQLITE_FULL`; undefined: not an error of SQLite's. */
function toSqliteCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  if (code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number') return namesByNumber[errcode & 0xff] ?? `SQLITE_${errcode}`;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

/** The code without its extension: `SQLITE_IOERR` for `SQLITE_IOERR_WRITE`. */
export function toPrimaryCode(error: unknown): string | undefined {
  return toSqliteCode(error)?.split('_').slice(0, 2).join('_');
}

const toAdvice = (error: unknown): string | undefined => adviceByName[toPrimaryCode(error) ?? ''];

/** Any error met during a commit, as callers get it. */
export function toCommitError(location: string, error: unknown): FlowError {
  if (isFlowError(error)) return error;
  const sqliteCode = toSqliteCode(error);
  return createCommitFailedError(location, error, toAdvice(error) ?? 'See the cause.', sqliteCode === undefined ? {} : { sqliteCode });
}

/** Any error met while opening, as callers get it. */
export function toOpenError(location: string, error: unknown): FlowError {
  if (isFlowError(error)) return error;
  if (toPrimaryCode(error) === 'SQLITE_NOTADB') return createNotADatabaseError(location, 'it is not a SQLite database', error);
  return toStoreError('store_cannot_open', `Could not open ${location}`, error, 'Check that the folder exists and may be written.');
}

/** Any error met while reading, as callers get it. */
export function toReadError(location: string, error: unknown): FlowError {
  return isFlowError(error) ? error : toStoreError('store_read_failed', `Could not read ${location}`, error, 'See the cause.');
}

function toStoreError(code: string, what: string, error: unknown, advice: string): FlowError {
  const sqliteCode = toSqliteCode(error);
  const reason = error instanceof Error ? error.message : String(error);
  return new FlowError(code, `${what}: ${reason}. ${toAdvice(error) ?? advice}`, { cause: error, details: { ...(sqliteCode !== undefined && { sqliteCode }) } });
}

export function createNotADatabaseError(location: string, why: string, cause?: unknown): FlowError {
  return new FlowError('store_not_a_database', `Expected ${location} to be a database of Flowstone, but ${why}. It was left as it is; choose another file.`, {
    details: { location },
    ...(cause !== undefined && { cause }),
  });
}
