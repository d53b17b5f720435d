// A process whose files may not grow beyond a limit: starts flows until the disk refuses, then says what it was told.
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { openSqliteStore } from '../../src/open-records.ts';

const [file] = process.argv.slice(2) as [string];
let begun = 0;
const work = defineTool({ name: 'work', run: () => ++begun && { text: 'x'.repeat(2_000) } });
const runtime = await createRuntime({
  store: openSqliteStore({ file }),
  flows: [defineFlow({ id: 'fill', steps: [{ id: 'a', uses: 'tool:work' }, { id: 'b', uses: 'tool:work', depends_on: ['a'] }] })],
  tools: [work],
});
const answered: string[] = [];
const settled: string[] = [];
let refusal: { readonly code?: string } | undefined;
while (!refusal) {
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      const execution = await runtime.start('fill');
      answered.push(execution.executionId);
      await execution.settled();
      settled.push(execution.executionId);
    }),
  ).catch((error: { readonly code?: string }) => (refusal = error));
}
const begunAtFault = begun;
for (let turn = 0; turn < 50; turn++) await new Promise<void>(resolve => setImmediate(resolve));
const { status, error } = runtime.health();
const { code, details } = (error ?? {}) as { readonly code?: string; readonly details?: object };
process.stdout.write(JSON.stringify({ answered, settled, refusal: refusal.code, status, code, details, begunLater: begun - begunAtFault }));
process.exit(0);
