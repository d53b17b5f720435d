import { join } from 'node:path';
import { Runner, SqliteQueue, buildDBClient } from 'liteque';
import { measureFlows } from '../measure.mjs';
import { QueueFlows, isChain, toSynchronous } from '../steps.mjs';

/**
 * liteque was made for better-sqlite3 11.3, which aborts the process on Node 24; newer ones refuse its asynchronous transactions. This is
 * what 11.3 did with them: commit when the function has returned its promise.
 */
function acceptPromises(client) {
  client.transaction = work => {
    const commitAtOnce = (...values) => {
      client.exec('BEGIN');
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

/** liteque: a job per step, which enqueues the next. It deletes jobs that are done, so bytes per step would say nothing. */
export default async function run(parameters, { directory }) {
  const { dependsOn, atOnce, durability } = parameters;
  if (!isChain(dependsOn)) throw Object.assign(new Error('a queue has no dependencies'), { name: 'Skipped' });
  const database = buildDBClient(join(directory, 'app.db'), { runMigrations: true });
  const { client } = database.session;
  const synchronous = toSynchronous(durability);
  if (synchronous) client.pragma(`synchronous = ${synchronous}`);
  acceptPromises(client);

  const queue = new SqliteQueue('steps', database, { defaultJobArgs: { numRetries: 2 }, keepFailedJobs: false });
  const flows = new QueueFlows(dependsOn.length, job => queue.enqueue(job));
  const runner = new Runner(queue, { run: job => flows.handle(job.data) }, { concurrency: atOnce, pollIntervalMs: 1, timeoutSecs: 60 });
  void runner.run();
  const measured = await measureFlows(parameters, () => flows.runFlow());
  runner.stop();
  return measured;
}
