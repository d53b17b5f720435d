import type { AnyStateMachine } from 'xstate';
import { assign, cancel, emit, enqueueActions, forwardTo, fromTransition, log, raise, sendParent, sendTo, setup, spawnChild, stateIn, stopChild } from 'xstate';
import { track } from './track.ts';

/** A machine, and what may be sent to it. */
export interface CorpusEntry {
  readonly machine: AnyStateMachine;
  readonly events: readonly string[];
}

const actions = { t1: track('t1'), t2: track('t2'), t3: track('t3'), t4: track('t4') };

const leaf = setup({ actions, types: {} as { context: { n: number }; input: { n?: number } } }).createMachine({
  id: 'leaf',
  context: ({ input }) => ({ n: (input as { n?: number } | undefined)?.n ?? 0 }),
  initial: 'a',
  states: {
    a: { entry: 't1', on: { X: 'b', Y: { actions: [assign({ n: ({ context }) => context.n + 1 }), sendParent({ type: 'FROM_LEAF' })] } }, after: { 30: 'b' } },
    b: { entry: 't2', on: { X: 'done' }, after: { 20: { target: 'a' } } },
    done: { type: 'final' },
  },
  output: ({ context }) => context.n,
});

const middle = setup({ actions, actors: { leaf }, types: {} as { context: { k: number } } }).createMachine({
  id: 'middle',
  context: { k: 0 },
  initial: 'idle',
  states: {
    idle: { on: { X: 'work' } },
    work: {
      invoke: { src: 'leaf', id: 'l', input: ({ context }) => ({ n: context.k }), onDone: { target: 'rest', actions: assign({ k: ({ event }) => (event.output as number) + 1 }) } },
      on: { Y: { actions: sendTo('l', { type: 'Y' }) }, Z: { actions: sendTo('l', { type: 'X' }) }, FROM_LEAF: { actions: ['t3', sendParent({ type: 'FROM_MID' })] } },
      exit: 't4',
    },
    rest: { after: { 10: 'idle' }, on: { X: { target: 'work', reenter: true } } },
  },
});

const wide = setup({ actions, actors: { middle, leaf }, types: {} as { context: { c: number; f: number; dyn: number; last: unknown } } }).createMachine({
  id: 'wide',
  type: 'parallel',
  context: { c: 0, f: 0, dyn: 0, last: null },
  on: { FROM_MID: { actions: assign({ f: ({ context }) => context.f + 1 }) }, FROM_LEAF: { actions: assign({ f: ({ context }) => context.f + 10 }) } },
  states: {
    left: {
      initial: 'one',
      states: {
        one: { on: { X: 'two' } },
        two: {
          initial: 'p',
          states: {
            p: { on: { X: 'q' } },
            q: { on: { X: 'r' }, always: { guard: ({ context }) => context.c > 3, target: 'r' } },
            r: { entry: raise({ type: 'INNER' }), on: { Z: '#out' } },
            h: { type: 'history', history: 'deep' },
          },
          on: { Y: '#out' },
        },
        out: { id: 'out', on: { X: 'two.h', Z: 'one' }, after: { 15: { target: 'two.h', actions: 't1' } } },
      },
    },
    right: {
      initial: 'off',
      on: { INNER: { actions: assign({ c: ({ context }) => context.c + 1 }) } },
      states: {
        off: { on: { Y: 'on' } },
        on: {
          entry: [raise({ type: 'LATE' }, { delay: 25, id: 'late' }), 't2'],
          invoke: { src: 'middle', id: 'mid' },
          on: {
            X: { actions: [sendTo('mid', { type: 'X' }), sendTo('mid', { type: 'Y' })] },
            Z: { actions: [sendTo('mid', { type: 'Z' }, { delay: 5 }), cancel('late')] },
            Y: 'off',
            LATE: { actions: ['t3', assign({ c: ({ context }) => context.c + 1 })] },
          },
        },
      },
    },
    spawny: {
      on: {
        S: { actions: [spawnChild('leaf', { id: ({ context }) => `d${context.dyn}`, input: ({ context }) => ({ n: context.dyn }) }), assign({ dyn: ({ context }) => context.dyn + 1 })] },
        A: { actions: assign(({ context, spawn }) => ({ dyn: context.dyn + 1, last: spawn('leaf', { id: `as${context.dyn}`, input: { n: 5 } }) })) },
        K: { actions: stopChild(({ context }) => `d${context.dyn - 1}`) },
        E: {
          actions: enqueueActions(({ enqueue, context, check }) => {
            if (check(stateIn({ left: 'one' }) as never)) enqueue.raise({ type: 'INNER' });
            if (context.last) enqueue.sendTo(context.last as never, { type: 'Y' } as never);
            enqueue({ type: 't4' });
          }),
        },
      },
    },
  },
});

