/* Prints which functions of the debugger a signal runs: while nobody is attached, and while something stands still. */
import { Session } from 'node:inspector/promises';
import { createMemoryStore, createRuntime, defineFlow } from '../../src/index.ts';

const flow = defineFlow({ id: 'waiting', steps: [{ id: 'go', uses: 'signal', with: { name: 'go' } }] });
const runtime = await createRuntime({ store: createMemoryStore(), flows: [flow] });
const [one, two, three] = [await runtime.start('waiting'), await runtime.start('waiting'), await runtime.start('waiting')];
const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });

async function listRun(): Promise<string[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const own = result.filter(({ url }) => url.includes('/src/debugger/'));
  return own.flatMap(({ functions }) => functions.filter(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0).map(({ functionName }) => functionName));
}

await listRun();
await one.signal('go', {});
await one.settled();
const detached = await listRun();
await runtime.debug.pause(two.executionId);
await listRun();
await three.signal('go', {});
await three.settled();
const attached = await listRun();
await runtime.stop();
console.log(JSON.stringify({ detached, attached }));
