import { join } from 'node:path';
import type { Run } from '../../harness/trial.ts';
import { toChain } from '../../trials/flows.ts';
import type { LongFlowParameters } from '../../trials/long-flow.ts';
import { toFlow } from '../flowstone/open.ts';
import { recordTicks } from './record-ticks.ts';
import { Replay } from './replay.ts';

const run: Run<LongFlowParameters> = async ({ steps, window }, { directory }) => {
  const replay = new Replay(join(directory, 'app.db'), 'process', await recordTicks(directory, toFlow('bench', toChain(steps))));
  const writeTicks = (key: number, from: number, to: number): number => {
    const begun = performance.now();
    for (let tick = from; tick < to; tick++) replay.write(tick, key, 1);
    return (performance.now() - begun) * 1_000;
  };
  const { ticks } = replay;
  writeTicks(1, 0, ticks);
  const first = writeTicks(2, 0, window);
  const middle = writeTicks(2, window, ticks - window);
  const last = writeTicks(2, ticks - window, ticks);
  replay.database.close();
  return { usPerStep: (first + middle + last) / ticks, firstUs: first / window, lastUs: last / window, growth: last / first };
};

export default run;
