/* Runs flows, fifty at a time, and prints CPU per step, µs: `debugger-load.ts MODE FLOWS`; MODE `paused`: beside one execution that stands still. */
import { createMemoryStore, createRuntime, defineFlow, defineTool } from '../src/index.ts';

const [mode = 'none', flows = '400'] = process.argv.slice(2);
const steps = 10;
const work = defineTool({ name: 'work', run: async ({ stepId }) => ({ by: stepId }) });
const flow = defineFlow({ id: 'ten', steps: Array.from({ length: steps }, (_, index) => ({ id: `s${index}`, uses: 'tool:work', depends_on: index === 0 ? [] : [`s${index - 1}`] })) });
const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'go', uses: 'signal', with: { name: 'go' } }] });
const runtime = await createRuntime({ store: createMemoryStore(), flows: [flow, waiting], tools: [work] });
if (mode === 'paused') await runtime.debug.pause((await runtime.start('waiting')).executionId);

async function run(count: number): Promise<void> {
  const executions = await Promise.all(Array.from({ length: count }, () => runtime.start('ten')));
  await Promise.all(executions.map(execution => execution.settled()));
}

/** What else the machine does makes some blocks dearer, and none cheaper: the lower quartile of all. */
const blockSize = 50;
const blocks: number[] = [];
for (let warm = 0; warm < 4; warm++) await run(blockSize);
for (let done = 0; done < Number(flows); done += blockSize) {
  const before = process.cpuUsage();
  await run(blockSize);
  const { user, system } = process.cpuUsage(before);
  blocks.push((user + system) / (blockSize * steps));
}
console.log(blocks.toSorted((x, y) => x - y)[Math.floor(blocks.length / 4)]);
await runtime.stop({ timeoutMs: 0 });
