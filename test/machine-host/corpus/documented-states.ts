import { and, assertEvent, assign, cancel, emit, enqueueActions, log, not, or, raise, sendTo, setup, stateIn } from 'xstate';
import type { CorpusMachine } from '../driven.ts';

/** What is sent to these machines: events with something in them, or nothing. */
export interface Sent {
  readonly type: string;
  readonly n?: number | undefined;
  readonly text?: string | undefined;
  readonly id?: string | undefined;
}
export const send = (type: string, payload: Omit<Sent, 'type'> = {}): CorpusMachine['steps'][number] => ({ send: { type, ...payload } });
export const sendAll = (...types: readonly string[]): CorpusMachine['steps'] => types.map(type => send(type));

const toggle: CorpusMachine = {
  name: 'a toggle that counts, and forgets by undefined',
  build: probe => setup({ types: {} as { context: { count: number; last: string | undefined }; events: Sent }, actions: { note: probe.action('note') } }).createMachine({
    context: { count: 0, last: undefined }, initial: 'inactive',
    states: {
      inactive: { on: { toggle: { target: 'active', actions: assign({ count: ({ context }) => context.count + 1, last: ({ event }) => event.text }) } } },
      active: { entry: 'note', on: { toggle: { target: 'inactive', actions: assign({ last: undefined }) } }, after: { 2_000: 'inactive' } },
    },
  }),
  steps: [send('toggle'), send('toggle', { text: 'x' }), { advance: 2_000 }],
};

const feedback: CorpusMachine = {
  name: 'a form for feedback',
  build: () => setup({ types: {} as { context: { feedback: string; rating: number | undefined }; events: Sent }, guards: { isValid: ({ context }) => context.feedback.length > 0 } }).createMachine({
    context: { feedback: '', rating: undefined }, initial: 'prompt',
    states: {
      prompt: { on: { good: { target: 'thanks', actions: assign({ rating: ({ event }) => event.n }) }, bad: 'form' } },
      form: { on: { update: { actions: assign({ feedback: ({ event }) => event.text ?? '' }) }, back: 'prompt', submit: { guard: 'isValid', target: 'thanks' } } },
      thanks: {}, closed: { on: { restart: { target: 'prompt', actions: assign({ feedback: '', rating: undefined }) } } },
    },
    on: { close: '.closed' },
  }),
  steps: [send('good'), send('good', { n: Number.NaN }), send('update', { text: 'fine' }), ...sendAll('bad', 'back', 'submit', 'close', 'restart')],
};

const donut: CorpusMachine = {
  name: 'a donut: parallel states that end together',
  build: () => setup({}).createMachine({
    initial: 'ingredients',
    states: {
      ingredients: { on: { next: 'directions' } },
      directions: {
        initial: 'dough',
        states: {
          dough: { on: { next: 'mix' } },
          mix: { type: 'parallel', states: { dry: { initial: 'flour', states: { flour: { on: { dry: 'done' } }, done: { type: 'final' } } }, wet: { initial: 'egg', states: { egg: { on: { wet: 'done' }, after: { 50: 'done' } }, done: { type: 'final' } } } }, onDone: 'rise' },
          rise: { after: { 100: 'fry' } }, fry: { on: { flip: 'done' } }, done: { type: 'final' },
        },
        onDone: 'fried',
      },
      fried: { on: { again: 'ingredients' } },
    },
  }),
  steps: [...sendAll('next', 'next', 'dry', 'wet', 'flip', 'again'), { advance: 50 }, { advance: 100 }],
};

const dog: CorpusMachine = {
  name: 'a dog that walks: nested states and tags',
  build: probe => setup({ actions: { woof: probe.action('woof') } }).createMachine({
    initial: 'asleep',
    states: {
      asleep: { tags: 'home', on: { wake: 'waiting' } }, waiting: { tags: ['home', 'awake'], on: { leave: 'walk' } },
      walk: { tags: 'awake', initial: 'walking', exit: 'woof', states: { walking: { on: { faster: 'running', stop: 'sniffing' } }, running: { on: { slower: 'walking', stop: '.catch' }, initial: 'steady', states: { steady: {}, catch: { entry: 'woof' } } }, sniffing: { on: { faster: 'walking' } } }, on: { home: 'done' } },
      done: { type: 'final' },
    },
  }),
  steps: sendAll('wake', 'leave', 'faster', 'stop', 'slower', 'home'),
};

