import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { JobStatus, better, defineQueue, defineWorker } from 'plainjob';
import { driveQueue, startCrew } from '../../harness/drive-queue.ts';
import { requireSynchronous, toSynchronous } from '../steps.mjs';

const silent = { error() {}, warn() {}, info() {}, debug() {} };

/** plainjob: one worker per process, which takes one job at a time; polls every millisecond when there is nothing to do. */
export default async function run(parameters, { directory }) {
  const { messages, batch, processes, durability } = parameters;
  const file = join(directory, 'app.db');
  const database = new Database(file);
  database.pragma('busy_timeout = 5000');
  const queue = defineQueue({ connection: better(database), logger: silent });
  const synchronous = toSynchronous(durability);
  if (synchronous) database.pragma(`synchronous = ${synchronous}`);
  const publish = payloads => (batch === 1 ? queue.add('job', payloads[0]) : queue.addMany('job', payloads));

  const warmUp = Math.ceil(messages / 4);
  const isDone = total => () => queue.countJobs({ type: 'job', status: JobStatus.Done }) === total;
  const worker = defineWorker('job', () => {}, { queue, logger: silent, pollIntervall: 1 });
  void worker.start();
  await driveQueue({ messages: warmUp, batch }, { publish, begin: () => {}, isDone: isDone(warmUp) });
  await worker.stop();

  const crew = processes > 1 ? await startCrew(fileURLToPath(new URL('queue-worker.mjs', import.meta.url)), [file, synchronous ?? ''], processes) : undefined;
  const again = defineWorker('job', () => {}, { queue, logger: silent, pollIntervall: 1 });
  const measured = await driveQueue(parameters, { publish, begin: () => (crew ? crew.begin() : void again.start()), isDone: isDone(messages + warmUp) });
  await crew?.dismiss();
  if (!crew) await again.stop();
  requireSynchronous(database, synchronous);
  queue.close();
  if (database.open) database.close();
  return { ...measured, bytesPerMessage: statSync(file).size / (messages + warmUp) };
}
