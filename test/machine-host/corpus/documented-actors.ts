import type { ActorRefFrom, AnyActorRef, AnyStateMachine } from 'xstate';
import { assign, createMachine, enqueueActions, forwardTo, fromTransition, raise, sendParent, sendTo, setup, spawnChild, stopChild } from 'xstate';
import type { CorpusMachine } from '../driven.ts';
import type { Sent } from './documented-states.ts';
import { send, sendAll } from './documented-states.ts';

type Spawn = (logic: unknown, options: { readonly id: string; readonly systemId?: string; readonly input?: unknown; readonly syncSnapshot?: boolean }) => never;
/** `spawn` for logic that `setup` has no name for, which its types do not take with options. */
const byValue = (spawn: unknown): Spawn => spawn as Spawn;

interface Item {
  readonly text: string | undefined;
  readonly n: number;
}

/** A child that is edited, and ends. */
const item = setup({ types: {} as { context: Item; input: Partial<Item> | undefined; events: Sent; output: Item } }).createMachine({
  id: 'item', context: ({ input }) => ({ text: input?.text, n: input?.n ?? Number.NaN }), initial: 'shown',
  states: {
    shown: { on: { edit: { actions: assign({ text: ({ event }) => event.text, n: ({ context }) => (Number.isNaN(context.n) ? -0 : context.n + 1) }) }, done: 'gone', tell: { actions: sendParent(({ context }) => ({ type: 'told', n: context.n, text: context.text })) } }, after: { 500: { actions: sendParent({ type: 'told' }) } } },
    gone: { type: 'final' },
  },
  output: ({ context }) => context,
});
type ItemRef = ActorRefFrom<typeof item>;
const last = ({ context }: { context: { items: ItemRef[] } }): ItemRef => context.items.at(-1) as ItemRef;
const listSteps = [send('add', { text: 'a' }), send('add'), send('edit', { text: 'b' }), send('edit'), ...sendAll('done', 'tell', 'drop')];
const listEvents = {
  edit: { guard: ({ context }: { context: { items: ItemRef[] } }) => context.items.length > 0, actions: sendTo(last, ({ event }: { event: Sent }) => event as never) as never },
  done: { guard: ({ context }: { context: { items: ItemRef[] } }) => context.items.length > 0, actions: sendTo(last, { type: 'done' }) as never },
  tell: { guard: ({ context }: { context: { items: ItemRef[] } }) => context.items.length > 0, actions: sendTo(last, { type: 'tell' }) as never },
};
interface List {
  context: { items: ItemRef[]; told: unknown[] };
  events: Sent;
}
const told = assign({ told: ({ context, event }: { context: List['context']; event: Sent }) => [...context.told, { n: event.n, text: event.text }] }) as never;
const dropLast = [stopChild(last as never), assign({ items: ({ context }: { context: List['context'] }) => context.items.slice(0, -1) })] as never;

const todos: CorpusMachine = {
  name: 'todos spawned by name, kept in a list',
  build: () => setup({ types: {} as List, actors: { item } }).createMachine({
    context: { items: [], told: [] },
    on: { add: { actions: assign({ items: ({ context, event, spawn }) => [...context.items, spawn('item', { id: `item-${context.items.length}-${context.told.length}`, input: { text: event.text } })] }) }, ...listEvents, told: { actions: told }, drop: { guard: ({ context }) => context.items.length > 0, actions: dropLast } },
  }),
  steps: [...listSteps, { advance: 500 }],
};

const todosByValue: CorpusMachine = {
  name: 'todos spawned by value',
  build: () => setup({ types: {} as List }).createMachine({
    context: { items: [], told: [] },
    on: { add: { actions: assign({ items: ({ context, event, spawn }) => [...context.items, byValue(spawn)(item, { id: `item-${context.items.length}-${context.told.length}`, input: { text: event.text } })] }) }, ...listEvents, told: { actions: told }, drop: { guard: ({ context }) => context.items.length > 0, actions: dropLast } },
  }),
  knows: [item as never],
  steps: [...listSteps, { advance: 500 }],
};

