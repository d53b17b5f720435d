import { assign, emit, enqueueActions, raise, sendTo, setup } from 'xstate';
import type { CorpusEntry } from './features.ts';
import { track } from './track.ts';

// Machines of the size people write. What they invoke are machines with delays, so that time is all that drives them.

const actions = { note: track('note'), warn: track('warn'), done: track('done') };
const call = setup({ actions, types: {} as { input: { ms: number; fails: boolean }; context: { ms: number; fails: boolean } } }).createMachine({
  id: 'call',
  context: ({ input }) => ({ ms: input.ms, fails: input.fails }),
  initial: 'waiting',
  states: {
    waiting: { after: { 20: [{ guard: ({ context }) => context.fails, target: 'failing' }, { target: 'ended' }] } },
    failing: { entry: () => track('failing')({ event: { type: 'call' } }), always: 'broken' },
    broken: { entry: assign(() => { throw new Error('call failed'); }) },
    ended: { type: 'final' },
  },
  output: ({ context }) => context.ms,
});
const base = setup({ actions, actors: { call } });

const checkout = setup({ actions, actors: { call }, types: {} as { context: { items: number; tries: number; receipt: unknown } } }).createMachine({
  id: 'checkout',
  context: { items: 0, tries: 0, receipt: null },
  initial: 'cart',
  on: { cancel: '.cancelled' },
  states: {
    cart: { on: { add: { actions: assign({ items: ({ context }) => context.items + 1 }) }, pay: { guard: ({ context }) => context.items > 0, target: 'paying' } }, after: { 200: 'abandoned' } },
    paying: {
      entry: assign({ tries: ({ context }) => context.tries + 1 }),
      invoke: { id: 'payment', src: 'call', input: ({ context }) => ({ ms: 20, fails: context.tries < 2 }), onDone: { target: 'paid', actions: assign({ receipt: ({ event }) => event.output }) }, onError: [{ guard: ({ context }) => context.tries < 3, target: 'retrying' }, 'failed'] },
    },
    retrying: { after: { 30: 'paying' }, on: { pay: 'paying' } },
    paid: { entry: ['done', emit({ type: 'paid' })], after: { 50: 'shipped' } },
    shipped: { type: 'final' },
    abandoned: { on: { add: 'cart' } },
    failed: { on: { pay: 'paying' } },
    cancelled: { type: 'final', entry: 'warn' },
  },
  output: ({ context }) => context.receipt,
});

const auth = setup({ actions, actors: { call }, types: {} as { context: { refreshes: number } } }).createMachine({
  id: 'auth',
  context: { refreshes: 0 },
  initial: 'out',
  states: {
    out: { on: { login: 'entering' } },
    entering: { invoke: { src: 'call', input: { ms: 1, fails: false }, onDone: 'in', onError: 'out' }, on: { logout: 'out' } },
    in: {
      tags: 'authorised',
      type: 'parallel',
      on: { logout: { target: 'out', actions: 'note' } },
      states: {
        token: { initial: 'fresh', states: { fresh: { after: { 60: 'refreshing' } }, refreshing: { invoke: { src: 'call', input: ({ context }) => ({ ms: 1, fails: context.refreshes > 2 }), onDone: { target: 'fresh', actions: assign({ refreshes: ({ context }) => context.refreshes + 1 }) }, onError: { target: '#auth.out', actions: 'warn' } } } } },
        idle: { initial: 'active', states: { active: { on: { touch: { target: 'active', reenter: true } }, after: { 100: 'away' } }, away: { on: { touch: 'active' }, after: { 100: '#auth.out' } } } },
      },
    },
  },
});

