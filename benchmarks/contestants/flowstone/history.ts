import { join } from 'node:path';
import { computeSpread } from '../../harness/statistics.ts';
import type { Run } from '../../harness/trial.ts';
import { toChain } from '../../trials/flows.ts';
import type { HistoryParameters } from '../../trials/history.ts';
import { openRuntime, toFlow } from './open.ts';

const run: Run<HistoryParameters> = async ({ steps, reads }, { directory }) => {
  const runtime = await openRuntime({ file: join(directory, 'app.db'), durability: 'process', flows: [toFlow('bench', toChain(steps))] });
  const execution = await runtime.start('bench');
  await execution.settled();
  const readTimes: number[] = [];
  const getTimes: number[] = [];
  let transitions = 0;
  for (let index = -1; index < reads; index++) {
    transitions = 0;
    const begun = performance.now();
    for await (const update of execution.transitions({ after: 0 })) if (update.type === 'transition') transitions++;
    const read = performance.now();
    const { steps: results } = await execution.get();
    if (results.length !== steps) throw new Error(`Expected ${steps} steps, got ${results.length}`);
    if (index < 0) continue;
    readTimes.push(read - begun);
    getTimes.push(performance.now() - read);
  }
  await runtime.stop();
  if (transitions < steps) throw new Error(`Expected a transition per step at least, got ${transitions} for ${steps} steps`);
  const readMs = computeSpread(readTimes).median;
  return { transitionsPerSecond: (transitions / readMs) * 1_000, readMs, getMs: computeSpread(getTimes).median };
};

export default run;
