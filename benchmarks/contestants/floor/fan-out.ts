import { join } from 'node:path';
import type { Run } from '../../harness/trial.ts';
import type { FanOutParameters } from '../../trials/fan-out.ts';
import { measureEmptySize, readSize, toFanOut } from '../flowstone/open.ts';
import { recordTicks } from './record-ticks.ts';
import { Replay } from './replay.ts';

const run: Run<FanOutParameters> = async ({ items, concurrency, durability }, { directory }) => {
  const empty = await measureEmptySize(directory);
  const ticks = await recordTicks(directory, toFanOut('bench', concurrency), { items: Array.from({ length: items }, (_, index) => index) });
  const file = join(directory, 'app.db');
  const replay = new Replay(file, durability, ticks);
  const writeFlow = (key: number): number => {
    const begun = performance.now();
    for (let tick = 0; tick < replay.ticks; tick++) replay.write(tick, key, 1);
    return performance.now() - begun;
  };
  writeFlow(1);
  const elapsedMs = writeFlow(2);
  replay.database.close();
  return {
    elapsedMs,
    itemsPerSecond: (items / elapsedMs) * 1_000,
    usPerItem: (elapsedMs / items) * 1_000,
    bytesPerItem: (readSize(file) - empty) / (items * 2),
  };
};

export default run;
