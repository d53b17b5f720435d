import { join } from 'node:path';
import { driveFlows } from '../../harness/drive-flows.ts';
import type { Run } from '../../harness/trial.ts';
import type { FlowsParameters } from '../../trials/flows.ts';
import { measureEmptySize, openRuntime, readSize, toFlow } from './open.ts';

/** Started and awaited through the public API, on a database file. */
const run: Run<FlowsParameters> = async ({ dependsOn, atOnce, flows, warmUp, durability }, { directory }) => {
  const empty = await measureEmptySize(directory);
  const file = join(directory, 'app.db');
  const runtime = await openRuntime({ file, durability, flows: [toFlow('bench', dependsOn)] });
  const runFlow = async (): Promise<void> => {
    const execution = await runtime.start('bench');
    const { status, score } = await execution.settled();
    if (status !== 'scored' || score !== 1) throw new Error(`A flow ended as ${status} with score ${score}`);
  };
  const stepsPerFlow = dependsOn.length;
  await driveFlows({ flows: warmUp, atOnce, stepsPerFlow, runFlow });
  const measured = await driveFlows({ flows, atOnce, stepsPerFlow, runFlow });
  await runtime.stop();
  return { ...measured, bytesPerStep: (readSize(file) - empty) / ((flows + warmUp) * stepsPerFlow) };
};

export default run;
