import { assign, forwardTo, fromTransition, sendParent, sendTo, setup, spawnChild, stopChild } from 'xstate';
import type { CorpusMachine, ScriptStep } from '../driven.ts';

const sends = (...types: readonly string[]): ScriptStep[] => types.map(type => ({ send: { type } }));
const reasonOf = ({ event }: { readonly event: { readonly error: unknown } }): string => (event.error as Error).message;

const observable: CorpusMachine = {
  name: 'an observable with input, values, errors and an end',
  build: probe =>
    setup({ types: { context: {} as { symbol: string; price: unknown; reason: string } }, actors: { prices: probe.stream('prices') }, actions: { seen: probe.action('seen') } }).createMachine({
      context: { symbol: 'A', price: null, reason: '' },
      initial: 'on',
      states: {
        on: {
          invoke: {
            id: 'prices',
            src: 'prices',
            input: ({ context }) => ({ symbol: context.symbol }),
            onSnapshot: { actions: ['seen', assign({ price: ({ event }) => event.snapshot.context ?? null })] },
            onDone: { target: 'off', actions: 'seen' },
            onError: { target: 'off', actions: [assign({ reason: reasonOf }), 'seen'] },
          },
          on: { off: 'off', other: { target: 'on', reenter: true, actions: assign({ symbol: ({ context }) => (context.symbol === 'A' ? 'B' : 'A') }) } },
        },
        off: { on: { on: 'on' } },
      },
    }),
  steps: [...sends('off', 'on', 'on', 'other'), { stream: 'prices', value: 3 }, { stream: 'prices', value: { bid: 4 } }, { stream: 'prices', error: 'no prices' }, { stream: 'prices', ends: true }],
};

const endless: CorpusMachine = {
  name: 'observables that have ended beside ones that go on',
  build: probe =>
    setup({ types: { context: {} as { ended: string[] } }, actors: { prices: probe.stream('prices'), news: probe.events('news') }, actions: { seen: probe.action('seen') } }).createMachine({
      context: { ended: [] },
      invoke: [
        { id: 'prices', src: 'prices', input: 'all', onDone: { actions: assign({ ended: ({ context }) => [...context.ended, 'prices'] }) } },
        { id: 'news', src: 'news', input: { topics: ['a', 'b'] }, onDone: { actions: assign({ ended: ({ context }) => [...context.ended, 'news'] }) } },
      ],
      on: { story: { actions: 'seen' } },
    }),
  steps: [{ stream: 'prices', value: 1 }, { stream: 'prices', ends: true }, { stream: 'news', value: { type: 'story', title: 'x' } }, { stream: 'news', ends: true }],
};

const eventObservable: CorpusMachine = {
  name: 'an observable of events',
  build: probe =>
    setup({ types: { context: {} as { titles: string[]; reason: string } }, actors: { news: probe.events('news') }, actions: { seen: probe.action('seen') } }).createMachine({
      context: { titles: [], reason: '' },
      initial: 'on',
      states: {
        on: {
          invoke: { id: 'news', src: 'news', onDone: 'off', onError: { target: 'off', actions: assign({ reason: reasonOf }) } },
          on: { story: { actions: ['seen', assign({ titles: ({ context, event }) => [...context.titles, (event as unknown as { title: string }).title].slice(-2) })] }, last: 'off', off: 'off' },
          exit: 'seen',
        },
        off: { on: { on: 'on' }, after: { 100: 'on' } },
      },
    }),
  steps: [
    ...sends('off', 'on', 'on'), { advance: 60 },
    { stream: 'news', value: { type: 'story', title: 'x' } }, { stream: 'news', value: { type: 'story', title: 'y' } }, { stream: 'news', value: { type: 'last' } },
    { stream: 'news', error: 'no news' }, { stream: 'news', ends: true },
  ],
};