const spawnedChildren: CorpusMachine = {
  name: 'children of a `spawnChild` by value, with systemIds',
  build: () => setup({ types: {} as { context: { told: unknown[] }; events: Sent } }).createMachine({
    context: { told: [] }, initial: 'off', on: { told: { actions: told } },
    states: {
      off: { on: { start: 'on' } },
      on: { entry: spawnChild(item as never, { id: 'kid', systemId: 'the-kid', input: { text: undefined, n: -0 } } as never), exit: stopChild('kid'), on: { tell: { actions: sendTo(({ system }) => system.get('the-kid'), { type: 'tell' } as never) }, edit: { actions: sendTo('kid', ({ event }) => event as never) }, stop: 'off', done: { actions: sendTo('kid', { type: 'done' } as never) } } },
    },
  }),
  steps: [...sendAll('start', 'tell', 'stop', 'done'), send('edit', { text: 'x' }), { advance: 500 }],
};

const fetching: CorpusMachine = {
  name: 'a fetch that is tried again, whose answer may be undefined',
  build: probe => setup({ types: {} as { context: { data: unknown; retries: number }; events: Sent }, actors: { load: probe.service('load') } }).createMachine({
    context: { data: undefined, retries: 0 }, initial: 'idle',
    states: {
      idle: { on: { fetch: 'loading' } },
      loading: { invoke: { id: 'load', src: 'load', input: ({ context }) => ({ retries: context.retries, last: undefined }), onDone: { target: 'success', actions: assign({ data: ({ event }) => event.output }) }, onError: 'failure' }, on: { cancel: 'idle' } },
      success: { on: { fetch: 'loading' } }, failure: { after: { 100: { guard: ({ context }) => context.retries < 2, target: 'loading', actions: assign({ retries: ({ context }) => context.retries + 1 }) } }, on: { fetch: 'loading' } },
    },
  }),
  steps: [send('fetch'), { settle: 'load', error: 'offline' }, { advance: 100 }, { settle: 'load', output: undefined }, send('fetch'), { settle: 'load', output: { a: undefined, n: Number.NaN } }, send('fetch'), send('cancel')],
};

const credit: CorpusMachine = {
  name: 'three checks at once, joined when all have ended',
  build: probe => setup({ types: {} as { context: Record<string, unknown>; events: Sent }, actors: { one: probe.service('one'), two: probe.service('two') } }).createMachine({
    context: { one: undefined, two: undefined }, initial: 'checking',
    states: {
      checking: {
        type: 'parallel',
        states: {
          one: { initial: 'asks', states: { asks: { invoke: { src: 'one', onDone: { target: 'done', actions: assign({ one: ({ event }) => event.output }) }, onError: 'again' } }, again: { after: { 10: 'asks' } }, done: { type: 'final' } } },
          two: { initial: 'asks', states: { asks: { invoke: { src: 'two', onDone: { target: 'done', actions: assign({ two: ({ event }) => event.output }) }, onError: 'done' } }, done: { type: 'final' } } },
        },
        onDone: 'decided',
      },
      decided: { on: { again: 'checking' } },
    },
  }),
  steps: [{ settle: 'one', output: -0 }, { settle: 'one', error: 'no' }, { settle: 'two', output: Number.POSITIVE_INFINITY }, { settle: 'two', error: 'no' }, send('again'), { advance: 10 }],
};

const pingPong: CorpusMachine = {
  name: 'ping and pong, that find each other by systemId',
  build: () => {
    const player = (other: string) => setup({ types: {} as { context: { hits: number }; events: Sent } }).createMachine({
      id: 'player', context: { hits: 0 }, on: { hit: { guard: ({ context }) => context.hits < 4, actions: [assign({ hits: ({ context }) => context.hits + 1 }), sendTo(({ system }) => system.get(other), { type: 'hit' } as never, { delay: 10 })] } },
    });
    return setup({ actors: { ping: player('the-pong'), pong: player('the-ping') } }).createMachine({
      invoke: [{ src: 'ping', id: 'ping', systemId: 'the-ping' }, { src: 'pong', id: 'pong', systemId: 'the-pong' }], on: { serve: { actions: sendTo('ping', { type: 'hit' }) } },
    });
  },
  steps: [send('serve'), { advance: 10 }, { advance: 30 }],
};

