import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRuntime, defineQueue } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { driveQueue, startCrew } from '../../harness/drive-queue.ts';
import type { Run } from '../../harness/trial.ts';
import type { QueueParameters } from '../../trials/queue.ts';
import { measureEmptySize, readSize } from './open.ts';

const worker = fileURLToPath(new URL('queue-worker.mjs', import.meta.url));

const run: Run<QueueParameters> = async (parameters, { directory }) => {
  const { messages, batch, processes, durability } = parameters;
  const file = join(directory, 'app.db');
  const jobs = defineQueue({ name: 'jobs' });
  const runtime = await createRuntime({ store: openSqliteStore({ file, ...(durability !== 'default' && { durability }) }), queues: [jobs] });
  let handled = 0;
  const consumeHere = (): Promise<unknown> => runtime.consume(jobs, () => void handled++, { batchSize: batch, concurrency: batch });
  // Compiling is no part of what a long-lived process costs.
  const consumer = await runtime.consume(jobs, () => void handled++, { batchSize: batch, concurrency: batch });
  const warmUp = Math.ceil(messages / 4);
  await driveQueue({ messages: warmUp, batch }, {
    publish: payloads => runtime.publishMany(jobs, payloads.map(payload => ({ payload }))),
    begin: () => undefined,
    isDone: () => handled === warmUp,
  });
  await consumer.stop();

  const crew = processes > 1 ? await startCrew(worker, [file, String(batch)], processes) : undefined;
  const measured = await driveQueue(parameters, {
    publish: payloads => (batch === 1 ? runtime.publish(jobs, payloads[0]) : runtime.publishMany(jobs, payloads.map(payload => ({ payload })))),
    begin: () => (crew ? crew.begin() : consumeHere()),
    isDone: async () => {
      if (!crew && handled < messages + warmUp) return false;
      for (const status of ['pending', 'processing'] as const) if ((await runtime.queues.peek('jobs', { status, limit: 1 })).length > 0) return false;
      return true;
    },
  });
  await crew?.dismiss();
  await runtime.stop();
  return { ...measured, bytesPerMessage: (readSize(file) - (await measureEmptySize(directory))) / (messages + warmUp) };
};

export default run;
