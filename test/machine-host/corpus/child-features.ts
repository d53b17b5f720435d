import { assign, forwardTo, fromTransition, not, sendParent, sendTo, setup, spawnChild, stopChild } from 'xstate';
import type { ActorRefFrom, AnyActorRef, AnyStateMachine } from 'xstate';
import type { CorpusMachine } from '../driven.ts';
import type { Probe } from '../probe.ts';

const send = (type: string, payload: object = {}): CorpusMachine['steps'][number] => ({ send: { type, ...payload } });

/** Counts, tells its parent, ends at three. */
const createCounter = (probe: Probe) =>
  setup({ types: { context: {} as { count: number }, input: {} as { from?: number } | undefined }, actions: { counted: probe.action('counted') } }).createMachine({
    id: 'counter',
    context: ({ input }) => ({ count: input?.from ?? 0 }),
    initial: 'counting',
    output: ({ context }) => context.count,
    states: {
      counting: {
        on: {
          count: { actions: [assign({ count: ({ context }) => context.count + 1 }), 'counted', sendParent(({ context }) => ({ type: 'counted', count: context.count }))] },
          fail: { actions: assign(() => { throw new Error('The counter broke'); }) },
        },
        after: { 1_000: { actions: sendParent({ type: 'counter.idle' }) } },
        always: { guard: ({ context }) => context.count >= 3, target: 'full' },
      },
      full: { type: 'final' },
    },
  });

const invoked: CorpusMachine = {
  name: 'an invoked machine with input, output and errors',
  build: probe =>
    setup({ actors: { counter: createCounter(probe) }, actions: { seen: probe.action('seen') } }).createMachine({
      context: { result: null as unknown, reports: 0 },
      initial: 'idle',
      states: {
        idle: { on: { start: 'busy' } },
        busy: {
          invoke: {
            id: 'counter',
            src: 'counter',
            input: { from: 1 },
            onDone: { target: 'done', actions: assign({ result: ({ event }) => event.output }) },
            onError: { target: 'broken', actions: assign({ result: ({ event }) => (event.error as Error).message }) },
          },
          on: {
            count: { actions: sendTo('counter', { type: 'count' }) },
            fail: { actions: sendTo('counter', { type: 'fail' }) },
            counted: { actions: ['seen', assign({ reports: ({ context }) => context.reports + 1 })] },
            'counter.idle': { actions: 'seen' },
            abort: 'idle',
          },
        },
        done: { on: { start: 'busy' } },
        broken: { on: { start: 'busy' } },
      },
    }),
  steps: [...['start', 'count', 'fail', 'abort'].map(type => send(type)), { advance: 600 }, { advance: 1_000 }],
};

const promised: CorpusMachine = {
  name: 'an invoked promise with onDone, onError and a way out',
  build: probe =>
    setup({ actors: { load: probe.service('load') }, actions: { seen: probe.action('seen') } }).createMachine({
      context: { data: null as unknown, error: null as unknown },
      initial: 'idle',
      states: {
        idle: { on: { load: 'loading' } },
        loading: {
          entry: 'seen',
          invoke: {
            id: 'load',
            src: 'load',
            input: { url: 'a' },
            onDone: { target: 'idle', actions: assign({ data: ({ event }) => event.output, error: null }) },
            onError: { target: 'idle', actions: assign({ error: ({ event }) => (event.error as Error).message }) },
          },
          after: { 5_000: { target: 'idle', actions: assign({ error: 'timeout' }) } },
          on: { cancel: 'idle' },
        },
      },
    }),
  steps: [send('load'), send('cancel'), { settle: 'load', output: { rows: 3 } }, { settle: 'load', error: 'not found' }, { advance: 3_000 }],
};

const spawned: CorpusMachine = {
  name: 'children spawned and stopped by actions, forwarded to',
  build: probe =>
    setup({
      types: { context: {} as { hired: boolean } },
      actors: { counter: createCounter(probe) },
      actions: { seen: probe.action('seen') },
      guards: { isHired: ({ context }) => context.hired },
    }).createMachine({
      context: { hired: false },
      on: {
        spawn: { guard: not('isHired'), actions: [assign({ hired: true }), spawnChild('counter', { id: 'worker', input: { from: 0 } })] },
        count: { guard: 'isHired', actions: forwardTo('worker') },
        later: { guard: 'isHired', actions: sendTo('worker', { type: 'count' }, { delay: 100 }) },
        stop: { actions: [assign({ hired: false }), stopChild('worker')] },
        counted: { actions: 'seen' },
        'counter.idle': { actions: 'seen' },
        'xstate.done.actor.worker': { actions: ['seen', assign({ hired: false })] },
      },
    }),
  steps: [...['spawn', 'count', 'later', 'stop'].map(type => send(type)), { advance: 100 }, { advance: 1_000 }],
};

