import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Runner } from 'liteque';
import { driveQueue, startCrew } from '../../harness/drive-queue.ts';
import { openQueue } from './open-queue.mjs';

/** liteque: publishes one by one, whatever the batch; deletes jobs that are done, so bytes per message would say nothing. */
export default async function run(parameters, { directory }) {
  const { messages, batch, processes, durability } = parameters;
  const file = join(directory, 'app.db');
  const queue = openQueue(file, durability);
  const publish = async payloads => {
    for (const payload of payloads) await queue.enqueue(payload);
  };
  const isDone = async () => {
    const { pending, pending_retry, running } = await queue.stats();
    return pending + pending_retry + running === 0;
  };
  const startRunner = () => {
    const runner = new Runner(queue, { run: async () => {} }, { concurrency: batch === 1 ? 1 : 100, pollIntervalMs: 1, timeoutSecs: 60 });
    void runner.run();
    return runner;
  };
  const runner = startRunner();
  await driveQueue({ messages: Math.ceil(messages / 4), batch }, { publish, begin: () => {}, isDone });
  runner.stop();
  await new Promise(resolve => setTimeout(resolve, 20));

  const crew = processes > 1 ? await startCrew(fileURLToPath(new URL('queue-worker.mjs', import.meta.url)), [file, durability, String(batch)], processes) : undefined;
  let again;
  const measured = await driveQueue(parameters, { publish, begin: () => (crew ? crew.begin() : void (again = startRunner())), isDone });
  await crew?.dismiss();
  again?.stop();
  queue.checkDurability();
  return measured;
}
