import { isFlowError } from '../../core/errors.ts';
import type { SqliteRecordReader, SqliteRecords } from '../../open-records.ts';
import { openSqliteReader, openSqliteStore } from '../../open-records.ts';
import type { CommandContext } from './command-context.ts';

type Told = Pick<CommandContext, 'stderr'>;

/** Opens a database that this command is to own. One of an older version is brought up to date, and that is said: it can take a while. */
export const openOwned = (file: string, { stderr }: Told): SqliteRecords =>
  openSqliteStore({ file, onUpgrade: ({ name, number, of }) => void stderr.write(`Brings ${file} up to date, ${number} of ${of}: ${name}\n`) });

/**
 * Opens a database to find out what is in it before something is done to it, here or by its owner.
 *
 * One of an older version is brought up to date first, as it would be by whoever works on it next. While a program of
 * that version owns it, it is read as it is: that program does the work.
 */
export function openForWork(file: string, told: Told): SqliteRecordReader {
  try {
    return openSqliteReader({ file });
  } catch (error) {
    if (!isFlowError(error, 'store_outdated')) throw error;
  }
  try {
    openOwned(file, told).close();
  } catch (error) {
    if (!isFlowError(error, 'store_owned')) throw error;
  }
  return openSqliteReader({ file, outdated: 'read' });
}
