import type { FlowError } from '../core/errors.ts';
import { isFlowError } from '../core/errors.ts';

const codes = new Set(['commit_failed', 'stale_owner', 'store_read_failed', 'store_closed', 'store_gone', 'store_log_gone', 'store_not_acquired']);
/** Errors of SQLite that are about what is written, and not about where. */
const aboutRows = /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE)/;

/**
 * Whether an error is trouble of the whole store, so that the runtime has to stand still. Everything else that goes wrong
 * while something is done for one execution, whatever its author or its caller gave, is that one's: it fails, and nobody else.
 */
export function isStoreTrouble(error: unknown): boolean {
  return isFlowError(error) && codes.has(error.code) && error.details?.['sqliteCode'] !== 'SQLITE_CORRUPT';
}

/** Whether a store refuses something that it was to write, and nothing is wrong with the store itself: no full disk, no lost file, no lost ownership. */
export function isRefusal(error: unknown): boolean {
  if (!isFlowError(error)) return false;
  return error.code === 'row_refused' || error.code === 'record_settled' || (error.code === 'commit_failed' && isAboutRows(error));
}

function isAboutRows({ details, cause }: FlowError): boolean {
  const sqliteCode = details?.['sqliteCode'];
  if (typeof sqliteCode === 'string') return aboutRows.test(sqliteCode);
  return cause instanceof TypeError || cause instanceof RangeError || isFlowError(cause, 'row_refused');
}