const thermometer: CorpusMachine = {
  name: 'a thermometer: NaN when it is no number',
  build: () => setup({ types: {} as { context: { c: number | undefined; f: number | undefined }; events: Sent } }).createMachine({
    context: { c: undefined, f: undefined },
    on: { celsius: { actions: assign({ c: ({ event }) => Number(event.text), f: ({ event }) => Number(event.text) * (9 / 5) + 32 }) }, fahrenheit: { actions: assign({ c: ({ event }) => (Number(event.text) - 32) * (5 / 9), f: ({ event }) => Number(event.text) }) } },
  }),
  steps: [send('celsius', { text: 'warm' }), send('celsius', { text: '21' }), send('fahrenheit', { text: '32' }), send('fahrenheit'), send('celsius', { text: '-Infinity' })],
};

const board: CorpusMachine = {
  name: 'a board of nine places that are undefined',
  build: () => setup({
    types: {} as { context: { board: (string | undefined)[]; player: string; winner: string | undefined; moves: number }; events: Sent },
    guards: { isFree: ({ context, event }) => event.n !== undefined && context.board[event.n] === undefined, hasWon: ({ context: { board: places } }) => [[0, 1, 2], [0, 3, 6], [0, 4, 8]].some(line => places[line[0] ?? 0] !== undefined && line.every(place => places[place] === places[line[0] ?? 0])) },
  }).createMachine({
    context: { board: Array.from({ length: 9 }), player: 'x', winner: undefined, moves: 0 }, initial: 'playing',
    states: {
      playing: {
        always: [{ guard: 'hasWon', target: 'won' }, { guard: ({ context }) => context.moves >= 9, target: 'draw' }],
        on: { play: { guard: 'isFree', actions: assign({ board: ({ context, event }) => context.board.with(event.n ?? 0, context.player), player: ({ context }) => (context.player === 'x' ? 'o' : 'x'), moves: ({ context }) => context.moves + 1 }) } },
      },
      won: { entry: assign({ winner: ({ context }) => (context.player === 'x' ? 'o' : 'x') }), on: { reset: 'again' } }, draw: { on: { reset: 'again' } },
      again: { always: { target: 'playing', actions: assign({ board: () => Array.from<undefined>({ length: 9 }), winner: undefined, moves: 0 }) } },
    },
  }),
  steps: [...[0, 1, 3, 4, 6, 2, 5, 7, 8].map(n => send('play', { n })), send('reset')],
};

const debounce: CorpusMachine = {
  name: 'a search that waits until nobody types: a delay that begins again',
  build: probe => setup({ types: {} as { context: { text: string | undefined }; events: Sent }, actions: { search: probe.action('search') } }).createMachine({
    context: { text: undefined }, initial: 'idle',
    states: { idle: { on: { type: 'debouncing' } }, debouncing: { entry: assign({ text: ({ event }) => (event as Sent).text }), on: { type: { target: 'debouncing', reenter: true } }, after: { 300: { target: 'idle', actions: 'search' } } } },
  }),
  steps: [send('type', { text: 'a' }), send('type'), { advance: 200 }, { advance: 100 }],
};

const drag: CorpusMachine = {
  name: 'something that is dragged: minus zero',
  build: () => setup({ types: {} as { context: { x: number; y: number; from: number | undefined }; events: Sent } }).createMachine({
    context: { x: 0, y: -0, from: undefined }, initial: 'idle',
    states: {
      idle: { on: { down: { target: 'dragging', actions: assign({ from: ({ event }) => event.n }) } } },
      dragging: { on: { move: { actions: assign({ x: ({ context, event }) => ((event.n ?? 0) - (context.from ?? 0)) * -1, y: ({ context }) => -context.y }) }, up: { target: 'idle', actions: assign({ from: undefined }) }, escape: { target: 'idle', actions: assign({ x: 0, from: undefined }) } } },
    },
  }),
  steps: [send('down', { n: 5 }), send('move', { n: 5 }), send('move', { n: 7 }), send('move'), ...sendAll('up', 'escape', 'down')],
};