const upload = setup({ actions, actors: { call }, types: {} as { context: { sent: number; tries: number } }, delays: { wait: ({ context }) => 10 * 2 ** context.tries } }).createMachine({
  id: 'upload',
  context: { sent: 0, tries: 0 },
  initial: 'idle',
  states: {
    idle: { on: { begin: 'sending' } },
    sending: {
      invoke: { id: 'part', src: 'call', input: ({ context }) => ({ ms: context.sent, fails: (context.sent + context.tries) % 3 === 1 }), onDone: { target: 'sending', reenter: true, actions: assign({ sent: ({ context }) => context.sent + 1, tries: 0 }) }, onError: { target: 'backing', actions: assign({ tries: ({ context }) => context.tries + 1 }) } },
      always: { guard: ({ context }) => context.sent >= 5, target: 'finished' },
      on: { pause: 'paused' },
    },
    backing: { after: { wait: 'sending' }, on: { pause: 'paused' } },
    paused: { on: { begin: 'sending', pause: 'idle' } },
    finished: { type: 'final', entry: 'done' },
  },
  output: ({ context }) => context.sent,
});

const wizard = setup({ actions, types: {} as { context: { answers: string[] } } }).createMachine({
  id: 'wizard',
  context: { answers: [] },
  initial: 'steps',
  states: {
    steps: {
      initial: 'name',
      states: { name: { on: { next: 'address' } }, address: { on: { next: 'payment', back: 'name' } }, payment: { on: { next: '#wizard.review', back: 'address' } }, last: { type: 'history', history: 'deep' } },
      on: { next: { actions: 'warn' }, save: { target: 'saved', actions: assign({ answers: ({ context, event }) => [...context.answers, event.type].slice(-3) }) } },
    },
    saved: { on: { back: 'steps.last' }, after: { 25: 'steps.last' } },
    review: { on: { back: 'steps.last', next: 'sent' } },
    sent: { type: 'final' },
  },
});

const light = base.createMachine({
  id: 'light',
  type: 'parallel',
  states: {
    cars: { initial: 'green', states: { green: { on: { stop: 'yellow' }, after: { 100: 'yellow' } }, yellow: { after: { 10: 'red' } }, red: { entry: raise({ type: 'clear' }), after: { 80: { guard: ({ context: _context }) => true, target: 'green' } }, exit: raise({ type: 'hurry' }) } } },
    walkers: { initial: 'wait', states: { wait: { on: { push: 'asked' } }, asked: { entry: raise({ type: 'stop' }, { delay: 15, id: 'ask' }), on: { clear: 'walk' } }, walk: { initial: 'steady', states: { steady: { after: { 30: 'blink' } }, blink: { tags: 'blinking', after: { 20: '#light.walkers.wait' } } }, on: { hurry: '.blink' } } } },
  },
});

const form = setup({ actions, actors: { call }, types: {} as { context: { valid: boolean; edits: number } } }).createMachine({
  id: 'form',
  context: { valid: false, edits: 0 },
  initial: 'editing',
  states: {
    editing: {
      initial: 'clean',
      states: { clean: {}, dirty: { after: { 30: 'checking' } }, checking: { invoke: { src: 'call', input: { ms: 1, fails: false }, onDone: { target: 'clean', actions: assign({ valid: ({ context }) => context.edits % 2 === 0 }) } } } },
      on: { type: { target: '.dirty', reenter: true, actions: assign({ edits: ({ context }) => context.edits + 1 }) }, send: [{ guard: ({ context }) => context.valid, target: 'sending' }, { actions: 'warn' }] },
    },
    sending: { invoke: { src: 'call', input: ({ context }) => ({ ms: 1, fails: context.edits > 3 }), onDone: 'sent', onError: 'editing' } },
    sent: { type: 'final' },
  },
});

const player = setup({ actions, types: {} as { context: { at: number } } }).createMachine({
  id: 'player',
  context: { at: 0 },
  type: 'parallel',
  states: {
    tape: { initial: 'stopped', states: { stopped: { on: { play: 'playing' } }, playing: { after: { 10: { target: 'playing', reenter: true, actions: assign({ at: ({ context }) => context.at + 1 }) } }, always: { guard: ({ context }) => context.at >= 12, target: 'stopped', actions: [assign({ at: 0 }), emit({ type: 'ended' })] }, on: { pause: 'paused', stop: 'stopped' } }, paused: { on: { play: 'playing', stop: 'stopped' } } } },
    sound: { initial: 'on', states: { on: { on: { mute: 'off' } }, off: { on: { mute: 'on' } } } },
    screen: { initial: 'shown', states: { shown: { after: { 40: { guard: ({ context }) => context.at > 0, target: 'hidden' } }, on: { play: { target: 'shown', reenter: true } } }, hidden: { on: { '*': 'shown' } } } },
  },
});

