import { join } from 'node:path';
import type { Run } from '../../harness/trial.ts';
import type { FanOutParameters } from '../../trials/fan-out.ts';
import { measureEmptySize, openRuntime, readSize, toFanOut } from './open.ts';

const run: Run<FanOutParameters> = async ({ items, concurrency, durability }, { directory }) => {
  const empty = await measureEmptySize(directory);
  const file = join(directory, 'app.db');
  const runtime = await openRuntime({ file, durability, flows: [toFanOut('bench', concurrency)] });
  const runFlow = async (count: number): Promise<number> => {
    const begun = performance.now();
    const execution = await runtime.start('bench', { input: { items: Array.from({ length: count }, (_, index) => index) } });
    const { status, score } = await execution.settled();
    if (status !== 'scored' || score !== 1) throw new Error(`The flow ended as ${status} with score ${score}`);
    return performance.now() - begun;
  };
  const warmUp = Math.ceil(items / 5);
  await runFlow(warmUp);
  const elapsedMs = await runFlow(items);
  await runtime.stop();
  return {
    elapsedMs,
    itemsPerSecond: (items / elapsedMs) * 1_000,
    usPerItem: (elapsedMs / items) * 1_000,
    bytesPerItem: (readSize(file) - empty) / (items + warmUp),
  };
};

export default run;