const timer: CorpusMachine = {
  name: 'a timer whose duration may be endless',
  build: () => setup({ types: {} as { context: { elapsed: number; duration: number }; events: Sent }, delays: { tick: ({ context }) => (Number.isFinite(context.duration) ? 100 : 250) } }).createMachine({
    context: { elapsed: 0, duration: Number.POSITIVE_INFINITY }, initial: 'running',
    states: {
      running: { after: { tick: { target: 'running', reenter: true, actions: assign({ elapsed: ({ context }) => context.elapsed + 100 }) } }, always: { guard: ({ context }) => context.elapsed >= context.duration, target: 'paused' } },
      paused: { always: { guard: ({ context }) => context.elapsed < context.duration, target: 'running' } },
    },
    on: { duration: { actions: assign({ duration: ({ event }) => event.n ?? Number.POSITIVE_INFINITY }) }, reset: { actions: assign({ elapsed: 0 }) } },
  }),
  steps: [{ advance: 250 }, { advance: 100 }, send('duration', { n: 200 }), send('duration'), send('reset')],
};

const flights: CorpusMachine = {
  name: 'a flight booker whose way back may be undefined',
  build: () => setup({ types: {} as { context: { out: string; back?: string | undefined }; events: Sent } }).createMachine({
    context: { out: '2026-12-24' }, initial: 'oneWay',
    states: { oneWay: { on: { both: { target: 'round', actions: assign({ back: ({ context }) => context.out }) }, book: 'booked' } }, round: { on: { one: { target: 'oneWay', actions: assign({ back: undefined }) }, back: { actions: assign({ back: ({ event }) => event.text }) }, book: { guard: ({ context }) => context.back !== undefined && context.out <= context.back, target: 'booked' } } }, booked: { type: 'final' } },
    output: ({ context }) => ({ ...context, refund: undefined }),
  }),
  steps: [...sendAll('both', 'one', 'back', 'book'), send('back', { text: '2027-01-02' })],
};

const crud: CorpusMachine = {
  name: 'a list of people that is edited',
  build: () => setup({ types: {} as { context: { people: { id: string; name: string | undefined }[]; selected: string | undefined; filter: string }; events: Sent } }).createMachine({
    context: { people: [], selected: undefined, filter: '' },
    on: {
      create: { actions: assign({ people: ({ context, event }) => [...context.people, { id: `p${context.people.length}`, name: event.text }] }) },
      select: { actions: assign({ selected: ({ event }) => event.id }) },
      update: { guard: ({ context }) => context.selected !== undefined, actions: assign({ people: ({ context, event }) => context.people.map(one => (one.id === context.selected ? { ...one, name: event.text } : one)) }) },
      delete: { actions: assign({ people: ({ context }) => context.people.filter(({ id }) => id !== context.selected), selected: undefined }) },
    },
  }),
  steps: [send('create', { text: 'Ada' }), send('create'), send('select', { id: 'p0' }), send('select', { id: 'p1' }), send('update', { text: 'Bob' }), send('delete')],
};

const undo: CorpusMachine = {
  name: 'a drawing with undo and redo',
  build: () => setup({ types: {} as { context: { past: (number | undefined)[][]; now: (number | undefined)[]; next: (number | undefined)[][] }; events: Sent } }).createMachine({
    context: { past: [], now: [], next: [] },
    on: {
      draw: { actions: assign(({ context, event }) => ({ past: [...context.past, context.now], now: [...context.now, event.n], next: [] })) },
      undo: { guard: ({ context }) => context.past.length > 0, actions: assign(({ context }) => ({ past: context.past.slice(0, -1), now: context.past.at(-1) ?? [], next: [context.now, ...context.next] })) },
      redo: { guard: ({ context }) => context.next.length > 0, actions: assign(({ context }) => ({ past: [...context.past, context.now], now: context.next[0] ?? [], next: context.next.slice(1) })) },
    },
  }),
  steps: [send('draw', { n: 3 }), send('draw', { n: -0 }), send('draw'), ...sendAll('undo', 'redo')],
};

