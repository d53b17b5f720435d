import { and, assign, not, or, setup, stateIn } from 'xstate';
import type { CorpusMachine } from '../driven.ts';

const send = (type: string, payload: object = {}): CorpusMachine['steps'][number] => ({ send: { type, ...payload } });

const shallowHistory: CorpusMachine = {
  name: 'shallow and deep history',
  build: probe =>
    setup({ actions: { enter: probe.action('enter') } }).createMachine({
      initial: 'off',
      states: {
        off: { on: { shallow: 'on.shallow', deep: 'on.deep', fresh: 'on' } },
        on: {
          initial: 'first',
          on: { off: 'off' },
          states: {
            first: { entry: 'enter', on: { next: 'second' } },
            second: {
              entry: 'enter',
              initial: 'one',
              states: { one: { entry: 'enter', on: { step: 'two' } }, two: { entry: 'enter', on: { step: 'one' } } },
              on: { next: 'first' },
            },
            shallow: { type: 'history', history: 'shallow', target: 'second' },
            deep: { type: 'history', history: 'deep' },
          },
        },
      },
    }),
  steps: ['shallow', 'deep', 'fresh', 'off', 'next', 'step'].map(type => send(type)),
};

const parallel: CorpusMachine = {
  name: 'parallel regions that end, with history in one',
  build: probe =>
    setup({ actions: { enter: probe.action('enter'), both: probe.action('both') }, guards: { leftIsB: stateIn({ left: 'b' }) } }).createMachine({
      type: 'parallel',
      states: {
        left: {
          initial: 'a',
          onDone: { actions: 'both' },
          states: { a: { entry: 'enter', on: { x: 'b' } }, b: { entry: 'enter', on: { x: 'c', back: 'a' } }, c: { type: 'final' } },
        },
        right: {
          initial: 'a',
          states: {
            a: { on: { y: 'b' } },
            b: { on: { y: 'a', x: { guard: 'leftIsB', actions: 'both' }, z: 'c' } },
            c: { type: 'final', entry: 'enter' },
          },
        },
      },
      onDone: { actions: 'both' },
    }),
  steps: ['x', 'y', 'z', 'back'].map(type => send(type)),
};

const always: CorpusMachine = {
  name: 'always with guards, in a chain',
  build: probe =>
    setup({
      types: { context: {} as { n: number } },
      guards: { isMany: ({ context }) => context.n > 2, isEven: ({ context }) => context.n % 2 === 0 },
      actions: { pass: probe.action('pass') },
    }).createMachine({
      context: { n: 0 },
      initial: 'count',
      states: {
        count: {
          on: { add: { actions: assign({ n: ({ context }) => context.n + 1 }) }, check: { guard: or(['isMany', 'isEven']), target: 'decide' } },
          always: { guard: ({ context }) => context.n >= 6, target: 'decide', actions: 'pass' },
        },
        decide: { always: [{ guard: and(['isMany', 'isEven']), target: 'many' }, { guard: not('isEven'), target: 'odd' }, { target: 'few' }], entry: 'pass' },
        many: { on: { reset: { target: 'count', actions: assign({ n: 0 }) } } },
        few: { on: { reset: 'count' } },
        odd: { always: { target: 'few', actions: 'pass' } },
      },
    }),
  steps: ['add', 'check', 'reset'].map(type => send(type)),
};

const reenter: CorpusMachine = {
  name: 'internal, external and reentering transitions, and wildcards',
  build: probe =>
    setup({ actions: { enter: probe.action('enter'), leave: probe.action('leave'), other: probe.action('other') } }).createMachine({
      initial: 'a',
      states: {
        a: {
          entry: 'enter',
          exit: 'leave',
          initial: 'one',
          after: { 500: 'b' },
          on: { inside: '.two', again: { target: 'a', reenter: true }, self: 'a', 'file.*': { actions: 'other' }, forbidden: {} },
          states: { one: { entry: 'enter' }, two: { entry: 'enter', exit: 'leave' } },
        },
        b: { entry: 'enter', on: { '*': 'a' } },
      },
      on: { forbidden: { target: '.b' } },
    }),
  steps: [...['inside', 'again', 'self', 'file.read.done', 'forbidden', 'anything'].map(type => send(type)), { advance: 300 }, { advance: 500 }],
};

const afterChoices: CorpusMachine = {
  name: 'after with guards, computed delays and nested timers',
  build: probe =>
    setup({
      types: { context: {} as { slow: boolean } },
      delays: { patience: ({ context }) => (context.slow ? 2_000 : 200) },
      actions: { tick: probe.action('tick') },
    }).createMachine({
      context: { slow: false },
      initial: 'waiting',
      states: {
        waiting: {
          initial: 'calm',
          after: { patience: [{ guard: ({ context }) => context.slow, target: 'slowly' }, { target: 'quickly' }] },
          states: { calm: { after: { 50: { target: 'nervous', actions: 'tick' } } }, nervous: { after: { 50: { target: 'calm', actions: 'tick' } } } },
          on: { slow: { target: 'waiting', reenter: true, actions: assign({ slow: true }) } },
        },
        slowly: { on: { again: 'waiting' } },
        quickly: { on: { again: 'waiting' } },
      },
    }),
  steps: [send('slow'), send('again'), { advance: 50 }, { advance: 120 }, { advance: 1_000 }],
};

export const stateFeatures: readonly CorpusMachine[] = [shallowHistory, parallel, always, reenter, afterChoices];
