import { assign, fromPromise, setup } from 'xstate';
import { idempotencyKeyOf } from '../../src/kinds/actors/idempotency-key.ts';

type Context = { n: number; paid: number; due: number };

/** Counts events, notes each count outside, and pays for every tenth through a promise; a delayed event counts, too. */
export function createCounter(say: (line: string) => void) {
  return setup({
    types: {} as { context: Context; events: { type: 'more' } },
    actors: {
      pay: fromPromise<number, { n: number }>(async ({ input, self }) => {
        say(`pays ${idempotencyKeyOf(self)} for ${input.n}`);
        return input.n;
      }),
    },
    actions: { note: (_, params: { n: number }) => say(`noted ${params.n}`) },
  }).createMachine({
    id: 'counter',
    context: { n: 0, paid: 0, due: 0 },
    type: 'parallel',
    states: {
      count: { on: { more: { actions: [assign({ n: ({ context }) => context.n + 1 }), { type: 'note', params: ({ context }) => ({ n: context.n }) }] } } },
      time: { initial: 'a', states: { a: { after: { 3: { target: 'a', reenter: true, actions: assign({ due: ({ context }) => context.due + 1 }) } } } } },
      money: {
        initial: 'waiting',
        states: {
          waiting: { always: { guard: ({ context }) => context.n >= context.paid + 10, target: 'paying' } },
          paying: { invoke: { id: 'payment', src: 'pay', input: ({ context }) => ({ n: context.paid + 10 }), onDone: { target: 'waiting', actions: assign({ paid: ({ event }) => event.output }) } } },
        },
      },
    },
  });
}
