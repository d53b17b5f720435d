import { assign, sendTo, setup } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import type { MachineSize } from '../../trials/actors.ts';

interface Item {
  readonly sku: string;
  readonly price: number;
}

/** Two states and a number. */
const small = setup({ types: {} as { context: { count: number }; events: { type: 'go' } } }).createMachine({
  id: 'switch',
  context: { count: 0 },
  initial: 'off',
  states: { off: { on: { go: { target: 'on', actions: assign({ count: ({ context }) => context.count + 1 }) } } }, on: { on: { go: 'off' } } },
});

/** A cart with guards, a nested state and two delayed events. */
const medium = setup({ types: {} as { context: { items: readonly Item[]; step: number }; events: { type: 'go' } }, guards: { isFull: ({ context }) => context.items.length > 8 } }).createMachine({
  id: 'cart',
  context: { items: [], step: 0 },
  initial: 'browsing',
  states: {
    browsing: {
      on: { go: { target: 'adding', actions: assign({ items: ({ context }) => [...context.items, { sku: `sku-${context.step}`, price: context.step }], step: ({ context }) => context.step + 1 }) } },
    },
    adding: { always: { guard: 'isFull', target: 'clearing' }, after: { 86_400_000: 'browsing' }, on: { go: 'confirming' } },
    clearing: { entry: assign({ items: [] }), always: 'browsing' },
    confirming: { initial: 'asking', states: { asking: { on: { go: 'answered' }, after: { 3_600_000: 'answered' } }, answered: { type: 'final' } }, onDone: 'browsing' },
  },
});

const circle = { initial: 's0', states: Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`s${index}`, { on: { go: `s${(index + 1) % 10}` } }])) };

/** Four regions of ten states, and a context of 6 KB. */
const large = setup({ types: {} as { context: { count: number; rows: readonly object[] }; events: { type: 'go' } } }).createMachine({
  id: 'board',
  context: { count: 0, rows: Array.from({ length: 100 }, (_, id) => ({ id, title: `Row number ${id} of the list`, done: false })) },
  type: 'parallel',
  on: { go: { actions: assign({ count: ({ context }) => context.count + 1 }) } },
  states: { a: circle, b: circle, c: circle, d: circle },
});

const worker = setup({ types: {} as { context: { count: number } } }).createMachine({ id: 'worker', context: { count: 0 }, on: { work: { actions: assign({ count: ({ context }) => context.count + 1 }) } } });

/** A parent of twenty machines; each event goes on to one of them. */
const tree = setup({ types: {} as { context: { count: number }; events: { type: 'go' } }, actors: { worker } }).createMachine({
  id: 'foreman',
  context: { count: 0 },
  invoke: Array.from({ length: 20 }, (_, index) => ({ id: `w${index}`, src: 'worker' as const })),
  on: { go: { actions: [assign({ count: ({ context }) => context.count + 1 }), sendTo(({ context }) => `w${context.count % 20}`, { type: 'work' })] } },
});

export const actorMachines: Readonly<Record<MachineSize, AnyStateMachine>> = { small, medium, large: large as AnyStateMachine, tree };
