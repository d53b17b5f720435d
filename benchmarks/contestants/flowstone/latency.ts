import { join } from 'node:path';
import { defineTool } from 'flowstone';
import { computePercentile } from '../../harness/statistics.ts';
import type { Run } from '../../harness/trial.ts';
import type { LatencyParameters } from '../../trials/latency.ts';
import { openRuntime } from './open.ts';

const run: Run<LatencyParameters> = async ({ starts, durability }, { directory }) => {
  let called = 0;
  const note = defineTool({ name: 'note', run: () => { called = performance.now(); } });
  const flow = { id: 'bench', steps: [{ id: 'first', uses: 'tool:note' }] };
  const runtime = await openRuntime({ file: join(directory, 'app.db'), durability, flows: [flow], tools: [note] });
  const firstStep: number[] = [];
  const settled: number[] = [];
  for (let index = -starts / 4; index < starts; index++) {
    const begun = performance.now();
    const execution = await runtime.start('bench');
    await execution.settled();
    if (index < 0) continue;
    firstStep.push((called - begun) * 1_000);
    settled.push((performance.now() - begun) * 1_000);
  }
  await runtime.stop();
  return {
    firstStepP50Us: computePercentile(firstStep, 0.5),
    firstStepP99Us: computePercentile(firstStep, 0.99),
    settledP50Us: computePercentile(settled, 0.5),
  };
};

export default run;
