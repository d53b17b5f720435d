/** One of several processes that handle: `queue-worker.mjs <database> <durability> <batch>`. Begins with the first line it reads. */
import { Runner } from 'liteque';
import { openQueue } from './open-queue.mjs';

const [file, durability, batch] = process.argv.slice(2);
const queue = openQueue(file, durability, false);
const runner = new Runner(queue, { run: async () => {} }, { concurrency: batch === '1' ? 1 : 100, pollIntervalMs: 1, timeoutSecs: 60 });
process.stdin.once('data', () => void runner.run());
console.log('ready');