const parentRef: CorpusMachine = {
  name: 'a child that is given its parent as input',
  build: () => {
    const child = setup({ types: {} as { context: { boss: AnyActorRef; asked: number | undefined }; input: { boss: AnyActorRef }; events: Sent } }).createMachine({
      context: ({ input }) => ({ boss: input.boss, asked: undefined }), on: { ask: { actions: [assign({ asked: ({ event }) => event.n }), sendTo(({ context }) => context.boss, ({ context }) => ({ type: 'answer', n: (context.asked ?? 0) * 2 }))] } },
    });
    return setup({ types: {} as { context: { got: unknown[] }; events: Sent }, actors: { child } }).createMachine({
      context: { got: [] }, invoke: { src: 'child', id: 'child', input: ({ self }) => ({ boss: self }) },
      on: { ask: { actions: sendTo('child', ({ event }) => event) }, answer: { actions: assign({ got: ({ context, event }) => [...context.got, event.n] }) } },
    });
  },
  steps: [send('ask', { n: 2 }), send('ask'), send('ask', { n: -0 })],
};

const cell = setup({ types: {} as { context: { value: number; reads: string | undefined }; events: Sent } }).createMachine({
  id: 'cell', context: { value: Number.NaN, reads: undefined },
  on: { put: { actions: [assign({ value: ({ event }) => event.n ?? Number.NaN, reads: ({ event }) => event.text }), sendTo(({ system, context }) => system.get(context.reads ?? '') ?? system.get('none'), { type: 'touch' } as never)] }, touch: { actions: assign({ value: ({ context }) => context.value * -1 }) } },
});

const cells: CorpusMachine = {
  name: 'cells of a sheet, a machine by value each, which compute from each other',
  build: () => {
    return setup({ types: {} as { context: { cells: AnyActorRef[] }; events: Sent } }).createMachine({
      context: ({ spawn }) => ({ cells: ['none', 'A1', 'A2'].map(id => byValue(spawn)(cell, { id, systemId: id })) }),
      on: { put: { actions: sendTo(({ system, event }) => system.get(event.id ?? 'A1'), ({ event }) => event as never) } },
    });
  },
  knows: [cell as never],
  steps: [send('put', { n: 3 }), send('put', { id: 'A2', n: 0, text: 'A1' }), send('put', { id: 'A1', text: 'A2' })],
};

const tree: CorpusMachine = {
  name: 'a tree of machines that spawn themselves by value',
  build: () => {
    const node: AnyStateMachine = setup({ types: {} as { context: { kids: AnyActorRef[]; depth: number }; input: { depth: number } | undefined; events: Sent } }).createMachine({
      id: 'node', context: ({ input }) => ({ kids: [], depth: input?.depth ?? 0 }),
      on: {
        grow: [{ guard: ({ context }) => context.kids.length > 0, actions: sendTo(({ context }) => context.kids[0] as AnyActorRef, { type: 'grow' }) }, { guard: ({ context }) => context.depth < 3, actions: assign({ kids: ({ context, spawn }) => [byValue(spawn)(node, { id: `n${context.depth + 1}`, input: { depth: context.depth + 1 } })] }) }],
        prune: { guard: ({ context }) => context.kids.length > 0, actions: [stopChild(({ context }) => context.kids[0] as AnyActorRef), assign({ kids: [] })] },
      },
    }) as never;
    return node;
  },
  steps: sendAll('grow', 'grow', 'grow', 'prune'),
};