const params: CorpusMachine = {
  name: 'actions and guards with params, some of them undefined',
  build: probe => setup({
    types: {} as { context: { user: string | undefined }; events: Sent },
    actions: { greet: probe.action('greet') as never, track: (_, _params: { n: number | undefined }) => {} },
    guards: { isOver: (_, { limit, n }: { limit: number; n: number | undefined }) => (n ?? 0) > limit },
  }).createMachine({
    context: { user: undefined }, initial: 'a',
    states: {
      a: { entry: { type: 'greet', params: ({ context }: { context: { user: string | undefined } }) => ({ name: context.user, n: Number.NaN }) } as never, on: { go: [{ guard: { type: 'isOver', params: ({ event }) => ({ limit: 5, n: event.n }) }, target: 'b' }, { actions: { type: 'track', params: ({ event }) => ({ n: event.n }) } }] } },
      b: { entry: assign({ user: 'Ada' }), on: { go: 'a' } },
    },
  }),
  steps: [send('go', { n: 6 }), send('go', { n: 5 }), send('go')],
};

const wildcards: CorpusMachine = {
  name: 'wildcards, forbidden transitions and meta',
  build: probe => setup({ types: {} as { context: { seen: string[] }; events: Sent }, actions: { any: assign({ seen: ({ context, event }) => [...context.seen, event.type] }), acted: probe.action('acted') } }).createMachine({
    context: { seen: [] }, initial: 'open', on: { '*': { actions: 'any' }, 'mouse.*': { actions: 'acted' } },
    states: { open: { meta: { about: 'all' }, description: 'everything is taken', on: { close: 'closed' } }, closed: { on: { close: undefined, 'mouse.click': {}, 'mouse.*': { target: 'open' } } } },
  }),
  steps: sendAll('close', 'mouse.click', 'mouse.move.up', 'mouse', 'key'),
};

const eventless: CorpusMachine = {
  name: 'eventless transitions that go on until they need not',
  build: () => setup({ types: {} as { context: { lead: number; rounds: number }; events: Sent } }).createMachine({
    context: { lead: 0, rounds: 0 }, initial: 'play',
    states: {
      play: { always: [{ guard: ({ context }) => context.lead >= 2, target: 'won' }, { guard: ({ context }) => context.lead <= -2, target: 'lost' }], on: { up: { actions: assign({ lead: ({ context }) => context.lead + 1 }) }, down: { actions: assign({ lead: ({ context }) => context.lead - 1 }) } } },
      won: { always: { target: 'count', actions: assign({ lead: ({ context }) => context.lead * 0 }) } }, lost: { always: { target: 'count', actions: assign({ lead: ({ context }) => context.lead * 0 }) } },
      count: { entry: assign({ rounds: ({ context }) => context.rounds + 1 }), always: [{ guard: ({ context }) => context.rounds >= 3, target: 'over' }, { target: 'play' }] }, over: { type: 'final' },
    },
    output: ({ context }) => context,
  }),
  steps: sendAll('up', 'down', 'up', 'down', 'down'),
};

const guards: CorpusMachine = {
  name: 'guards of guards, and of states',
  build: () => setup({ types: {} as { context: { n: number }; events: Sent }, guards: { even: ({ context }) => context.n % 2 === 0, big: ({ context }) => context.n > 3 } }).createMachine({
    type: 'parallel', context: { n: 0 },
    states: {
      count: { on: { inc: { actions: assign({ n: ({ context }) => context.n + 1 }) } } },
      light: { initial: 'off', states: { off: { on: { try: [{ guard: and(['even', 'big']), target: 'bright' }, { guard: or(['even', not('big')]), target: 'on' }] } }, on: { on: { try: 'off' } }, bright: { on: { try: 'off' } } } },
      door: { initial: 'shut', states: { shut: { on: { open: { guard: not(stateIn({ light: 'off' })), target: 'open' } } }, open: { always: { guard: stateIn({ light: 'off' }), target: 'shut' } } } },
    },
  }),
  steps: sendAll('inc', 'try', 'open', 'inc', 'inc'),
};

const delayed: CorpusMachine = {
  name: 'events raised and sent with delays that are computed, and cancelled',
  build: probe => setup({ types: {} as { context: { wait: number }; events: Sent }, delays: { soon: ({ context }) => context.wait }, actions: { late: probe.action('late') } }).createMachine({
    context: { wait: 40 },
    on: {
      raise: { actions: [raise({ type: 'late' }, { delay: 'soon', id: 'one' }), assign({ wait: ({ context, event }) => event.n ?? context.wait })] },
      send: { actions: sendTo(({ self }) => self, ({ event }) => ({ type: 'late', n: event.n }), { delay: ({ event }: { event: Sent }) => event.n ?? 10, id: 'send' } as never) },
      cancel: { actions: [cancel('one'), cancel(({ event }) => (event as Sent).text ?? '')] }, late: { actions: 'late' },
    },
  }),
  steps: [send('raise'), send('raise', { n: 70 }), send('send'), send('send', { n: 30 }), send('cancel', { text: 'send' }), { advance: 10 }, { advance: 40 }],
};

