import { join } from 'node:path';
import Database from 'better-sqlite3';
import { better, defineQueue, defineWorker } from 'plainjob';
import { measureFlows, toBytesPerStep } from '../measure.mjs';
import { QueueFlows, isChain, toSynchronous } from '../steps.mjs';

const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** plainjob: a job per step, which adds the next; one worker. Polls every millisecond when there is nothing to do. */
export default async function run(parameters, { directory }) {
  const { dependsOn, durability } = parameters;
  if (!isChain(dependsOn)) throw Object.assign(new Error('a queue has no dependencies'), { name: 'Skipped' });
  const file = join(directory, 'app.db');
  const database = new Database(file);
  const queue = defineQueue({ connection: better(database), logger: silent });
  const synchronous = toSynchronous(durability);
  if (synchronous) database.pragma(`synchronous = ${synchronous}`);

  const flows = new QueueFlows(dependsOn.length, job => queue.add('step', job));
  const worker = defineWorker('step', job => flows.handle(JSON.parse(job.data)), { queue, logger: silent, pollIntervall: 1 });
  void worker.start();
  const measured = await measureFlows(parameters, () => flows.runFlow());
  await worker.stop();
  queue.close();
  if (database.open) database.close();
  return { ...measured, bytesPerStep: toBytesPerStep(file, parameters) };
}
