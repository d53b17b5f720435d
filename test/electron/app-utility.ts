/* The utility process of the app that is tried: node app-utility.ts --db FILE --ledger FILE. What its tools do they note in the ledger. */
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { serveUtility } from 'flowstone/electron';
import { openSqliteStore } from 'flowstone/sqlite';

const { values: { db = '', ledger = '' } } = parseArgs({ options: { db: { type: 'string' }, ledger: { type: 'string' } } });

const note = defineTool({
  name: 'note',
  run: ({ input, idempotencyKey }) => {
    console.log(`noting ${idempotencyKey}`);
    appendFileSync(ledger, `${idempotencyKey} ${JSON.stringify(input)}\n`);
    return input;
  },
});
const order = defineFlow({
  id: 'order',
  steps: [
    { id: 'open', uses: 'tool:note', with: { n: '{% input.n %}' } },
    { id: 'approve', uses: 'signal', with: { name: 'approved' }, depends_on: ['open'] },
    { id: 'ship', uses: 'tool:note', with: { n: '{% input.n %}' }, depends_on: ['approve'] },
  ],
});
const nap = defineFlow({ id: 'nap', steps: [{ id: 'sleep', uses: 'sleep', with: { for: '6h' } }, { id: 'wake', uses: 'tool:note', with: { n: 0 }, depends_on: ['sleep'] }] });

await serveUtility(() => createRuntime({
  store: openSqliteStore({ file: db, durability: 'process' }), flows: [order, nap], tools: [note], maxInterruptions: 1_000, isolation: false,
}));