const emits: CorpusMachine = {
  name: 'events that are emitted, and a log',
  build: () => setup({ types: {} as { context: { n: number }; events: Sent; emitted: { type: string; n?: number | undefined } } }).createMachine({
    context: { n: 12 },
    on: { odd: { actions: emit({ type: 'odd', n: undefined }) }, go: { actions: [assign({ n: ({ context, event }) => context.n / (event.n ?? 0) }), emit(({ context }) => ({ type: 'went', n: context.n })), log(({ context }) => `at ${context.n}`)] } },
  }),
  steps: [send('odd'), send('go', { n: 2 }), send('go', { n: -1 }), send('go')],
};

const queued: CorpusMachine = {
  name: 'actions that are queued while they are decided on',
  build: probe => setup({ types: {} as { context: { n: number; last: unknown }; events: Sent }, actions: { acted: probe.action('acted') }, guards: { isOdd: ({ context }) => context.n % 2 === 1 } }).createMachine({
    context: { n: 0, last: undefined }, initial: 'a',
    states: { a: { on: { go: { actions: enqueueActions(({ enqueue, check, event, context }) => {
      enqueue.assign({ n: context.n + 1, last: (event as Sent).text });
      if (check('isOdd')) enqueue.raise({ type: 'odd' });
      else enqueue('acted');
      enqueue.emit({ type: 'queued' } as never);
    }) }, odd: { target: 'b', actions: 'acted' } } }, b: { on: { go: 'a' } } },
  }),
  steps: [send('go'), send('go', { text: 'x' })],
};

const account: CorpusMachine = {
  name: 'an account in bigints',
  build: () => setup({ types: {} as { context: { cents: bigint; limit: bigint | undefined }; events: Sent } }).createMachine({
    context: { cents: 9_007_199_254_740_993n, limit: undefined },
    on: { put: { actions: assign({ cents: ({ context, event }) => context.cents + BigInt(event.n ?? 1) }) }, take: { guard: ({ context }) => context.cents > 0n, actions: assign({ cents: ({ context }) => -context.cents }) }, limit: { actions: assign({ limit: ({ context }) => (context.limit === undefined ? 0n : undefined) }) } },
  }),
  steps: [send('put'), send('put', { n: 7 }), ...sendAll('take', 'limit')],
};

const asserted: CorpusMachine = {
  name: 'an event that is asserted to be another, which ends the actor',
  build: () => setup({ types: {} as { context: { n: number }; events: { type: 'good'; n?: number } | { type: 'bad' } } }).createMachine({
    context: { n: 0 }, initial: 'a',
    states: { a: { on: { good: { actions: assign({ n: ({ context, event }) => context.n + (event.n ?? 1) }) }, bad: 'b' } }, b: { entry: assign(({ event }) => { assertEvent(event, 'good'); return {}; }) } },
  }),
  steps: [send('good'), send('good', { n: -0 }), send('bad')],
};

const pastStates: CorpusMachine = {
  name: 'history of both kinds, with places to begin',
  build: () => setup({}).createMachine({
    initial: 'off',
    states: {
      off: { on: { shallow: 'on.was', deep: 'on.wasDeep', start: 'on' } },
      on: { initial: 'a', states: { a: { on: { next: 'b' } }, b: { initial: 'x', states: { x: { on: { next: 'y' } }, y: { after: { 20: 'x' } } } }, was: { type: 'history', target: 'b' }, wasDeep: { type: 'history', history: 'deep', target: 'b.y' } }, on: { stop: 'off' } },
    },
  }),
  steps: [...sendAll('start', 'next', 'next', 'stop', 'shallow', 'deep'), { advance: 20 }],
};

/** Machines as the documentation of XState has them: what one actor alone can do. */
export const documentedStates: readonly CorpusMachine[] = [toggle, feedback, donut, dog, thermometer, board, debounce, drag, timer, flights, crud, undo, params, wildcards, eventless, guards, delayed, emits, queued, account, asserted, pastStates];