const synced: CorpusMachine = {
  name: 'a child whose snapshots its parent wants',
  build: () => setup({ types: {} as { context: { seen: unknown[]; kid: unknown }; events: Sent } }).createMachine({
    context: ({ spawn }) => ({ seen: [], kid: byValue(spawn)(item, { id: 'kid', syncSnapshot: true }) }),
    on: {
      edit: { actions: sendTo('kid', ({ event }) => event as never) }, done: { actions: sendTo('kid', { type: 'done' } as never) },
      'xstate.snapshot.kid': { actions: assign({ seen: ({ context, event }) => [...context.seen, (event as unknown as { snapshot: { context: Item } }).snapshot.context].slice(-3) }) },
    },
  }),
  knows: [item as never],
  steps: [send('edit', { text: 'a' }), send('edit'), send('done')],
};

const reducers: CorpusMachine = {
  name: 'transition functions whose state is undefined or NaN',
  build: () => {
    const memory = fromTransition((_: { last: number | undefined }, event: Sent) => ({ last: event.n }), { last: undefined });
    const sum = fromTransition((state: number, event: Sent) => state + (event.n ?? 0), ({ input }: { input: number }) => input);
    return setup({ types: {} as { events: Sent }, actors: { memory, sum } }).createMachine({
      invoke: [{ src: 'memory', id: 'memory' }, { src: 'sum', id: 'sum', input: Number.NaN }, { src: 'sum', id: 'minus', input: -0 }],
      on: { add: { actions: ['memory', 'sum', 'minus'].map(id => forwardTo(id)) as never } },
    });
  },
  steps: [send('add', { n: 2 }), send('add'), send('add', { n: -0 })],
};

const workers: CorpusMachine = {
  name: 'several workers of one source, under ids of their own',
  build: probe => setup({ types: {} as { context: { jobs: number; done: unknown[] }; events: Sent }, actors: { work: probe.service('work') } }).createMachine({
    context: { jobs: 0, done: [] },
    on: {
      job: { guard: ({ context }) => context.jobs < 4, actions: [spawnChild('work', { id: ({ context }: { context: { jobs: number } }) => `job-${context.jobs}`, input: ({ event }: { event: Sent }) => ({ text: event.text }) } as never), assign({ jobs: ({ context }) => context.jobs + 1 })] },
      'xstate.done.actor.*': { actions: assign({ done: ({ context, event }) => [...context.done, (event as unknown as { output: unknown }).output] }) }, 'xstate.error.actor.*': { actions: assign({ done: ({ context }) => [...context.done, undefined] }) },
      stop: { actions: stopChild('job-0') },
    },
  }),
  steps: [send('job', { text: 'x' }), send('job'), send('stop'), { settle: 'work', output: undefined }, { settle: 'work', output: 2n }, { settle: 'work', error: 'ill' }],
};

const reinvoked: CorpusMachine = {
  name: 'a child that begins anew with other input when its state is entered again',
  build: probe => setup({ types: {} as { context: { page: number | undefined; items: unknown }; events: Sent }, actors: { list: probe.service('list') } }).createMachine({
    context: { page: undefined, items: undefined }, initial: 'showing',
    states: { showing: { invoke: { src: 'list', id: 'list', input: ({ context }) => ({ page: context.page }), onDone: { actions: assign({ items: ({ event }) => event.output }) }, onError: { target: 'broken' } }, on: { page: { target: 'showing', reenter: true, actions: assign({ page: ({ event }) => event.n }) } } }, broken: { on: { page: 'showing' } } },
  }),
  steps: [send('page', { n: 2 }), send('page'), { settle: 'list', output: [undefined, Number.NaN] }, { settle: 'list', error: 'gone' }],
};

