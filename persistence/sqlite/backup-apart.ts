import { Worker } from 'node:worker_threads';
import { findEntryFile } from '../../src/core/entry-file.ts';
import { getNativeBinding, type SqliteDriver } from './driver.ts';
import { toOpenError } from './errors.ts';

/** What the thread is given. */
export interface BackupTask {
  readonly file: string;
  readonly target: string;
  /** The one with which this process has the file open: another library would drop its locks. */
  readonly driver: SqliteDriver;
  readonly nativeBinding: string | undefined;
}

/** What it says of it; of SQLite's error that which tells it. */
export type BackupOutcome = { readonly error?: { readonly message: string; readonly code?: unknown; readonly errcode?: unknown } };

/** Copies a database in a thread of its own, over a connection of its own: this one's event loop goes on. */
export function backupApart(file: string, target: string, driver: SqliteDriver): Promise<void> {
  const workerData: BackupTask = { file, target, driver, nativeBinding: getNativeBinding() };
  return new Promise((resolve, reject) => {
    const thread = new Worker(findEntryFile('backup-thread') as string, { workerData, execArgv: [] });
    const fail = (error: unknown): void => reject(toOpenError(target, error));
    thread.once('message', ({ error }: BackupOutcome) => (error ? fail(Object.assign(new Error(error.message), error)) : resolve()));
    thread.once('error', fail);
    thread.once('exit', code => fail(new Error(`The thread that copies ended with code ${code}`)));
  });
}
