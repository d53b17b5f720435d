import { isFlowError } from '../core/errors.ts';

const codes = new Set(['commit_failed', 'stale_owner', 'store_read_failed', 'store_closed', 'store_gone', 'store_log_gone', 'store_not_acquired']);

/**
 * Whether an error is trouble of the whole store, so that the runtime has to stand still. Everything else that goes wrong
 * while something is done for one execution, whatever its author or its caller gave, is that one's: it fails, and nobody else.
 */
export function isStoreTrouble(error: unknown): boolean {
  return isFlowError(error) && codes.has(error.code) && error.details?.['sqliteCode'] !== 'SQLITE_CORRUPT';
}
