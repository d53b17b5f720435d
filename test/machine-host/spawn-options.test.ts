import { describe, expect, it } from 'vitest';
import type { AnyStateMachine, Snapshot } from 'xstate';
import { assign, createActor, createMachine, fromPromise, fromTransition, sendTo, setup, spawnChild } from 'xstate';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';

const counter = setup({ types: {} as { context: { n: number }; events: { type: 'inc' } } }).createMachine({ id: 'counter', context: { n: 0 }, on: { inc: { actions: assign({ n: ({ context }) => context.n + 1 }) } } });

describe('what an actor is spawned with', () => {
  const spawn = async (options: object): Promise<unknown> => {
    const place = openPlace();
    try {
      return await (await place.open()).spawn(counter, { id: 'c', ...options });
    } finally {
      await place.close();
    }
  };

  it.each([
    [{ inptu: 1 }, 'did you mean `input`?'],
    [{ snapsot: {} }, 'did you mean `snapshot`?'],
    [{ clock: {} }, '`clock` of createRuntime'],
    [{ inspect: () => {} }, 'give `inspect` to createRuntime'],
    [{ logger: () => {} }, 'give a `logger` to createRuntime'],
    [{ state: {} }, 'as `snapshot`'],
    [{ syncSnapshot: true }, 'no option `syncSnapshot`'],
    [{ systemId: 5 }, 'Expected `systemId` to be a text'],
    [{ snapshot: 5 }, 'got `5` (number)'],
    [{ snapshot: {} }, 'got an empty object'],
    [{ snapshot: createActor(counter).getSnapshot() }, 'what `getSnapshot()` gives'],
    [{ snapshot: { status: 'active', value: 'gone', context: {}, children: {} } }, 'gone'],
    [{ snapshot: { status: 'active', value: {}, context: {}, children: { kid: { src: 'nobody', snapshot: { status: 'active' } } } } }, '`c/kid` was spawned from `nobody`'],
  ])('is refused unless it is known: %o', async (options, message) => {
    await expect(spawn(options)).rejects.toMatchObject({ code: 'option_invalid', message: expect.stringContaining(message) });
  });

  it('may be no options at all, which is refused', async () => {
    const place = openPlace();
    await expect((await place.open()).spawn(counter, undefined as never)).rejects.toMatchObject({ code: 'option_invalid' });
    await place.close();
  });
});

describe('the systemId of a root', () => {
  const child = setup({}).createMachine({ id: 'child', on: { up: { actions: sendTo(({ system }) => system.get('top'), { type: 'inc' } as never) } } });
  const build = () => setup({ actors: { child }, types: {} as { context: { n: number } } }).createMachine({
    id: 'top', context: { n: 0 }, invoke: { src: 'child', id: 'child' },
    on: { inc: { actions: assign({ n: ({ context }) => context.n + 1 }) }, go: { actions: sendTo('child', { type: 'up' } as never) } },
  });

  it('is the name by which all actors of its tree find it, as in XState, after a restart too', async () => {
    const live = createActor(build(), { systemId: 'top' }).start();
    live.send({ type: 'go' });
    expect(live.getSnapshot().context.n).toBe(1);
    const place = openPlace({ machines: [build()] });
    const actor = await (await place.open()).spawn(build(), { id: 'a', systemId: 'top' });
    await actor.send({ type: 'go' });
    expect(actor.getSnapshot().context).toEqual({ n: 1 });
    await place.close();
    const again = await (await place.open()).actor('a');
    await again.send({ type: 'go' });
    expect(again.getSnapshot().context).toEqual({ n: 2 });
    await place.close();
  });

  it.each([false, true])('is held by an actor that never began, as XState holds it; restarted: %s', async isRestarted => {
    const failing = setup({ actors: { child } }).createMachine({ id: 'failing', entry: [spawnChild('child', { id: 'kid', systemId: 'name' }), assign(() => { throw new Error('No start'); })] });
    const machine = setup({ actors: { child, failing } }).createMachine({
      id: 'm', initial: 'a', states: { a: { invoke: { src: 'failing', onError: 'b' } }, b: { on: { go: 'c' } }, c: { invoke: { src: 'child', systemId: 'name' } } },
    });
    const live = createActor(machine);
    live.subscribe({ error: () => {} });
    live.start();
    live.send({ type: 'go' });
    const place = openPlace({ machines: [machine] });
    let actor = await (await place.open()).spawn(machine, { id: 'm' });
    if (isRestarted) {
      await place.close();
      actor = await (await place.open()).actor<typeof machine>('m');
    }
    expect(actor.getSnapshot().value).toBe('b');
    await actor.send({ type: 'go' });
    const see = ({ status, error }: { status: string; error?: unknown }) => [status, (error as Error | undefined)?.message];
    expect(see(actor.getSnapshot())).toEqual(see(live.getSnapshot()));
    expect(see(live.getSnapshot())).toEqual(['error', expect.stringContaining('already exists')]);
    await place.close();
  });

  it('is nobody else\'s in its tree', async () => {
    const twice = setup({ actors: { child } }).createMachine({ id: 'twice', invoke: { src: 'child', systemId: 'top' } });
    const place = openPlace();
    const actor = await (await place.open()).spawn(twice, { id: 't', systemId: 'top' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'error', error: { message: expect.stringContaining('already exists') } });
    await place.close();
  });
});

