import { join } from 'node:path';
import { createRuntime, defineQueue } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { driveLatency } from '../../harness/drive-queue.ts';
import type { Run } from '../../harness/trial.ts';
import type { QueueLatencyParameters } from '../../trials/queue-latency.ts';

const run: Run<QueueLatencyParameters> = async (parameters, { directory }) => {
  const { durability } = parameters;
  const jobs = defineQueue({ name: 'jobs' });
  const runtime = await createRuntime({ store: openSqliteStore({ file: join(directory, 'app.db'), ...(durability !== 'default' && { durability }) }), queues: [jobs] });
  let note = (_number: number): void => {};
  await runtime.consume(jobs, ({ payload }) => note(payload as number));
  const measured = await driveLatency(parameters, number => runtime.publish(jobs, number), given => (note = given));
  await runtime.stop();
  return measured;
};

export default run;
