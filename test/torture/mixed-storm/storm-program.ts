import { defineFlow, defineQueue, defineTool, fail, idempotencyKeyOf } from 'flowstone';
import type { Tool } from 'flowstone';
import type { SqliteDatabase } from 'flowstone/sqlite';
import { assign, fromPromise, setup } from 'xstate';
import { z } from 'zod';
import type { Note } from './storm-witness.ts';

export const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** Items of the list, of which every third fails at first. */
export const items = 6;
export const sumOfItems = (items * (items - 1)) / 2;
export const isFlakyItem = (item: number): boolean => item % 3 === 0;

/** What is tried again: steps that fail at first, and nothing else, whatever becomes of the process. */
const retry = (initialInterval: number) => ({ maxAttempts: 3, initialInterval, jitter: 'none' }) as const;

/** @param timeout of every handler, ms; they take at most 25 ms of their own */
export const createFlows = (timeout: number) => [
  defineFlow({
    id: 'child',
    steps: [
      { id: 'c1', uses: 'tool:work', timeout, with: { v: '{% input.v %}' } },
      { id: 'nap', uses: 'sleep', depends_on: ['c1'], with: { for: '60ms' } },
      { id: 'c2', uses: 'tool:work', timeout, depends_on: ['nap'], with: { v: '{% steps.c1.output.v + 1 %}', flaky: true }, retry: retry(30) },
    ],
  }),
  defineFlow({
    id: 'parent',
    input: { type: 'object', properties: { v: { type: 'number' } } },
    steps: [
      { id: 'a', uses: 'tool:work', timeout, with: { v: '{% input.v %}' } },
      { id: 'each', uses: 'tool:work', timeout, depends_on: ['a'], for_each: `{% [0..${items - 1}] %}`, with: { v: '{% item %}', flaky: '{% item % 3 = 0 %}' }, retry: retry(20) },
      { id: 'nap', uses: 'sleep', depends_on: ['a'], with: { for: '{% 50 + input.v * 37 % 1500 %}' } },
      { id: 'ask', uses: 'publish', depends_on: ['a'], with: { queue: 'jobs', payload: { q: '{% input.v %}' } } },
      { id: 'reply', uses: 'await_message', depends_on: ['ask'], with: { queue: 'answers', correlation_id: '{% steps.ask.output.correlationId %}' }, timeout: '10m' },
      { id: 'kid', uses: 'flow:child', depends_on: ['nap'], with: { v: '{% input.v %}' } },
      { id: 'kids', uses: 'flow:child', depends_on: ['a'], for_each: [1, 2], with: { v: '{% item %}' } },
      { id: 'end', uses: 'tool:work', timeout, depends_on: ['each', 'reply', 'kid', 'kids'], with: { v: '{% $sum(steps.each.output.v) + steps.reply.output.r %}' } },
    ],
  }),
];

/** In which order the handlers' steps of a flow begin. */
export const ranks: Readonly<Record<string, number>> = { a: 0, each: 1, end: 2, c1: 0, c2: 1 };

export const createWork = (note: Note): Tool =>
  defineTool({
    name: 'work',
    async run({ input, executionId, stepId, item, attempt, idempotencyKey: key, onCommit }) {
      const { v, flaky } = (input ?? {}) as { readonly v?: number; readonly flaky?: boolean };
      const about = { executionId, stepId, item: item ?? -1, attempt, key };
      note({ what: 'start', ...about });
      await wait(Math.random() * 25);
      if (flaky && attempt === 1) {
        note({ what: 'fail', ...about });
        return fail('Not the first time', { code: 'flaky' });
      }
      onCommit(({ handle }) => {
        const database = handle as SqliteDatabase;
        database.exec('CREATE TABLE IF NOT EXISTS book (key TEXT)');
        database.prepare('INSERT INTO book VALUES (?)').run(key);
      });
      note({ what: 'end', ...about });
      return { v: v ?? null, key };
    },
  }) as Tool;

interface AccountContext {
  readonly id: number;
  /** Events taken, in order. */
  readonly seen: readonly string[];
  readonly round: number;
  /** The key of each round's payment. */
  readonly keys: readonly string[];
}

/** Pays again and again, by a promise, after a delay, and takes events meanwhile. @param pause what a payment takes */
export const createAccount = (note: Note, pause: (ms: number) => Promise<unknown> = wait) =>
  setup({
    types: {} as { input: { id: number }; context: AccountContext; events: { type: 'add'; n: string } },
    actors: {
      pay: fromPromise<{ key: string }, { id: number; round: number }>(async ({ self, input: { id, round } }) => {
        const key = idempotencyKeyOf(self);
        note({ what: 'pay', account: id, round, key });
        await pause(10 + Math.random() * 20);
        note({ what: 'paid', account: id, round, key });
        return { key };
      }),
    },
  }).createMachine({
    id: 'account', version: '1', context: ({ input }) => ({ id: input.id, seen: [], round: 0, keys: [] }), initial: 'idle',
    on: { add: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.n] }) } },
    states: {
      idle: { after: { 120: 'paying' } },
      paying: {
        invoke: {
          id: 'payment', src: 'pay', input: ({ context: { id, round } }) => ({ id, round }),
          onDone: { target: 'idle', actions: assign({ round: ({ context }) => context.round + 1, keys: ({ context, event }) => [...context.keys, event.output.key] }) },
          onError: 'broken',
        },
      },
      broken: {},
    },
  });

export const accounts = [0, 1, 2];

/** Claims come back with the connection of who is killed. The timeout is for those that hang: no load may look like it. */
const endless = { maxInterruptions: 10_000, maxAttempts: 3, visibilityTimeoutMs: 600_000 };
export const jobs = defineQueue({ name: 'jobs', schema: z.object({ q: z.number() }), ...endless, backoff: { initialInterval: 20 } });
export const answers = defineQueue({ name: 'answers', schema: z.object({ r: z.number() }) });
export const plain = defineQueue({ name: 'plain', schema: z.object({ n: z.number() }), ...endless, backoff: { initialInterval: 20, jitter: 'none' } });

/** What becomes of a plain message. */
export const isHopeless = (n: number): boolean => n % 97 === 0;
export const partitionOf = (n: number): string | undefined => (n % 3 === 0 ? `p${n % 4}` : undefined);
