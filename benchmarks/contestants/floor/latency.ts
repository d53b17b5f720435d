import { join } from 'node:path';
import { computePercentile } from '../../harness/statistics.ts';
import type { Run } from '../../harness/trial.ts';
import type { LatencyParameters } from '../../trials/latency.ts';
import { toFlow } from '../flowstone/open.ts';
import { recordTicks } from './record-ticks.ts';
import { Replay } from './replay.ts';

/** The commit that stores the start, and both commits of the flow. */
const run: Run<LatencyParameters> = async ({ starts, durability }, { directory }) => {
  const replay = new Replay(join(directory, 'app.db'), durability, await recordTicks(directory, toFlow('bench', [[]])));
  const firstStep: number[] = [];
  const settled: number[] = [];
  for (let index = -Math.ceil(starts / 4); index < starts; index++) {
    const begun = performance.now();
    for (let tick = 0; tick < replay.ticks; tick++) {
      replay.write(tick, index + starts, 1);
      if (tick === 0 && index >= 0) firstStep.push((performance.now() - begun) * 1_000);
    }
    if (index >= 0) settled.push((performance.now() - begun) * 1_000);
  }
  replay.database.close();
  return {
    firstStepP50Us: computePercentile(firstStep, 0.5),
    firstStepP99Us: computePercentile(firstStep, 0.99),
    settledP50Us: computePercentile(settled, 0.5),
  };
};

export default run;
