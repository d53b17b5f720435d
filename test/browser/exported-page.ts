import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryStore, createRuntime, defineFlow, defineTool } from '../../src/index.ts';
import { PlanRegistry } from '../../src/kinds/flows/plan-registry.ts';
import { getParts } from '../../src/runtime/sessions-of.ts';
import { readInspectorFiles, renderInspectorPage } from '../../src/views/export/inspector-page.ts';
import { gather } from '../../src/views/read-history.ts';

const flow = defineFlow({
  id: 'exported', concurrency: 3,
  steps: [
    { id: 'fetch', uses: 'tool:work' },
    ...['parse', 'check', 'count', 'sort', 'draw', 'print'].map(id => ({ id, uses: 'tool:work', depends_on: ['fetch'] })),
    { id: 'join', uses: 'tool:work', depends_on: ['parse', 'check', 'count', 'sort', 'draw', 'print'] },
    { id: 'each', uses: 'tool:work', depends_on: ['join'], for_each: '{% [1, 2, 3] %}' },
  ],
});

/** Writes the page of an execution into a folder, as `flowstone export ID --html FILE` does. */
export async function writeExportedPage(folder: string): Promise<string> {
  const runtime = await createRuntime({
    store: createMemoryStore(), flows: [flow as never], tools: [defineTool({ name: 'work', run: ({ stepId }) => ({ by: stepId, secret: 'sk-abcdefghijklmnopqrstuvwxyz012345' }) })],
  });
  const { executionId } = await runtime.start('exported');
  await runtime.settled(executionId);
  const { reader } = getParts(runtime);
  const record = await reader.getExecution(executionId);
  if (!record) throw new Error('It is gone');
  const plan = await new PlanRegistry().load(reader, record.digest);
  const file = join(folder, 'exported.html');
  writeFileSync(file, (await gather(renderInspectorPage({ reader, plan, record, now: 0 }, readInspectorFiles()))).join(''));
  await runtime.stop();
  return file;
}
