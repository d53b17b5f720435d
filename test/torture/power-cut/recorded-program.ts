import { defineFlow, defineQueue, defineTool, fail } from 'flowstone';
import type { SqliteDatabase } from 'flowstone/sqlite';
import { assign, setup } from 'xstate';
import type { Witnessed } from './witness.ts';

/** Steps, a list with an attempt that fails, a message, and a step after all of them. */
export const flow = defineFlow({
  id: 'recorded',
  steps: [
    { id: 'first', uses: 'tool:work' },
    { id: 'each', uses: 'tool:work', depends_on: ['first'], for_each: '{% [0..2] %}', with: { flaky: '{% item = 1 %}' }, retry: { maxAttempts: 2, initialInterval: '5ms' } },
    { id: 'tell', uses: 'publish', depends_on: ['first'], with: { queue: 'told', payload: { from: '{% input.number %}' } } },
    { id: 'last', uses: 'tool:work', depends_on: ['each', 'tell'] },
  ],
});

/** Runs of `work` per execution, each of which writes one row of its own. */
export const rowsPerFlow = 5;

export const queue = defineQueue({ name: 'told' });

export const machine = setup({ types: {} as { context: { seen: number[] }; events: { type: 'add'; number: number } } }).createMachine({
  id: 'counter', version: '1', context: { seen: [] }, on: { add: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.number] }) } },
});

export const actorId = 'counter';

/** The tool of the flow: notes that it began, fails when it is told to, and writes a row in the commit of its output. */
export const createWork = (note: (seen: Witnessed) => void): ReturnType<typeof defineTool> =>
  defineTool({
    name: 'work',
    run({ input, idempotencyKey: key, attempt, onCommit }) {
      note({ what: 'run', key, attempt });
      if ((input as { flaky?: boolean } | null)?.flaky && attempt === 1) return fail('Not the first time');
      onCommit(({ handle }) => {
        const database = handle as SqliteDatabase;
        database.exec('CREATE TABLE IF NOT EXISTS book (key TEXT)');
        database.prepare('INSERT INTO book VALUES (?)').run(key);
      });
      // Long enough for the log to be carried over into the database now and then.
      return { text: 'x'.repeat(30_000) };
    },
  });
