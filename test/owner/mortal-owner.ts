/*
 * Owns a database until it is killed: node mortal-owner.ts DATABASE ORACLE. What it handles it notes in the oracle, a file out of
 * the database's reach.
 */
import { appendFileSync } from 'node:fs';
import { assign, setup } from 'xstate';
import { createRuntime, defineFlow, defineQueue, defineTool } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';

const [file = '', oracle = ''] = process.argv.slice(2);

const tally = setup({ types: { context: {} as { readonly seen: readonly number[] }, events: {} as { readonly type: 'add'; readonly n: number } } }).createMachine({
  id: 'tally',
  context: { seen: [] },
  on: { add: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.n] }) } },
});
const note = defineTool({ name: 'note', run: ({ input }) => appendFileSync(oracle, `step ${(input as { readonly n: number }).n}\n`) });
const counted = defineFlow({
  id: 'counted',
  steps: [
    { id: 'ask', uses: 'signal', with: { name: 'go' } },
    { id: 'tell', uses: 'tool:note', with: { n: '{% steps.ask.output.n %}' }, depends_on: ['ask'] },
    { id: 'end', uses: 'signal', with: { name: 'stop' }, depends_on: ['tell'] },
  ],
});
const jobs = defineQueue({ name: 'jobs', maxInterruptions: 1_000 });

const runtime = await createRuntime({
  store: openSqliteStore({ file, durability: 'process' }), flows: [counted], tools: [note], machines: [tally], queues: [jobs], maxInterruptions: 1_000, isolation: false,
});
await runtime.spawn(tally, { id: 'tally' });
await runtime.consume(jobs, ({ payload }) => appendFileSync(oracle, `job ${(payload as { readonly n: number }).n}\n`));
console.log('ready');
