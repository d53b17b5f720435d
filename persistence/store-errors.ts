import { FlowError } from '../src/core/errors.ts';
import type { OwnerRecord } from './records.ts';

/** A second owner asked for a store that has one. */
export function createOwnedError(location: string, owner: OwnerRecord | undefined): FlowError {
  const holder = owner
    ? `process ${owner.pid} on ${owner.hostname}, since ${new Date(owner.startedAt).toISOString()}`
    : 'another process that has not said who it is yet';
  return new FlowError(
    'store_owned',
    `Expected ${location} to have no owner, but it is owned by ${holder}. Stop that process, ask it to do the work (signal, cancel), or read only.`,
    { details: { location, ...(owner && { owner }) } },
  );
}

/** The store's ownership has gone to somebody else since it was acquired. */
export function createStaleOwnerError(location: string, expected: number, found: number): FlowError {
  return new FlowError(
    'stale_owner',
    `Expected to own ${location} in epoch ${expected}, found epoch ${found}: somebody else owns it now. Stop this runtime; nothing of the commit was stored.`,
    { details: { location, expected, found } },
  );
}

export function createNotAcquiredError(location: string): FlowError {
  return new FlowError('store_not_acquired', `Expected ${location} to be acquired before the first commit. Call acquire() first, or let a runtime do it.`, {
    details: { location },
  });
}

/** What was opened is not at its path any more. */
export function createGoneError(location: string, found: string): FlowError {
  return new FlowError(
    'store_gone',
    `Expected ${location} to be what was opened, but ${found}: deleted, moved, or replaced. Nothing more is stored. Stop this runtime, put the right file in its place, and open it anew.`,
    { details: { location, found } },
  );
}

/** The write-ahead log is not the one that is written. */
export function createLogGoneError(location: string, isThere: boolean): FlowError {
  return new FlowError(
    'store_log_gone',
    `Expected the write-ahead log ${location}-wal to be the one that is written, but ${isThere ? 'another one is in its place' : 'it is gone'}: deleted, or taken by a second SQLite library in this process. Nothing more is stored. Stop this runtime, use one SQLite library for the file, and open it anew.`,
    { details: { location } },
  );
}

export function createClosedError(location: string): FlowError {
  return new FlowError('store_closed', `Expected ${location} to be open, but close() was called. Open it again.`, { details: { location } });
}

/** What is settled stays as it is; only a fault in the host asks for anything else. */
export function createSettledError(what: 'execution' | 'step' | 'interaction' | 'isolation' | 'message' | 'actor', name: string): FlowError {
  return new FlowError('record_settled', `Expected ${what} ${name} to be unsettled: a settled ${what} is never replaced. Nothing of the commit was stored.`, {
    details: { [what]: name },
  });
}

/** A batch that could not be stored; the cause says why. */
export function createCommitFailedError(location: string, cause: unknown, advice: string, details: { readonly [key: string]: unknown } = {}): FlowError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FlowError('commit_failed', `Could not store the commit in ${location}: ${reason}. ${advice} Nothing of it was stored.`, {
    cause,
    details: { location, ...details },
  });
}

/** A table of a kind of the application's own is there, and is another one. */
export function createTableDiffersError(location: string, table: string, wanted: readonly string[], found: readonly string[]): FlowError {
  return new FlowError('table_differs', `Expected the table ${table} in ${location} to have the columns ${wanted.join(', ')}, found ${found.join(', ')}. Change it with a statement of your own, or give the table another name`, { details: { table } });
}

/** A write given to `commitWith` returned a promise: it would go on after the transaction. */
export function createAsyncWriteError(): FlowError {
  return new FlowError(
    'write_not_synchronous',
    'Expected the write to be synchronous, but it returned a promise. Do what takes time before, and only the writes inside; this write was undone.',
  );
}

/** Whether a write returned something that goes on later; it is left to fail silently, the write was refused. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null || !('then' in value) || typeof value.then !== 'function') return false;
  value.then(undefined, () => undefined);
  return true;
}

/** A write that a rule of its shape refuses: the row is there, is not there, or may not be changed any more. */
export function createRefusedError(table: string, key: string): FlowError {
  return new FlowError('row_refused', `Expected to write ${table} ${key}, but the row that is there, or that is not, does not allow it. Nothing of the commit was stored.`, {
    details: { table, key },
  });
}
