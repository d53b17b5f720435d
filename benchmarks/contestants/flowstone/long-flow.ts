import { join } from 'node:path';
import { defineTool } from 'flowstone';
import type { Run } from '../../harness/trial.ts';
import { toChain } from '../../trials/flows.ts';
import type { LongFlowParameters } from '../../trials/long-flow.ts';
import { openRuntime, toFlow } from './open.ts';

const run: Run<LongFlowParameters> = async ({ steps, window }, { directory }) => {
  const calls: number[] = [];
  const work = defineTool({
    name: 'timed',
    run: () => {
      calls.push(performance.now());
      return { ok: true, v: 'x'.repeat(100) };
    },
  });
  const flow = toFlow('bench', toChain(steps));
  const runtime = await openRuntime({
    file: join(directory, 'app.db'),
    durability: 'process',
    flows: [{ ...flow, steps: flow.steps.map(step => ({ ...step, uses: 'tool:timed' })) }],
    tools: [work],
  });
  for (let round = 0; round < 2; round++) {
    calls.length = 0;
    const execution = await runtime.start('bench');
    await execution.settled();
  }
  await runtime.stop();
  const between = (from: number, to: number): number => (((calls[to] ?? 0) - (calls[from] ?? 0)) / (to - from)) * 1_000;
  const firstUs = between(0, window);
  const lastUs = between(steps - 1 - window, steps - 1);
  return { usPerStep: between(0, steps - 1), firstUs, lastUs, growth: lastUs / firstUs };
};

export default run;
