/* Runs flows and prints CPU per step, µs: `debugger-load.ts MODE FLOWS`; MODE `paused`: beside one execution that stands still. */
import { createMemoryStore, createRuntime, defineFlow, defineTool } from '../src/index.ts';

const [mode = 'none', flows = '400'] = process.argv.slice(2);
const steps = 10;
const work = defineTool({ name: 'work', run: async ({ stepId }) => ({ by: stepId }) });
const flow = defineFlow({ id: 'ten', steps: Array.from({ length: steps }, (_, index) => ({ id: `s${index}`, uses: 'tool:work', depends_on: index === 0 ? [] : [`s${index - 1}`] })) });
const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'go', uses: 'signal', with: { name: 'go' } }] });
const runtime = await createRuntime({ store: createMemoryStore(), flows: [flow, waiting], tools: [work] });
if (mode === 'paused') await runtime.debug.pause((await runtime.start('waiting')).executionId);

async function run(count: number): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const executions = await Promise.all(Array.from({ length: Math.min(100, count - done) }, () => runtime.start('ten')));
    await Promise.all(executions.map(execution => execution.settled()));
  }
}

await run(Number(flows));
const before = process.cpuUsage();
await run(Number(flows));
const { user, system } = process.cpuUsage(before);
console.log((user + system) / (Number(flows) * steps));
await runtime.stop({ timeoutMs: 0 });