const assigned: CorpusMachine = {
  name: 'children spawned by assign and kept in context',
  build: probe => {
    const counter = createCounter(probe);
    return setup({ types: { context: {} as { workers: ActorRefFrom<typeof counter>[]; total: number } }, actors: { counter }, actions: { seen: probe.action('seen') } }).createMachine({
      context: { workers: [], total: 0 },
      on: {
        hire: {
          guard: ({ context }) => context.workers.length < 3,
          actions: assign({ workers: ({ context, spawn }) => [...context.workers, spawn('counter', { id: `worker-${context.workers.length}`, input: { from: 1 } })] }),
        },
        all: { actions: ({ context }) => context.workers.forEach(worker => worker.send({ type: 'count' })) },
        count: { guard: ({ context }) => context.workers.length > 0, actions: sendTo(({ context }) => context.workers[0] as AnyActorRef, { type: 'count' }) },
        counted: { actions: [assign({ total: ({ context }) => context.total + 1 }), 'seen'] },
      },
    }) as AnyStateMachine;
  },
  steps: ['hire', 'count'].map(type => send(type)),
};

const systemIds: CorpusMachine = {
  name: 'actors found by systemId, that talk to each other',
  build: probe => {
    const teller = setup({ actions: { told: probe.action('told') } }).createMachine({
      id: 'teller',
      on: { tell: { actions: ['told', sendTo(({ system }) => system.get('listener') as AnyActorRef, { type: 'told' })] } },
    });
    const listener = setup({ actions: { heard: probe.action('heard') } }).createMachine({
      id: 'listener',
      context: { heard: 0 },
      on: { told: { actions: [assign({ heard: ({ context }) => context.heard + 1 }), 'heard', sendParent({ type: 'heard' })] } },
    });
    return setup({ actors: { teller, listener }, actions: { seen: probe.action('seen') } }).createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: [{ src: 'teller', id: 'teller', systemId: 'teller' }, { src: 'listener', id: 'listener', systemId: 'listener' }],
          on: { go: { actions: sendTo(({ system }) => system.get('teller') as AnyActorRef, { type: 'tell' }) }, heard: { actions: 'seen' }, renew: { target: 'on', reenter: true }, off: 'off' },
        },
        off: { on: { on: 'on' } },
      },
    });
  },
  steps: ['go', 'renew', 'off', 'on'].map(type => send(type)),
};

const transitionLogic: CorpusMachine = {
  name: 'an invoked transition function, and onSnapshot',
  build: probe =>
    setup({
      actors: { tally: fromTransition((state: { sum: number }, event: { type: 'add'; by: number }) => (event.type === 'add' ? { sum: state.sum + event.by } : state), { sum: 0 }), counter: createCounter(probe) },
      actions: { seen: probe.action('seen') },
    }).createMachine({
      context: { sums: [] as number[] },
      initial: 'on',
      states: {
        on: {
          invoke: [
            { id: 'tally', src: 'tally', onSnapshot: { actions: assign({ sums: ({ context, event }) => [...context.sums, event.snapshot.context.sum].slice(-3) }) } },
            { id: 'counter', src: 'counter', input: { from: 0 }, onSnapshot: { actions: 'seen' } },
          ],
          on: { add: { actions: sendTo('tally', { type: 'add', by: 2 }) }, count: { actions: sendTo('counter', { type: 'count' }) }, off: 'off' },
        },
        off: { on: { on: 'on' } },
      },
    }),
  steps: ['add', 'count', 'off', 'on'].map(type => send(type)),
};

const callbacks: CorpusMachine = {
  name: 'a callback that answers',
  build: probe =>
    setup({ actors: { echo: probe.echo() }, actions: { seen: probe.action('seen') } }).createMachine({
      initial: 'on',
      states: {
        on: { invoke: { id: 'echo', src: 'echo' }, on: { ping: { actions: sendTo('echo', { type: 'ping' }) }, pong: { actions: 'seen' }, off: 'off' } },
        off: { on: { on: 'on' } },
      },
    }),
  steps: ['ping', 'off', 'on'].map(type => send(type)),
};

const uncaught: CorpusMachine = {
  name: 'a child whose error nobody takes',
  build: probe =>
    setup({ actors: { work: probe.service('work') }, actions: { seen: probe.action('seen') } }).createMachine({
      initial: 'idle',
      states: { idle: { on: { start: 'busy' } }, busy: { exit: 'seen', invoke: { id: 'work', src: 'work', onDone: 'idle' }, on: { stop: 'idle' } } },
    }),
  steps: [send('start'), send('stop'), { settle: 'work', output: 1 }, { settle: 'work', error: 'broken' }],
};

export const childFeatures: readonly CorpusMachine[] = [invoked, promised, spawned, assigned, systemIds, transitionLogic, callbacks, uncaught];