const ends: CorpusMachine = {
  name: 'children that end with nothing, or with what JSON has no word for',
  build: () => {
    const silent = setup({}).createMachine({ initial: 'a', states: { a: { after: { 20: 'b' } }, b: { type: 'final' } } });
    const odd = setup({}).createMachine({ initial: 'a', states: { a: { after: { 40: 'b' } }, b: { type: 'final' } }, output: { gone: undefined, list: [Number.NaN, -0, undefined] } });
    return setup({ types: {} as { context: { got: unknown[] }; events: Sent }, actors: { silent, odd } }).createMachine({
      context: { got: [] }, initial: 'a',
      states: { a: { invoke: [{ src: 'silent', id: 'silent', onDone: { actions: assign({ got: ({ context, event }) => [...context.got, event.output, 'output' in event] }) } }, { src: 'odd', id: 'odd', onDone: { target: 'b', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) } }], on: { skip: 'b' } }, b: { on: { again: 'a' } } },
    });
  },
  steps: [{ advance: 20 }, ...sendAll('skip', 'again')],
};

const throwing: CorpusMachine = {
  name: 'guards and children that throw',
  build: () => {
    const child = setup({ types: {} as { events: Sent } }).createMachine({ on: { burst: { guard: () => { throw new Error('The guard broke'); }, actions: raise({ type: 'never' }) } } });
    return setup({ types: {} as { context: { why: unknown }; events: Sent }, actors: { child } }).createMachine({
      context: { why: undefined }, initial: 'a',
      states: { a: { invoke: { src: 'child', id: 'child', onError: { target: 'b', actions: assign({ why: ({ event }) => (event.error as Error).message }) } }, on: { burst: { actions: sendTo('child', { type: 'burst' }) } } }, b: { on: { again: { target: 'a', actions: assign({ why: undefined }) }, burst: { guard: () => { throw new Error('No way on'); }, target: 'a' } } } },
    });
  },
  steps: sendAll('burst', 'again', 'burst', 'burst'),
};

const queuedChildren: CorpusMachine = {
  name: 'children that are queued by `enqueueActions`, by name and by value',
  build: () => setup({ types: {} as { context: { n: number; told: unknown[] }; events: Sent }, actors: { item } }).createMachine({
    context: { n: 0, told: [] },
    on: {
      add: { guard: ({ context }) => context.n < 4, actions: enqueueActions(({ enqueue, context, event }) => {
        if (context.n % 2 === 0) enqueue.spawnChild('item', { id: `i${context.n}`, input: { text: event.text } });
        else enqueue.spawnChild(item as never, { id: `i${context.n}` } as never);
        enqueue.assign({ n: context.n + 1 });
      }) },
      tell: { actions: enqueueActions(({ enqueue, context }) => { if (context.n > 0) enqueue.sendTo(`i${context.n - 1}`, { type: 'tell' } as never); }) },
      told: { actions: told }, stop: { actions: enqueueActions(({ enqueue, context }) => { if (context.n > 0) enqueue.stopChild(`i${context.n - 1}`); }) },
    },
  }),
  steps: [send('add', { text: 'a' }), ...sendAll('add', 'tell', 'stop'), { advance: 500 }],
};

const inline: CorpusMachine = {
  name: 'machines, promises and functions written into an `invoke`',
  build: probe => createMachine({
    types: {} as { context: { got: unknown[] }; events: Sent },
    context: { got: [] }, initial: 'a',
    states: {
      a: { invoke: [{ src: item, id: 'inner', input: { n: 1 }, onDone: { target: 'b', actions: assign({ got: ({ context, event }) => [...context.got, event.output] }) } }, { src: fromTransition((n: number) => n - 1, 0), id: 'down' }], on: { edit: { actions: [sendTo('inner', ({ event }) => event as never), sendTo('down', { type: 'x' } as never)] }, done: { actions: sendTo('inner', { type: 'done' } as never) } } },
      b: { invoke: { src: probe.service('late'), onDone: { target: 'a', actions: assign({ got: ({ event }) => [event.output] }) }, onError: 'a' } },
    },
  }),
  steps: [send('edit'), send('edit', { text: 'x' }), send('done'), { settle: 'late', output: undefined }, { settle: 'late', error: 'no' }],
};

