import { assign, cancel, emit, enqueueActions, log, raise, setup } from 'xstate';
import type { CorpusMachine } from '../driven.ts';

const send = (type: string, payload: object = {}): CorpusMachine['steps'][number] => ({ send: { type, ...payload } });

const customActions: CorpusMachine = {
  name: 'custom actions on entry, transition and exit, with parameters',
  build: probe =>
    setup({ actions: { enter: probe.action('enter'), leave: probe.action('leave'), go: probe.action('go') } }).createMachine({
      initial: 'a',
      entry: 'enter',
      states: {
        a: { entry: { type: 'enter', params: { where: 'a' } } as never, exit: 'leave', on: { next: { target: 'b', actions: ['go', { type: 'go', params: { times: 2 } } as never] } } },
        b: { entry: 'enter', exit: 'leave', on: { next: 'a', same: { actions: 'go' } } },
      },
    }),
  steps: [send('next'), send('same'), send('unknown')],
};

const raises: CorpusMachine = {
  name: 'raise with and without delay, cancel by id',
  build: probe =>
    setup({ actions: { seen: probe.action('seen') } }).createMachine({
      context: { rounds: 0 },
      initial: 'idle',
      states: {
        idle: { on: { start: { target: 'armed', actions: raise({ type: 'now' }) } } },
        armed: {
          entry: [raise({ type: 'later' }, { delay: 100, id: 'later' }), raise({ type: 'much.later' }, { delay: 1_000 })],
          on: {
            now: { actions: 'seen' },
            disarm: { actions: cancel('later') },
            later: { actions: ['seen', assign({ rounds: ({ context }) => context.rounds + 1 })] },
            'much.later': 'idle',
            leave: 'idle',
          },
        },
      },
    }),
  steps: [send('start'), send('disarm'), send('leave'), { advance: 50 }, { advance: 100 }, { advance: 1_000 }],
};

const sameTimerId: CorpusMachine = {
  name: 'several timers with one id',
  build: probe =>
    setup({ actions: { seen: probe.action('seen') } }).createMachine({
      on: {
        arm: { actions: raise({ type: 'ring' }, { delay: ({ event }) => (event as unknown as { after: number }).after, id: 'alarm' }) },
        ring: { actions: 'seen' },
        disarm: { actions: cancel('alarm') },
      },
    }),
  steps: [send('arm', { after: 100 }), send('arm', { after: 300 }), send('disarm'), { advance: 100 }, { advance: 250 }],
};

const longDelay: CorpusMachine = {
  name: 'a delay longer than timers go',
  build: probe =>
    setup({ actions: { seen: probe.action('seen') } }).createMachine({
      initial: 'waiting',
      states: {
        waiting: { after: { 3_456_000_000: { target: 'rung', actions: 'seen' } }, on: { restart: { target: 'waiting', reenter: true } } },
        rung: { on: { restart: 'waiting' } },
      },
    }),
  steps: [{ advance: 2_147_483_648 }, { advance: 1_308_516_352 }, { advance: 3_456_000_000 }, send('restart')],
};

const emits: CorpusMachine = {
  name: 'emit and log',
  build: probe =>
    setup({ types: { emitted: {} as { type: string; count: number } }, actions: { seen: probe.action('seen') } }).createMachine({
      context: { count: 0 },
      on: {
        count: {
          actions: [
            assign({ count: ({ context }) => context.count + 1 }),
            emit(({ context }) => ({ type: 'counted', count: context.count })),
            log(({ context }) => `count is ${context.count}`),
            'seen',
          ],
        },
      },
    }),
  steps: [send('count')],
};

const enqueued: CorpusMachine = {
  name: 'enqueueActions with check, raise, assign and emit',
  build: probe =>
    setup({
      types: { context: {} as { n: number }, emitted: {} as { type: string } },
      guards: { isOdd: ({ context }) => context.n % 2 === 1 },
      actions: { odd: probe.action('odd'), even: probe.action('even') },
    }).createMachine({
      context: { n: 0 },
      initial: 'a',
      states: {
        a: {
          on: {
            add: {
              actions: enqueueActions(({ enqueue, check }) => {
                enqueue.assign({ n: ({ context }) => context.n + 1 });
                if (check('isOdd')) enqueue('odd');
                else enqueue('even');
                enqueue.emit({ type: 'added' });
                enqueue.raise({ type: 'maybe' });
              }),
            },
            maybe: { guard: ({ context }) => context.n >= 3, target: 'b' },
          },
        },
        b: { on: { reset: { target: 'a', actions: assign({ n: 0 }) } } },
      },
    }),
  steps: [send('add'), send('reset')],
};

const inputAndOutput: CorpusMachine = {
  name: 'input, tags, meta and final output',
  input: { limit: 2 },
  build: probe =>
    setup({ types: { context: {} as { limit: number; count: number }, input: {} as { limit: number } }, actions: { seen: probe.action('seen') } }).createMachine({
      context: ({ input }) => ({ limit: input.limit, count: 0 }),
      initial: 'counting',
      output: ({ context }) => ({ counted: context.count }),
      states: {
        counting: {
          tags: ['busy', 'counting'],
          meta: { title: 'Counting' },
          on: { count: { actions: [assign({ count: ({ context }) => context.count + 1 }), 'seen'] } },
          always: { guard: ({ context }) => context.count >= context.limit, target: 'full' },
        },
        full: { type: 'final', entry: 'seen' },
      },
    }),
  steps: [send('count')],
};

const throwing: CorpusMachine = {
  name: 'an assignment that throws',
  build: probe =>
    setup({ actions: { seen: probe.action('seen') } }).createMachine({
      initial: 'a',
      states: {
        a: { exit: 'seen', on: { next: 'b', fail: { target: 'b', actions: assign(() => { throw new Error('It broke'); }) } } },
        b: { on: { next: 'a' } },
      },
    }),
  steps: [send('next'), send('fail')],
};

export const actionFeatures: readonly CorpusMachine[] = [customActions, raises, sameTimerId, longDelay, emits, enqueued, inputAndOutput, throwing];