const leaf = setup({ types: {} as { context: { n: number } } }).createMachine({ id: 'leaf', context: { n: 0 }, on: { inc: { actions: assign({ n: ({ context }) => context.n + 1 }) } } });
type Trip = { done: string[]; kid: unknown };
let runs = 0;
const trip = setup({
  types: {} as { context: Trip },
  actors: { leaf, tally: fromTransition((n: number) => n + 1, 0), book: fromPromise(async () => `booked ${++runs}`) },
}).createMachine({
  id: 'trip', context: ({ spawn }) => ({ done: [], kid: spawn('leaf', { id: 'kid', systemId: 'the-kid' }) }), initial: 'plan', entry: spawnChild('tally', { id: 'tally' }),
  on: { inc: { actions: [sendTo(({ context }) => context.kid as never, { type: 'inc' } as never), sendTo(({ system }) => system.get('the-kid'), { type: 'inc' } as never), sendTo('tally', { type: 'up' } as never)] } },
  states: {
    plan: { initial: 'one', states: { one: { on: { next: 'two' } }, two: {}, back: { type: 'history' } }, on: { book: 'booking', out: 'out' } },
    out: { on: { back: 'plan.back' } },
    booking: { invoke: { src: 'book', id: 'book', onDone: { target: 'booked', actions: assign({ done: ({ context, event }) => [...context.done, event.output] }) } } },
    booked: { type: 'final' },
  },
  output: ({ context }) => context.done,
});

const see = (actor: { getSnapshot(): unknown }) => {
  const { status, value, children, context } = actor.getSnapshot() as { status: string; value: unknown; context: Trip; children: Record<string, { getSnapshot(): { context: unknown } } | undefined> };
  return { status, value, done: context.done.length, kid: children['kid']?.getSnapshot().context, tally: children['tally']?.getSnapshot().context, isKid: context.kid === children['kid'] };
};

