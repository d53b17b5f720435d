import { closeSync, openSync } from 'node:fs';

/**
 * Makes a file that only its user may read and write, unless it is there already.
 *
 * SQLite gives the log and the journal beside a database the permissions of the database itself. On Windows the mode has no
 * effect: a file has the access rights of its folder.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch {
    // It is there, or cannot be made: whoever opens it next says why.
  }
}
