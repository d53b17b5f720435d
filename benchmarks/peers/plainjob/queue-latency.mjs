import { join } from 'node:path';
import Database from 'better-sqlite3';
import { better, defineQueue, defineWorker } from 'plainjob';
import { driveLatency } from '../../harness/drive-queue.ts';
import { requireSynchronous, toSynchronous } from '../steps.mjs';

const silent = { error() {}, warn() {}, info() {}, debug() {} };

export default async function run(parameters, { directory }) {
  const database = new Database(join(directory, 'app.db'));
  const queue = defineQueue({ connection: better(database), logger: silent });
  const synchronous = toSynchronous(parameters.durability);
  if (synchronous) database.pragma(`synchronous = ${synchronous}`);
  let note = () => {};
  const worker = defineWorker('job', job => note(JSON.parse(job.data).number), { queue, logger: silent, pollIntervall: 1 });
  void worker.start();
  const measured = await driveLatency(parameters, number => queue.add('job', { number }), given => (note = given));
  await worker.stop();
  requireSynchronous(database, synchronous);
  queue.close();
  return measured;
}
