/* Copies a database for the store that began this thread. */
import { parentPort, workerData } from 'node:worker_threads';
import type { BackupOutcome, BackupTask } from '../persistence/sqlite/backup-apart.ts';
import { copyDatabase } from '../persistence/sqlite/copy-database.ts';
import { openDatabase, useNativeBinding } from '../persistence/sqlite/driver.ts';

const busyTimeoutMs = 5_000;

function copy({ file, target, driver, nativeBinding }: BackupTask): BackupOutcome {
  try {
    if (nativeBinding !== undefined) useNativeBinding(nativeBinding);
    const database = openDatabase(driver, file, { readOnly: true, busyTimeoutMs });
    try {
      copyDatabase(database, target);
    } finally {
      database.close();
    }
    return {};
  } catch (error) {
    const { message, code, errcode } = error as Error & { readonly code?: unknown; readonly errcode?: unknown };
    return { error: { message, code, errcode } };
  }
}

parentPort?.postMessage(copy(workerData as BackupTask));