const bidder = setup({ types: {} as { context: { max: number | undefined; bids: number }; input: { max: number | undefined } | undefined; events: Sent } }).createMachine({
  id: 'bidder', context: ({ input }) => ({ max: input?.max, bids: 0 }), on: { called: { guard: ({ context, event }) => (event.n ?? 0) < (context.max ?? 0), actions: [assign({ bids: ({ context }) => context.bids + 1 }), sendParent(({ event, self }) => ({ type: 'bid', n: (event.n ?? 0) + 10, id: self.id }))] } },
});

const auction: CorpusMachine = {
  name: 'an auction with bidders by value and a time that is prolonged',
  build: () => {
    return setup({ types: {} as { context: { price: number; by: string | undefined; bidders: AnyActorRef[] }; events: Sent } }).createMachine({
      context: ({ spawn }) => ({ price: -0, by: undefined, bidders: [30, undefined, 20].map((max, index) => byValue(spawn)(bidder, { id: `b${index}`, input: { max } })) }), initial: 'open',
      states: {
        open: { on: { call: { actions: enqueueActions(({ enqueue, context }) => { for (const one of context.bidders) enqueue.sendTo(one, { type: 'called', n: context.price }); }) }, bid: { guard: ({ context, event }) => (event.n ?? 0) > context.price, target: 'open', reenter: true, actions: assign({ price: ({ event }) => event.n ?? 0, by: ({ event }) => event.id }) } }, after: { 100: 'sold' } },
        sold: { type: 'final' },
      },
      output: ({ context }) => ({ price: context.price, by: context.by }),
    });
  },
  knows: [bidder as never],
  steps: [send('call'), { advance: 60 }, { advance: 100 }],
};

const restaurant: CorpusMachine = {
  name: 'a table, its order and a kitchen: machines three deep',
  build: probe => {
    const dish = setup({ types: {} as { context: { name: string | undefined }; input: { name: string | undefined }; events: Sent }, actors: { cook: probe.service('cook') } }).createMachine({
      context: ({ input }) => ({ name: input.name }), initial: 'cooking', states: { cooking: { invoke: { src: 'cook', input: ({ context }) => ({ name: context.name }), onDone: 'ready', onError: 'burnt' } }, ready: { type: 'final' }, burnt: { after: { 30: 'cooking' } } }, output: ({ context }) => context.name,
    });
    const order = setup({ types: {} as { context: { served: unknown[] }; events: Sent }, actors: { dish } }).createMachine({
      context: { served: [] }, type: 'parallel', states: { soup: { initial: 'a', states: { a: { invoke: { src: 'dish', id: 'soup', input: { name: 'soup' }, onDone: { target: 'b', actions: assign({ served: ({ context, event }) => [...context.served, event.output] }) } } }, b: { type: 'final' } } }, other: { initial: 'a', states: { a: { invoke: { src: 'dish', id: 'other', input: { name: undefined }, onDone: { target: 'b', actions: assign({ served: ({ context, event }) => [...context.served, event.output] }) } } }, b: { type: 'final' } } } }, output: ({ context }) => context.served,
    });
    return setup({ types: {} as { context: { bill: unknown }; events: Sent }, actors: { order } }).createMachine({ context: { bill: undefined }, initial: 'free', states: { free: { on: { sit: 'waiting' } }, waiting: { invoke: { src: 'order', id: 'order', onDone: { target: 'eating', actions: assign({ bill: ({ event }) => event.output }) } }, on: { leave: 'free' } }, eating: { on: { leave: 'free' } } } });
  },
  steps: [...sendAll('sit', 'leave'), { settle: 'cook', output: 1 }, { settle: 'cook', error: 'fire' }, { advance: 30 }, send('sit')],
};

/** Machines as the documentation of XState has them: actors that have others. */
export const documentedActors: readonly CorpusMachine[] = [todos, todosByValue, spawnedChildren, fetching, credit, pingPong, parentRef, cells, tree, synced, reducers, workers, reinvoked, ends, throwing, queuedChildren, inline, auction, restaurant];
