import { statSync } from 'node:fs';
import type { StoreSize } from '../contract.ts';
import type { SqliteConnection } from './connection.ts';

/** Pages given back at a time, at most: 8 MiB of the usual 4 KiB. The rest goes the next time. */
const maxVacuumPages = 2048;

/** Gives free pages back to the file system. */
export function giveBackPages(connection: SqliteConnection): void {
  connection.exec(`PRAGMA incremental_vacuum(${maxVacuumPages})`);
}

/** Size on disk, with what is still in the write-ahead log. `path` undefined: in memory. */
export function readSize(connection: SqliteConnection, path: string | undefined): StoreSize {
  const pageSize = Number(connection.value('PRAGMA page_size'));
  const log = path === undefined ? undefined : statSync(`${path}-wal`, { throwIfNoEntry: false });
  return {
    bytes: Number(connection.value('PRAGMA page_count')) * pageSize + (log?.size ?? 0),
    freeBytes: Number(connection.value('PRAGMA freelist_count')) * pageSize,
  };
}
