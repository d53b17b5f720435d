import { join } from 'node:path';
import { defineTool } from 'flowstone';
import type { Run } from '../../harness/trial.ts';
import type { DiskParameters } from '../../trials/disk.ts';
import { toChain } from '../../trials/flows.ts';
import { openRuntime, readSize, toFlow } from './open.ts';

const run: Run<DiskParameters> = async ({ steps, outputBytes }, { directory }) => {
  const file = join(directory, 'app.db');
  const give = defineTool({ name: 'give', run: () => 'x'.repeat(outputBytes) });
  const flow = toFlow('bench', toChain(steps));
  const runOnce = async (): Promise<number> => {
    const runtime = await openRuntime({
      file, durability: 'process', tools: [give],
      flows: [{ ...flow, steps: flow.steps.map(step => ({ ...step, uses: 'tool:give' })) }],
    });
    const execution = await runtime.start('bench');
    await execution.settled();
    await runtime.stop();
    return readSize(file);
  };
  const before = await runOnce();
  const grownBytes = (await runOnce()) - before;
  return { grownBytes, growth: grownBytes / (steps * outputBytes) };
};

export default run;
