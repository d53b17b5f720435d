import { isFlowError } from '../../core/errors.ts';
import { openSqliteReader, openSqliteStore, type SqliteRecordReader } from '../../open-records.ts';

/**
 * Opens a database to find out what is in it before something is done to it, here or by its owner.
 *
 * One of an older version is brought up to date first, as it would be by whoever works on it next. While a program of
 * that version owns it, it is read as it is: that program does the work.
 */
export function openForWork(file: string): SqliteRecordReader {
  try {
    return openSqliteReader({ file });
  } catch (error) {
    if (!isFlowError(error, 'store_outdated')) throw error;
  }
  try {
    openSqliteStore({ file }).close();
  } catch (error) {
    if (!isFlowError(error, 'store_owned')) throw error;
  }
  return openSqliteReader({ file, outdated: 'read' });
}
