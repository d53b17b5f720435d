import { resolve } from 'node:path';
import type { SqliteRecords } from '../../open-records.ts';
import { openSqliteStore } from '../../open-records.ts';
import { backupSqlite } from '../../sqlite.ts';
import type { CommandContext } from './command-context.ts';

type Told = Pick<CommandContext, 'stderr' | 'env' | 'cwd'>;

/** The variable that names a file for a backup of what is about to be brought up to date. */
const backupVariable = 'FLOWSTONE_BACKUP';

/** Before the first change: a backup that cannot be written leaves the database as it is. */
function keepOlder(file: string, { stderr, env, cwd }: Told): void {
  const target = env[backupVariable];
  if (target === undefined || target === '') {
    stderr.write(`${file} is of an older version, which cannot read it any more when it is up to date. With ${backupVariable}=FILE a backup is written first\n`);
    return;
  }
  const to = resolve(cwd, target);
  backupSqlite(file, to);
  stderr.write(`Wrote a backup of ${file} to ${to}\n`);
}

/**
 * Opens a database that this command is to own. One of an older version is brought up to date, and that is said: it can take a
 * while. A backup is written before, if `FLOWSTONE_BACKUP` says where.
 */
export const openOwned = (file: string, told: Told): SqliteRecords =>
  openSqliteStore({
    file,
    onUpgrade({ name, number, of }) {
      if (number === 1) keepOlder(file, told);
      told.stderr.write(`Brings ${file} up to date, ${number} of ${of}: ${name}\n`);
    },
  });