const callback: CorpusMachine = {
  name: 'a callback with input, that answers, breaks and is cleaned up',
  build: probe =>
    setup({ types: { context: {} as { calls: number; reason: string } }, actors: { line: probe.line('line') }, actions: { seen: probe.action('seen') } }).createMachine({
      context: { calls: 0, reason: '' },
      initial: 'off',
      states: {
        off: { on: { on: 'on' } },
        on: {
          entry: assign({ calls: ({ context }) => (context.calls + 1) % 3 }),
          invoke: { id: 'line', src: 'line', input: ({ context }) => ({ call: context.calls }), onError: { target: 'broken', actions: assign({ reason: reasonOf }) } },
          on: { ping: { actions: sendTo('line', { type: 'ping' }) }, boom: { actions: forwardTo('line') }, pong: { actions: 'seen' }, ring: { actions: 'seen' }, hang: 'off', off: 'off', again: { target: 'on', reenter: true } },
        },
        broken: { on: { on: 'on' } },
      },
    }),
  steps: [...sends('on', 'on', 'ping', 'boom', 'off', 'again'), { stream: 'line', value: { type: 'ring' } }, { stream: 'line', value: { type: 'hang' } }],
};

const nested: CorpusMachine = {
  name: 'a child machine that has a callback, and a transition function beside it',
  build: probe => {
    const child = setup({ types: { context: {} as { rings: number } }, actors: { line: probe.line('line') }, actions: { heard: probe.action('heard') } }).createMachine({
      id: 'child',
      context: { rings: 0 },
      initial: 'listening',
      states: {
        listening: {
          invoke: { id: 'line', src: 'line', systemId: 'the-line', input: 'child' },
          on: {
            ring: { actions: ['heard', assign({ rings: ({ context }) => context.rings + 1 }), sendParent(({ context }) => ({ type: 'rang', rings: context.rings + 1 }))] },
            pong: { actions: [sendParent({ type: 'pong' })] },
            ping: { actions: sendTo('line', { type: 'ping' }) },
          },
          after: { 500: 'tired' },
        },
        tired: { on: { wake: 'listening' } },
      },
    });
    const tally = fromTransition((state: { pongs: number }, event: { type: string }) => (event.type === 'pong' ? { pongs: state.pongs + 1 } : state), ({ input }: { input: { from: number } }) => ({ pongs: input.from }));
    return setup({ actors: { child, tally }, actions: { seen: probe.action('seen') } }).createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: [{ id: 'child', src: 'child' }, { id: 'tally', src: 'tally', input: { from: 5 }, onSnapshot: { actions: 'seen' } }],
          on: {
            rang: { actions: 'seen' },
            pong: { actions: ['seen', sendTo('tally', { type: 'pong' })] },
            ping: { actions: sendTo('child', { type: 'ping' }) },
            direct: { actions: sendTo(({ system }) => system.get('the-line'), { type: 'ping' }) },
            wake: { actions: sendTo('child', { type: 'wake' }) },
            off: 'off',
          },
        },
        off: { on: { on: 'on' } },
      },
    });
  },
  steps: [...sends('ping', 'wake', 'off', 'on', 'on'), { stream: 'line', value: { type: 'ring' } }, { advance: 300 }],
};

const spawned: CorpusMachine = {
  name: 'callbacks and observables spawned and stopped by actions',
  build: probe =>
    setup({ types: { context: {} as { n: number } }, actors: { line: probe.line('line'), prices: probe.stream('prices') }, actions: { seen: probe.action('seen') } }).createMachine({
      context: { n: 0 },
      on: {
        more: { guard: ({ context }) => context.n < 3, actions: [spawnChild('line', { id: ({ context }) => `line-${context.n}`, input: ({ context }) => context.n }), assign({ n: ({ context }) => context.n + 1 })] },
        less: { guard: ({ context }) => context.n > 0, actions: [assign({ n: ({ context }) => context.n - 1 }), stopChild(({ context }) => `line-${context.n}`)] },
        watch: { actions: [stopChild('prices'), spawnChild('prices', { id: 'prices', syncSnapshot: true })] },
        'xstate.snapshot.prices': { actions: 'seen' },
        ring: { actions: 'seen' },
      },
    }),
  steps: [...sends('more', 'more', 'less', 'watch'), { stream: 'line', value: { type: 'ring' } }, { stream: 'prices', value: 7 }, { stream: 'prices', ends: true }],
};

/** What acts only while it is in memory: begun again with each process, on the input and the snapshot that are stored. */
export const serviceFeatures: readonly CorpusMachine[] = [observable, endless, eventObservable, callback, nested, spawned];
