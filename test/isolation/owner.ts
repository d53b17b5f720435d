/* Owns a database and has flows run in processes of their own, until all have settled: `node owner.ts FILE FLOWS STEPS LOG MS`. To be killed. */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';

const [file = '', flows = '1', steps = '1', log = '', ms = '0'] = process.argv.slice(2);
const ids = Array.from({ length: Number(steps) }, (_, index) => `s${index}`);
const flow = defineFlow({
  id: 'chain',
  flow_type: 'static',
  steps: ids.map((id, index) => ({ id, uses: 'tool:work', with: { file: log, ms: Number(ms), size: 200 }, ...(index > 0 && { depends_on: [`s${index - 1}`] }) })),
});
const runtime = await createRuntime({
  store: openSqliteStore({ file, durability: 'process' }),
  flows: [flow],
  isolation: { tools: join(import.meta.dirname, 'tools.ts'), durability: 'process', maxProcesses: Number(flows) },
});
const executions = await Promise.all(Array.from({ length: Number(flows) }, (_, index) => runtime.start('chain', { idempotencyKey: `k${index}` })));
writeSync(1, `${JSON.stringify(executions.map(({ executionId }) => executionId))}\n`);
await Promise.all(executions.map(execution => execution.settled()));
await runtime.stop();
