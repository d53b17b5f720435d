import { expect, it } from 'vitest';
import { createMemoryStore, createRuntime, parseFlow } from '../../src/index.ts';
import { createClient } from '../../src/runtime/create-client.ts';
import { getParts } from '../../src/runtime/sessions-of.ts';
import { ExecutionVersions } from '../../src/server/version.ts';

const asks = parseFlow('id: asks\nsteps:\n  - { id: one, uses: signal, with: { name: one } }\n');

it('finds the version of an execution with one look at the store, and a new one after each commit of it', async () => {
  const runtime = await createRuntime({ store: createMemoryStore(), flows: [asks] });
  const { reader } = getParts(runtime);
  let looks = 0;
  const readRows: NonNullable<typeof reader.readRows> = requests => {
    looks++;
    return (reader.readRows as NonNullable<typeof reader.readRows>)(requests);
  };
  const versions = new ExecutionVersions({ ...reader, readRows });
  const { executionId } = await runtime.start('asks');
  const { executionId: other } = await runtime.start('asks');
  // Both wait for their signals: nothing of them is on its way any more.
  for (const id of [executionId, other]) while ((await (await runtime.get(id)).get()).steps[0]?.status !== 'waiting') await new Promise(setImmediate);
  const [first, ofOther] = [await versions.read(executionId), await versions.read(other)];
  expect(await versions.read(executionId, 1)).toBe(first);
  looks = 0;
  expect([await versions.read(executionId), await versions.read(executionId, 1), looks]).toEqual([first, first, 2]);

  await runtime.signal(executionId, 'one');
  await runtime.settled(executionId);
  looks = 0;
  const settled = await versions.read(executionId);
  expect([settled === first, await versions.read(other), looks]).toEqual([false, ofOther, 2]);

  // The newest generation is another one: its key is asked for with each look.
  await runtime.retry(executionId, { steps: ['one'] });
  expect(await versions.read(executionId)).not.toBe(settled);
  expect(await versions.read(executionId, 1)).toBe(settled);
  expect(await versions.read('nobody')).toBeUndefined();
  await runtime.cancel(executionId);
  await runtime.settled(executionId);
  const client = createClient(runtime);
  await client.delete(executionId);
  client.close();
  expect(await versions.read(executionId)).toBeUndefined();
  await runtime.stop();
});