describe('a snapshot that was persisted by hand', () => {
  const json = (snapshot: Snapshot<unknown>): Snapshot<unknown> => JSON.parse(JSON.stringify(snapshot)) as Snapshot<unknown>;
  const send = async (actor: { send(event: never): unknown }, ...types: readonly string[]): Promise<void> => {
    for (const type of types) await actor.send({ type } as never);
    await settleTicks();
  };

  it.each([[['next', 'inc']], [['next', 'inc', 'out']], [['inc', 'book']]])('is gone on with as live XState goes on with it, and back again: %j', async before => {
    const first = createActor(trip).start();
    for (const type of before) first.send({ type } as never);
    const persisted = json(first.getPersistedSnapshot());
    first.stop();
    const after = before.includes('book') ? [] : ['back', 'inc', 'inc', 'book'];

    const live = createActor(trip, { snapshot: structuredClone(persisted) as never }).start();
    const given = structuredClone(persisted);
    const place = openPlace({ machines: [trip] });
    let actor = await (await place.open()).spawn(trip, { id: 't', snapshot: given });
    expect(given).toEqual(persisted);
    await settleTicks();
    expect(see(actor)).toEqual(see(live));
    for (const type of after.slice(0, -1)) {
      live.send({ type } as never);
      await place.close();
      actor = (await (await place.open()).actor('t')) as never;
      await send(actor, type);
      expect(see(actor)).toEqual(see(live));
    }
    // The way out: live again, and what is done there is what is done here.
    const out = createActor(trip, { snapshot: json(actor.getPersistedSnapshot()) as never }).start();
    await send(out, ...after);
    await send(live, ...after);
    await send(actor, ...after);
    expect([see(out), see(actor)]).toEqual([see(live), see(live)]);
    expect(see(live)).toMatchObject({ status: 'done', done: 1 });
    await place.close();
  });

  it('of an actor that has ended is one that has ended', async () => {
    const place = openPlace();
    const live = createActor(setup({}).createMachine({ id: 'm', initial: 'a', states: { a: { type: 'final' } }, output: 7 })).start();
    const actor = await (await place.open()).spawn(live.logic as AnyStateMachine, { id: 'm', snapshot: json(live.getPersistedSnapshot()) });
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', output: 7 });
    expect(await actor.send({ type: 'x' })).toBe(false);
    await place.close();
  });

  it('counts for nothing when the actor is there, and null is none', async () => {
    const place = openPlace();
    const runtime = await place.open();
    await (await runtime.spawn(counter, { id: 'c', snapshot: null })).send({ type: 'inc' });
    expect((await runtime.spawn(counter, { id: 'c', snapshot: { status: 'active', value: {}, context: { n: 9 }, children: {} } as never })).getSnapshot().context).toEqual({ n: 1 });
    await place.close();
  });
});

describe('machines without an id', () => {
  const lamp = () => createMachine({ initial: 'off', states: { off: { on: { FLIP: 'on' } }, on: {} } });
  const tally = () => createMachine({ context: { n: 0 }, on: { inc: { actions: assign({ n: ({ context }: { context: { n: number } }) => context.n + 1 }) } } });

  it('are told apart by their structure, after a restart too', async () => {
    const place = openPlace();
    const runtime = await place.open();
    await (await runtime.spawn(lamp(), { id: 'lamp' })).send({ type: 'FLIP' });
    await (await runtime.spawn(tally(), { id: 'tally' })).send({ type: 'inc' });
    await runtime.spawn(tally(), { id: 'tally' });
    await place.close();
    const again = await place.open({ machines: [tally(), lamp()] });
    expect((await again.actor('lamp')).getSnapshot().value).toBe('on');
    const counted = await again.actor('tally');
    await counted.send({ type: 'inc' });
    expect(counted.getSnapshot().context).toEqual({ n: 2 });
    await place.close();
  });

  it('are refused by a message that says that an id is missing', async () => {
    const place = openPlace();
    const runtime = await place.open();
    await runtime.spawn(tally(), { id: 'a' });
    const twin = createMachine({ context: { n: 0 }, on: { inc: { actions: assign({ n: ({ context }: { context: { n: number } }) => context.n - 1 }) } } });
    await expect(runtime.spawn(twin, { id: 'b' })).rejects.toMatchObject({ code: 'option_invalid', message: expect.stringContaining('give each an id of its own') });
    await expect(runtime.spawn(lamp(), { id: 'a' })).rejects.toMatchObject({ code: 'actor_exists', message: expect.stringContaining('give each an id of its own') });
    await place.close();
    const later = await place.open({ machines: [lamp(), createMachine({ initial: 'x', states: { x: {} } })] });
    await expect(later.actor('a')).rejects.toMatchObject({ code: 'actor_machine_missing', message: expect.stringContaining('give each an id of its own') });
    await place.close();
  });

  it('may change by migrations as long as there is one of them', async () => {
    const place = openPlace();
    await (await place.open()).spawn(createMachine({ version: '1', initial: 'old', states: { old: {} } }), { id: 'm' });
    await place.close();
    const machine = createMachine({ version: '2', initial: 'new', states: { new: {} } });
    const runtime = await place.open({ machines: [{ machine, migrations: [{ from: '1', to: '2', migrate: snapshot => ({ ...snapshot, value: 'new' }) }] }] });
    expect((await runtime.actor('m')).getSnapshot().value).toBe('new');
    await place.close();
  });
});