const paired = setup({ actions, actors: { leaf }, types: {} as { context: { out: unknown } } }).createMachine({
  id: 'paired',
  context: { out: null },
  initial: 'a',
  states: {
    a: {
      invoke: [
        { src: 'leaf', id: 'l1', input: {}, onDone: { actions: assign({ out: ({ event }) => event.output }) } },
        { src: 'leaf', id: 'l2', input: {}, systemId: 'sys', onDone: 'b' },
      ],
      on: {
        X: { actions: [sendTo('l1', { type: 'X' }), sendTo(({ system }) => system.get('sys'), { type: 'Y' }), 't1'] },
        Y: { actions: sendTo('l2', { type: 'X' }) },
        Z: { target: 'a', reenter: true },
        FROM_LEAF: { actions: ['t2', log('from leaf')] },
      },
      after: { 40: { target: 'b' } },
    },
    b: { on: { X: 'a', Y: 'fin' }, entry: [emit({ type: 'em' }), emit(({ context }) => ({ type: 'out', value: context.out }))] },
    fin: { type: 'final' },
  },
  output: ({ context }) => context.out,
});

const counter = fromTransition((state: { n: number }, event: { type: string }, { self, emit: _emit }) => (event.type === 'Y' && self.id !== '' ? { n: state.n + 1 } : state), { n: 0 });
const breaker = setup({ actions, actors: { counter } }).createMachine({
  id: 'breaker',
  initial: 'on',
  states: { on: { on: { X: { actions: () => {} }, Z: 'off' } }, off: { entry: assign(() => { throw new Error('broken'); }) } },
});
const watching = setup({ actions, actors: { leaf, counter, breaker }, types: {} as { context: { seen: number; failed: string | null; counted: number } } }).createMachine({
  id: 'watching',
  context: { seen: 0, failed: null, counted: 0 },
  initial: 'a',
  states: {
    a: {
      tags: 'busy',
      invoke: [
        { src: 'leaf', id: 'w', input: {}, onSnapshot: { actions: [assign({ seen: ({ context }) => context.seen + 1 }), 't1'] }, onDone: 'b' },
        { src: 'counter', id: 'count', onSnapshot: { actions: assign({ counted: ({ event }) => (event.snapshot.context as { n: number }).n }) } },
        { src: 'breaker', id: 'fuse', onError: { actions: [assign({ failed: ({ event }) => (event.error as Error).message }), 't3'] } },
      ],
      on: { X: { actions: forwardTo('w') }, Y: { actions: [forwardTo('count'), forwardTo('w')] }, Z: { actions: sendTo('fuse', { type: 'Z' }) }, S: { target: 'a', reenter: true }, K: { actions: [raise({ type: 'L' }, { delay: 3, id: 'same' }), raise({ type: 'L' }, { delay: 7, id: 'same' })] }, A: { actions: cancel('same') }, L: { actions: 't4' } },
    },
    b: { meta: { at: 'the end' }, on: { X: 'a', Y: { actions: 't2' }, Z: 'broken' }, after: { 50: 'a' } },
    broken: { invoke: { src: 'breaker', id: 'last' }, on: { X: { actions: sendTo('last', { type: 'Z' }) }, Y: 'b' } },
  },
});

export const features: Readonly<Record<string, CorpusEntry>> = {
  'parallel, history, spawn, raise and cancel': { machine: wide, events: ['X', 'Y', 'Z', 'S', 'A', 'K', 'E'] },
  'two invokes, systemId, emit, output': { machine: paired, events: ['X', 'Y', 'Z'] },
  'onSnapshot, onError, forwardTo, transitions, shared timer ids': { machine: watching, events: ['X', 'Y', 'Z', 'S', 'K', 'A'] },
};
