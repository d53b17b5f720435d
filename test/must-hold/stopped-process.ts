import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStore } from '../../src/open-records.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';

// Does a little work with limits of 2 s; whoever started it stops it in the middle, and says when the clock is set a day ahead.
let ahead = 0;
createInterface({ input: process.stdin }).once('line', () => (ahead = 86_400_000));

const limitMs = 2_000;
const work = async (): Promise<number> => {
  for (let count = 0; count < 10; count++) await sleep(20);
  return 1;
};
const queue = defineQueue({ name: 'jobs', visibilityTimeoutMs: limitMs, maxAttempts: 1 });
const runtime = await createRuntime({
  store: createMemoryStore(),
  clock: { ...systemClock, now: () => systemClock.now() + ahead },
  queues: [queue],
  tools: [{ name: 'work', run: work }],
  flows: [defineFlow({ id: 'f', steps: [{ id: 'work', uses: 'tool:work', timeout: limitMs }] })],
});
let handled = 0;
await runtime.consume(queue, () => (handled++, work()), { workers: 2 });
const { messageId } = await runtime.publish(queue, 1);
const execution = await runtime.start('f');
process.stdout.write('working\n');
const { passed, steps } = await execution.settled();
let { status } = await runtime.queues.get(messageId);
for (; status === 'processing' || status === 'pending'; ({ status } = await runtime.queues.get(messageId))) await sleep(20);
process.stdout.write(`${JSON.stringify({ handled, attempts: steps[0]?.attempts, passed, message: status })}\n`);
await runtime.stop();
process.exit();
