import { appendFileSync } from 'node:fs';
import { assign, setup } from 'xstate';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { openSqliteStore } from '../../src/open-records.ts';

// Flows with a machine as a step are started and signalled as fast as it goes, and what is told is said outside of the database: until it is killed.

const counter = setup({ types: {} as { context: { count: number }; events: { type: 'more' } } }).createMachine({
  id: 'counter',
  context: { count: 0 },
  initial: 'counting',
  states: {
    counting: { on: { more: { actions: assign({ count: ({ context }) => context.count + 1 }) } }, always: { guard: ({ context }) => context.count >= 3, target: 'waiting' } },
    // Ends by itself a moment later, mostly when its flow has left memory.
    waiting: { after: { 2: 'counted' } },
    counted: { type: 'final' },
  },
  output: ({ context }) => context.count,
});

const flow = defineFlow({
  id: 'count',
  steps: [{ id: 'count', uses: 'machine:counter' }, { id: 'note', uses: 'tool:note', depends_on: ['count'], with: { count: '{% steps.count.output %}' } }],
});

export async function openCounting(file: string, oracle: string) {
  const say = (line: string): void => appendFileSync(oracle, `${line}\n`);
  const note = { name: 'note', run: ({ input, executionId }: { input: unknown; executionId: string }) => say(`noted ${executionId} ${(input as { count: number }).count}`) };
  return { say, runtime: await createRuntime({ store: openSqliteStore({ file, durability: 'process' }), flows: [flow], tools: [note], machines: [counter], listen: false, keepResidentMs: 0 }) };
}

async function work(file: string, oracle: string): Promise<never> {
  const { say, runtime } = await openCounting(file, oracle);
  for (;;) {
    const { executionId, signal } = await runtime.start('count');
    say(`started ${executionId}`);
    for (let n = 1; n <= 3; n++) {
      await signal('more');
      say(`sent ${executionId}`);
    }
  }
}

if (process.argv[1] === import.meta.filename) await work(process.argv[2] ?? '', process.argv[3] ?? '');
