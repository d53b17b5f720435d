import type { SqliteRecords } from '../../open-records.ts';
import { openSqliteStore } from '../../open-records.ts';
import type { CommandContext } from './command-context.ts';

/** Opens a database that this command is to own. One of an older version is brought up to date, and that is said: it can take a while. */
export const openOwned = (file: string, { stderr }: Pick<CommandContext, 'stderr'>): SqliteRecords =>
  openSqliteStore({ file, onUpgrade: ({ name, number, of }) => void stderr.write(`Brings ${file} up to date, ${number} of ${of}: ${name}\n`) });
