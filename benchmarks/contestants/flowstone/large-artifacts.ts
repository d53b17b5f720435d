import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { computeSpread } from '../../harness/statistics.ts';
import type { Run } from '../../harness/trial.ts';
import type { LargeArtifactsParameters } from '../../trials/large-artifacts.ts';

const flow = defineFlow({ id: 'large', steps: [{ id: 'write', uses: 'tool:write', with: '{% input %}' }] });
const chunk = 50_000;

setFlagsFromString('--expose-gc');
// What nobody holds on to is no memory in use.
const collectGarbage = runInNewContext('gc') as () => void;

async function* stream(bytes: number, seed: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= chunk) yield new Uint8Array(Math.min(left, chunk)).fill((seed + left) % 251);
}

const used = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const run: Run<LargeArtifactsParameters> = async ({ artifacts, bytes }, { directory }) => {
  let most = 0;
  const write = defineTool({
    name: 'write',
    async run({ input, artifact }) {
      const given = input as LargeArtifactsParameters;
      for (let number = 0; number < given.artifacts; number++) {
        await artifact(`${number}.bin`, stream(given.bytes, number));
        if (number % 10 === 0) {
          collectGarbage();
          most = Math.max(most, used());
        }
      }
      return null;
    },
  });
  const runtime = await createRuntime({ store: openSqliteStore({ file: join(directory, 'app.db') }), tools: [write], flows: [flow], listen: false, sizeBudgetBytes: 16 * 1_024 ** 3 });
  const warm = await runtime.start('large', { input: { artifacts: 3, bytes } });
  await warm.settled();
  collectGarbage();
  const before = used();
  most = 0;
  const begun = performance.now();
  const execution = await runtime.start('large', { input: { artifacts, bytes } });
  if (!(await execution.settled()).passed) throw new Error('The execution did not pass');
  const seconds = (performance.now() - begun) / 1_000;
  const times: { list: number[]; read: number[] } = { list: [], read: [] };
  for (let turn = 0; turn < 11; turn++) {
    const listing = performance.now();
    const found = await runtime.artifacts.list(execution.executionId);
    times.list.push(performance.now() - listing);
    if (found.length !== Math.min(artifacts, 1_000)) throw new Error(`Expected ${artifacts} artifacts, got ${found.length}`);
    const reading = performance.now();
    const content = await (await runtime.artifacts.get(execution.executionId, `${turn}.bin`)).bytes();
    times.read.push(performance.now() - reading);
    if (content.length !== bytes) throw new Error(`Expected ${bytes} bytes, got ${content.length}`);
  }
  await runtime.stop();
  return {
    growthMiB: Math.max(0, most - before) / 1_048_576,
    megabytesPerSecond: (artifacts * bytes) / 1_000_000 / seconds,
    listMs: computeSpread(times.list).median,
    readMs: computeSpread(times.read).median,
  };
};

export default run;
