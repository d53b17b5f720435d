import { join } from 'node:path';
import { Runner } from 'liteque';
import { driveLatency } from '../../harness/drive-queue.ts';
import { openQueue } from './open-queue.mjs';

export default async function run(parameters, { directory }) {
  const queue = openQueue(join(directory, 'app.db'), parameters.durability);
  let note = () => {};
  const runner = new Runner(queue, { run: async job => note(job.data.number) }, { concurrency: 1, pollIntervalMs: 1, timeoutSecs: 60 });
  void runner.run();
  const measured = await driveLatency(parameters, number => queue.enqueue({ number }), given => (note = given));
  runner.stop();
  queue.checkDurability();
  return measured;
}
