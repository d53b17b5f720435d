import { assign, emit, raise, sendTo, setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { CommitBatch } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { createPlace } from './place.ts';

const worker = setup({ types: {} as { context: { done: number } } }).createMachine({ id: 'worker', context: { done: 0 }, on: { work: { actions: assign({ done: ({ context }) => context.done + 1 }) } } });
const foreman = setup({ types: {} as { context: { hired: number }; events: { type: 'hire'; count: number } | { type: 'work'; whom: number } }, actors: { worker } }).createMachine({
  id: 'foreman',
  context: { hired: 0 },
  on: {
    hire: { actions: assign({ hired: ({ context, event, spawn }) => {
      for (let index = 0; index < event.count; index++) spawn('worker', { id: `w${context.hired + index}` });
      return context.hired + event.count;
    } }) },
    work: { actions: sendTo(({ event }) => `w${event.whom}`, { type: 'work' }) },
  },
});
const keeper = setup({ types: {} as { context: { rung: number[] }; events: { type: 'set'; which: number; delay: number } | { type: 'bell'; which: number } } }).createMachine({
  id: 'keeper',
  context: { rung: [] },
  on: {
    set: { actions: raise(({ event }) => ({ type: 'bell' as const, which: event.which }), { delay: ({ event }) => event.delay }) },
    bell: { actions: assign({ rung: ({ context, event }) => [...context.rung, event.which] }) },
  },
});

/** A store that tells what each commit changes of actors. */
function createWatched() {
  const store = createMemoryStore();
  const commits: NonNullable<CommitBatch['actors']>[] = [];
  const commit = store.commit.bind(store);
  store.commit = batch => {
    if (batch.actors) commits.push(batch.actors);
    return commit(batch);
  };
  return { store, commits };
}

describe('what is stored of a tree', () => {
  it('is what an event has touched, not all the children there are', async () => {
    const { store, commits } = createWatched();
    const runtime = await createRuntime({ store, machines: [foreman], clock: new SimulatedClock() });
    const actor = await runtime.spawn(foreman, { id: 'f' });
    await actor.send({ type: 'hire', count: 500 });
    expect(commits.at(-1)?.parts).toHaveLength(500);
    await actor.send({ type: 'work', whom: 250 });
    expect([commits.at(-1)?.put, commits.at(-1)?.progress?.map(({ actorId }) => actorId)]).toEqual([[], ['f']]);
    expect(commits.at(-1)?.parts?.map(({ body }) => (JSON.parse(body) as { id: string }).id)).toEqual(['w250']);
    await runtime.stop();
  });

  it('has a row for each delayed event, gone when it fires, and again there after a restart', async () => {
    const { store, commits } = createWatched();
    const clock = new SimulatedClock();
    const runtime = await createRuntime({ store, machines: [keeper], clock });
    const actor = await runtime.spawn(keeper, { id: 'k' });
    await Promise.all(Array.from({ length: 2_000 }, (_, which) => actor.send({ type: 'set', which, delay: 1_000 + which })));
    commits.length = 0;
    clock.advance(1_000);
    await settleTicks();
    expect(actor.getSnapshot().context.rung).toEqual([0]);
    expect(commits.flatMap(({ parts = [], removedParts = [] }) => [...parts, ...removedParts])).toHaveLength(1);
    await runtime.stop();
    const again = await createRuntime({ store: store.reopen(), machines: [keeper], clock });
    clock.advance(3);
    await settleTicks(30);
    expect((await again.actor<typeof keeper>('k')).getSnapshot().context.rung).toEqual([0, 1, 2, 3]);
    await again.stop();
  });

  it('keeps no part of what has ended', async () => {
    const child = setup({}).createMachine({ id: 'child', initial: 'at', states: { at: { after: { 5: 'end' } }, end: { type: 'final' } } });
    const parent = setup({ actors: { child } }).createMachine({ id: 'parent', initial: 'with', states: { with: { invoke: { id: 'c', src: 'child', onDone: 'without' } }, without: { on: { again: 'with' } } } });
    const place = createPlace({ machines: [parent] });
    const actor = await (await place.open()).spawn(parent, { id: 'p' });
    for (let round = 0; round < 3; round++) {
      expect(await place.store.actors?.listActorParts('p', '', 10)).toHaveLength(2);
      place.clock.advance(5);
      await settleTicks();
      expect(actor.getSnapshot().value).toBe('without');
      expect(await place.store.actors?.listActorParts('p', '', 10)).toEqual([]);
      await actor.send({ type: 'again' });
    }
    await place.close();
  });
});

describe('a message to another root', () => {
  const receiver = setup({ types: {} as { context: { got: number[] }; events: { type: 'take'; n: number } } }).createMachine({ id: 'receiver', context: { got: [] }, on: { take: { actions: assign({ got: ({ context, event }) => [...context.got, event.n] }) } } });
  const sender = setup({ types: {} as { context: { to: never; n: number }; input: { to: unknown }; events: { type: 'go' } } }).createMachine({
    id: 'sender',
    context: ({ input }) => ({ to: input.to as never, n: 0 }),
    on: { go: { actions: [assign({ n: ({ context }) => context.n + 1 }), sendTo(({ context }) => context.to, ({ context }) => ({ type: 'take', n: context.n }) as never), sendTo(({ context }) => context.to, ({ context }) => ({ type: 'take', n: -context.n }) as never, { delay: 10 })] } },
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('arrives once, though the process dies around commit %i', async dies => {
    const store = createMemoryStore();
    const clock = new SimulatedClock();
    const machines = [receiver, sender];
    for (const isStored of [false, true]) {
      const own = isStored ? createMemoryStore() : store;
      let count = 0;
      const commit = own.commit.bind(own);
      own.commit = batch => {
        if (++count !== dies) return commit(batch);
        if (isStored) void commit(batch);
        throw new Error('the process dies here');
      };
      const first = await createRuntime({ store: own, machines, clock });
      const drive = async (runtime: typeof first): Promise<void> => {
        const to = await runtime.spawn(receiver, { id: 'r' });
        const from = await runtime.spawn(sender, { id: 's', input: { to } });
        while (from.getSnapshot().context.n < 2) await from.send({ type: 'go' });
        await settleTicks();
        clock.advance(10);
        await settleTicks();
      };
      await drive(first).catch(() => undefined);
      await first.stop({ timeoutMs: 0 }).catch(() => undefined);
      const reopened = own.reopen();
      const runtime = await createRuntime({ store: reopened, machines, clock });
      await drive(runtime);
      expect((await runtime.actor<typeof receiver>('r')).getSnapshot().context.got.toSorted((a, b) => a - b), isStored ? 'stored' : 'not stored').toEqual([-2, -1, 1, 2]);
      expect(JSON.parse((await reopened.actors.getActor('s'))?.tree ?? '')).not.toHaveProperty('open');
      await runtime.stop();
    }
  });

  it('to an actor that is no more is dropped', async () => {
    const place = createPlace({ machines: [receiver, sender] });
    const runtime = await place.open();
    const to = await runtime.spawn(receiver, { id: 'r' });
    const from = await runtime.spawn(sender, { id: 's', input: { to } });
    await to.stop();
    await from.send({ type: 'go' });
    await settleTicks();
    expect(JSON.parse((await place.store.actors?.getActor('s'))?.tree ?? '')).not.toHaveProperty('open');
    expect((await runtime.actor<typeof receiver>('r')).getSnapshot().context.got).toEqual([]);
    await runtime.stop();
  });
});

describe('a machine that goes round without delay', () => {
  it('lets others have their turn', async () => {
    const spinner = setup({ types: {} as { context: { turns: number } } }).createMachine({
      id: 'spinner', context: { turns: 0 }, initial: 'a', on: { halt: '.out' },
      states: { a: { after: { 0: 'b' } }, b: { entry: assign({ turns: ({ context }) => context.turns + 1 }), after: { 0: 'a' } }, out: { type: 'final' } },
    });
    const runtime = await createPlace({ machines: [spinner, worker] }).open();
    const actor = await runtime.spawn(spinner, { id: 's' });
    const other = await runtime.spawn(worker, { id: 'w' });
    await other.send({ type: 'work' });
    await settleTicks(20);
    expect(other.getSnapshot().context.done).toBe(1);
    expect(actor.getSnapshot().context.turns).toBeGreaterThan(2);
    await actor.send({ type: 'halt' } as never);
    expect(actor.getSnapshot().status).toBe('done');
    await runtime.stop();
  });
});

describe('an event that is refused', () => {
  it('leaves children, delayed events and what is emitted as they were', async () => {
    const child = setup({ types: {} as { context: { n: number } } }).createMachine({ id: 'child', context: { n: 0 }, on: { more: { actions: assign({ n: ({ context }) => context.n + 1 }) } } });
    const parent = setup({ types: {} as { context: { bad: unknown }; emitted: { type: 'rang' } }, actors: { child } }).createMachine({
      id: 'parent', context: { bad: null }, invoke: { id: 'c', src: 'child' }, initial: 'at',
      states: { at: { after: { 50: 'over' }, on: { spoil: { target: 'over', actions: [sendTo('c', { type: 'more' }), assign({ bad: () => new Map() })] }, more: { actions: sendTo('c', { type: 'more' }) } } }, over: { entry: emit({ type: 'rang' }) } },
    });
    const place = createPlace({ machines: [parent] });
    const runtime = await place.open();
    const actor = await runtime.spawn(parent, { id: 'p' });
    const heard: string[] = [];
    actor.on('rang', ({ type }) => heard.push(type));
    for (let round = 0; round < 3; round++) {
      await expect(actor.send({ type: 'spoil' } as never)).rejects.toMatchObject({ code: 'actor_value_not_json' });
      await actor.send({ type: 'more' } as never);
    }
    expect((await runtime.actor('p/c')).getSnapshot()).toMatchObject({ context: { n: 3 } });
    expect(actor.getSnapshot().value).toBe('at');
    await place.close();
    const again = await place.open();
    const same = await again.actor<typeof parent>('p');
    same.on('rang', ({ type }) => heard.push(type));
    expect((await again.actor('p/c')).getSnapshot()).toMatchObject({ context: { n: 3 } });
    place.clock.advance(50);
    await settleTicks();
    expect(same.getSnapshot().value).toBe('over');
    expect(heard).toEqual(['rang']);
    await again.stop();
  });
});
