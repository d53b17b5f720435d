import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { measureFlows } from '../measure.mjs';
import { QueueFlows, isChain, toSynchronous } from '../steps.mjs';

/** liteque: a job per step, which enqueues the next. It deletes jobs that are done, so bytes per step say nothing. */
export default async function run(parameters, { directory }) {
  const { dependsOn, atOnce, durability } = parameters;
  if (!isChain(dependsOn)) throw Object.assign(new Error('a queue has no dependencies'), { name: 'Skipped' });
  const binary = new URL('node_modules/better-sqlite3/build/Release/better_sqlite3.node', import.meta.url);
  if (!existsSync(binary)) throw Object.assign(new Error('its better-sqlite3 11 is not compiled'), { name: 'Skipped' });
  const { Runner, SqliteQueue, buildDBClient } = await import('liteque');
  // Without `walEnabled` it uses a rollback journal; with it, WAL and NORMAL.
  const database = buildDBClient(join(directory, 'app.db'), { runMigrations: true, walEnabled: durability !== 'default' });
  const synchronous = toSynchronous(durability);
  if (synchronous) database.session.client.pragma(`synchronous = ${synchronous}`);

  const queue = new SqliteQueue('steps', database, { defaultJobArgs: { numRetries: 2 }, keepFailedJobs: false });
  const flows = new QueueFlows(dependsOn.length, job => queue.enqueue(job));
  const runner = new Runner(queue, { run: job => flows.handle(job.data) }, { concurrency: atOnce, pollIntervalMs: 1, timeoutSecs: 60 });
  void runner.run();
  const measured = await measureFlows(parameters, () => flows.runFlow());
  runner.stop();
  return measured;
}
