import { SqliteQueue, buildDBClient } from 'liteque';
import { requireSynchronous, toSynchronous } from '../steps.mjs';

/**
 * liteque was made for better-sqlite3 11.3, which aborts the process on Node 24; newer ones refuse its asynchronous transactions. This is
 * what 11.3 did with them: commit when the function has returned its promise.
 */
function acceptPromises(client) {
  client.transaction = work => {
    const commitAtOnce = (...values) => {
      client.exec('BEGIN IMMEDIATE');
      try {
        const result = work(...values);
        client.exec('COMMIT');
        return result;
      } catch (error) {
        if (client.inTransaction) client.exec('ROLLBACK');
        throw error;
      }
    };
    return Object.assign(commitAtOnce, { deferred: commitAtOnce });
  };
}

/** A queue of jobs as the trials use it. */
export function openQueue(file, durability, runMigrations = true) {
  const database = buildDBClient(file, { runMigrations });
  const { client } = database.session;
  client.pragma('busy_timeout = 5000');
  const synchronous = toSynchronous(durability);
  if (synchronous) client.pragma(`synchronous = ${synchronous}`);
  acceptPromises(client);
  const queue = new SqliteQueue('jobs', database, { defaultJobArgs: { numRetries: 2 }, keepFailedJobs: false });
  return Object.assign(queue, { checkDurability: () => requireSynchronous(client, synchronous) });
}
