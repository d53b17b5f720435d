import { setTimeout as sleep } from 'node:timers/promises';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/sqlite.ts';
import { measureCpu } from '../cpu-time.ts';

// One life of a program with a queue: `fill FILE COUNT` publishes, `work FILE` begins a flow and says so, and is then killed;
// `resume FILE` says what it took until the handler ran again.
const [what, file = '', count = '0'] = process.argv.slice(2);
const queue = defineQueue({ name: 'jobs' });
const report = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** Mixed priorities, and a hundred partitions. */
const toMessage = (number: number) => ({ payload: { number, text: 'x'.repeat(80) }, priority: (number * 7) % 5, partitionKey: `p${number % 100}` });

const elapsed = measureCpu();
let begun: (value?: unknown) => void = () => {};
const running = new Promise(resolve => (begun = resolve));
const runtime = await createRuntime({
  store: openSqliteStore({ file, durability: 'process' }),
  queues: [queue],
  tools: [{ name: 'wait', run: async ({ signal }) => (begun(), sleep(60_000, 1, { signal })) }],
  flows: [defineFlow({ id: 'f', steps: [{ id: 'wait', uses: 'tool:wait' }] })],
});
if (what === 'fill') {
  for (let from = 0; from < Number(count); from += 1_000) {
    await runtime.publishMany(queue, Array.from({ length: Math.min(1_000, Number(count) - from) }, (_, index) => toMessage(from + index)));
  }
} else {
  if (what === 'work') await runtime.start('f');
  await running;
  const cpuMs = elapsed();
  (globalThis as { gc?: () => void }).gc?.();
  report({ cpuMs, heap: process.memoryUsage().heapUsed });
  if (what === 'work') await sleep(60_000);
}
await runtime.stop({ timeoutMs: 0 });
process.exit();