const elevator = setup({ actions, types: {} as { context: { floor: number; calls: number[] } } }).createMachine({
  id: 'elevator',
  context: { floor: 0, calls: [] },
  initial: 'idle',
  on: { up: { actions: assign({ calls: ({ context }) => [...new Set([...context.calls, 3])] }) }, down: { actions: assign({ calls: ({ context }) => [...new Set([...context.calls, 0])] }) } },
  states: {
    idle: { always: { guard: ({ context }) => context.calls.length > 0, target: 'moving' } },
    moving: {
      after: { 20: { target: 'moving', reenter: true, actions: assign({ floor: ({ context }) => context.floor + Math.sign((context.calls[0] ?? context.floor) - context.floor) }) } },
      always: { guard: ({ context }) => context.calls.includes(context.floor), target: 'open' },
    },
    open: { entry: [assign({ calls: ({ context }) => context.calls.filter(floor => floor !== context.floor) }), 'note'], after: { 30: 'idle' }, on: { hold: { target: 'open', reenter: true } } },
  },
});

const room = setup({ actions, types: {} as { context: { index: number; since: number } ; input: { index: number } } }).createMachine({
  id: 'room',
  context: ({ input }) => ({ index: input.index, since: 0 }),
  initial: 'free',
  states: { free: { on: { reserve: 'held' } }, held: { after: { 50: 'free' }, on: { confirm: 'booked' } }, booked: { on: { leave: 'free' }, after: { 300: 'free' } } },
});
const booking = setup({ actions, actors: { room }, types: {} as { context: { rooms: string[] } } }).createMachine({
  id: 'booking',
  context: { rooms: [] },
  on: {
    build: { guard: ({ context }) => context.rooms.length < 4, actions: enqueueActions(({ enqueue, context }) => { const id = `room-${context.rooms.length}`; enqueue.spawnChild('room', { id, input: { index: context.rooms.length }, syncSnapshot: true }); enqueue.assign({ rooms: [...context.rooms, id] }); }) },
    reserve: { guard: ({ context }) => context.rooms.length > 0, actions: sendTo(({ context }) => context.rooms[0] as string, { type: 'reserve' } as never) },
    confirm: { guard: ({ context }) => context.rooms.length > 0, actions: [sendTo(({ context }) => context.rooms[0] as string, { type: 'confirm' } as never, { delay: 5 }), 'note'] },
    close: { guard: ({ context }) => context.rooms.length > 1, actions: enqueueActions(({ enqueue, context }) => { enqueue.stopChild(context.rooms.at(-1) as string); enqueue.assign({ rooms: context.rooms.slice(0, -1) }); }) },
  },
});

export const everyday: Readonly<Record<string, CorpusEntry>> = {
  checkout: { machine: checkout, events: ['add', 'pay', 'add', 'pay', 'cancel'] },
  'auth with refresh': { machine: auth, events: ['login', 'touch', 'logout'] },
  'upload with retry': { machine: upload, events: ['begin', 'begin', 'pause'] },
  wizard: { machine: wizard, events: ['next', 'back', 'save'] },
  'traffic light with pedestrian': { machine: light, events: ['push'] },
  form: { machine: form, events: ['type', 'send'] },
  'media player': { machine: player, events: ['play', 'pause', 'stop', 'mute'] },
  elevator: { machine: elevator, events: ['up', 'down', 'hold'] },
  'room booking': { machine: booking, events: ['build', 'reserve', 'confirm', 'close'] },
};
