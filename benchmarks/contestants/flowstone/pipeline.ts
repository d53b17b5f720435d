import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createMemoryStore, createRuntime, loadFlow } from 'flowstone';
import type { Runtime, Records, Tool, ToolCall } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { computeSpread } from '../../harness/statistics.ts';
import type { Run } from '../../harness/trial.ts';
import { models, tools } from '../../../docs/examples/planning-pipeline.tools.ts';
import type { PipelineParameters } from '../../trials/pipeline.ts';

/** Documents that the steps of the example make of themselves, bytes. */
const ownBytes = 600_000;
const tasks = 61;

const file = fileURLToPath(new URL('../../../docs/examples/planning-pipeline.yml', import.meta.url));

/** The example's tools, each taking its time first, and making a further document as large as asked for. */
function toTools({ taskMs, documentBytes }: PipelineParameters): Tool[] {
  const extra = Math.max(0, Math.round((documentBytes - ownBytes) / tasks));
  const given = { ...tools, 'value.make': ({ input }: ToolCall<never>) => input };
  return Object.entries(given).map(([name, run]) => ({
    name,
    run: async (call: ToolCall<never>) => {
      await sleep(taskMs);
      if (extra > 0) await call.artifact(`extra/${call.stepId}.txt`, `${call.stepId} `.repeat(Math.ceil(extra / (call.stepId.length + 1))));
      const artifacts: typeof call.artifacts = async options => (await call.artifacts(options)).filter(found => !found.name.startsWith('extra/'));
      return (run as (given: ToolCall<never>) => unknown)({ ...call, artifacts });
    },
  }));
}

async function runOnce(runtime: Runtime): Promise<number> {
  const begun = performance.now();
  const { passed } = await (await runtime.start('planning-pipeline')).settled();
  if (!passed) throw new Error('The pipeline did not pass');
  return performance.now() - begun;
}

const run: Run<PipelineParameters> = async (parameters, { directory }) => {
  const flow = await loadFlow(file);
  const open = (store: Records): Promise<Runtime> => createRuntime({ store, flows: [flow], tools: toTools(parameters), models, listen: false });
  const { durability } = parameters;
  const contestants = {
    sqlite: await open(openSqliteStore({ file: join(directory, 'app.db'), ...(durability !== 'default' && { durability }) })),
    memory: await open(createMemoryStore()),
  };
  const times = { sqlite: [] as number[], memory: [] as number[] };
  for (let time = -1; time < parameters.runs; time++) {
    // In turns, and each one first as often as the other.
    const order = time % 2 === 0 ? (['sqlite', 'memory'] as const) : (['memory', 'sqlite'] as const);
    for (const name of order) {
      const took = await runOnce(contestants[name]);
      if (time >= 0) times[name].push(took);
    }
  }
  for (const runtime of Object.values(contestants)) await runtime.stop();
  const [sqliteMs, memoryMs] = [computeSpread(times.sqlite).median, computeSpread(times.memory).median];
  return { ratio: sqliteMs / memoryMs, sqliteMs, memoryMs };
};

export default run;
