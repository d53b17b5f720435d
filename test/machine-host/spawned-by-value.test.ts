import { describe, expect, it } from 'vitest';
import type { ActorRefFrom, AnyActorLogic } from 'xstate';
import { assign, createActor, createMachine, fromCallback, fromEventObservable, fromObservable, fromPromise, fromTransition, sendTo, setup, spawnChild } from 'xstate';
import * as tooEarly from 'xstate-5-18';
import type { StoredActor } from '../../src/kinds/actors/check-actors.ts';
import { checkActors, readStoredActors } from '../../src/kinds/actors/check-actors.ts';
import type { HostedMachine } from '../../src/kinds/actors/machine-book.ts';
import type { StoredSnapshot } from '../../src/kinds/actors/migration.ts';
import type { RuntimeOptions } from '../../src/runtime/api.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';

const createGuest = (version = '1', more: object = {}) =>
  setup({ types: {} as { context: { drinks: number }; events: { type: 'DRINK' } | { type: 'LEAVE' } } }).createMachine({
    id: 'guest', version, context: { drinks: 0 }, initial: 'in',
    states: { in: { on: { DRINK: { actions: assign({ drinks: ({ context }) => context.drinks + 1 }) }, LEAVE: 'out' } }, out: { type: 'final' } }, ...more,
  });
const guest = createGuest();

/** A party that spawns its guests by value when they come; `named`: it has the machine under a name, too. */
const createParty = (of: unknown, { named = false, id = 'party' } = {}) =>
  setup({ types: {} as { context: { guests: ActorRefFrom<typeof guest>[]; left: number }; events: { type: 'COME' } | { type: 'DRINK' } | { type: 'LEAVE' } }, actors: (named ? { friend: of } : {}) as { friend: typeof guest } }).createMachine({
    id, context: { guests: [], left: 0 },
    on: {
      COME: { actions: assign({ guests: ({ context, spawn }) => [...context.guests, spawn(of as never, { id: `g${context.guests.length}` } as never)] as never }) },
      DRINK: { actions: sendTo(({ context }) => context.guests.at(-1) as never, { type: 'DRINK' } as never) },
      LEAVE: { actions: sendTo(({ context }) => context.guests[0] as never, { type: 'LEAVE' } as never) },
      ['xstate.done.actor.*' as never]: { actions: assign({ left: ({ context }) => context.left + 1 }) },
    },
  });

const party = createParty(guest);
const sourceOf = async (place: ReturnType<typeof openPlace>, address: string): Promise<unknown> => {
  const [id = '', child] = address.split('/');
  const parts = (await place.store.actors?.listActorParts(id, '', 100)) ?? [];
  return parts.map(({ body }) => JSON.parse(body) as { id: string; src: string }).find(part => part.id === child)?.src;
};

/** Sends events, with a restart before each one. */
async function go(place: ReturnType<typeof openPlace>, id: string, events: readonly string[], options: Partial<RuntimeOptions>) {
  for (const type of events) {
    await place.close();
    await (await (await place.open(options)).actor(id)).send({ type } as never);
    await settleTicks();
  }
  await place.close();
  const runtime = await place.open(options);
  const actor = await runtime.actor(id);
  const { context } = actor.getSnapshot() as { context: { guests: { id: string; getSnapshot(): { status: string; context: object } }[]; left: number } };
  return { left: context.left, guests: context.guests.map(one => [one.id, one.getSnapshot().status, one.getSnapshot().context]) };
}

describe('a machine that is spawned by value', () => {
  it.each([
    ['its parent has under a name', createParty(guest, { named: true }), [] as HostedMachine[], /^friend$/],
    ['the runtime has', party, [{ machine: guest }], /^machine:guest#[0-9a-f]{64}$/],
    ['another machine of the runtime has for its child', party, [{ machine: createMachine({ id: 'hall', invoke: { src: guest } }) as never }], /^machine:guest#/],
  ])('and that %s goes on after restarts', async (_where, machine, others, src) => {
    const place = openPlace();
    const options = { machines: [machine, ...others] };
    await (await place.open(options)).spawn(machine, { id: 'p' });
    const seen = await go(place, 'p', ['COME', 'DRINK', 'COME', 'DRINK', 'DRINK', 'LEAVE'], options);
    expect(seen).toEqual({ left: 1, guests: [['g0', 'done', { drinks: 1 }], ['g1', 'active', { drinks: 2 }]] });
    expect(await sourceOf(place, 'p/g1')).toMatch(src);
    await (await (await place.open(options)).actor('p/g1')).send({ type: 'DRINK' });
    await place.close();
  });

  it('and that nobody else has is stored all the same, and waits after a restart until it is given', async () => {
    const place = openPlace();
    const runtime = await place.open();
    const actor = await runtime.spawn(party, { id: 'p' });
    await actor.send({ type: 'COME' });
    await actor.send({ type: 'DRINK' });
    // What only waits leaves memory, and is found again.
    for (let index = 0; index < 300; index++) await runtime.spawn(createMachine({ id: 'other' }), { id: `other-${index}` });
    await actor.send({ type: 'DRINK' });
    expect(actor.getSnapshot().context.guests[0]?.getSnapshot().context).toEqual({ drinks: 2 });
    await place.close();
    // A party that does not know of the guest by itself: the machine was made elsewhere.
    const without = await place.open({ machines: [party] });
    await expect(without.actor('p')).rejects.toMatchObject({ code: 'actor_logic_missing', message: expect.stringMatching(/`guest` among the `machines`.*`p\/g0`/) });
    await place.close();
    expect(await go(place, 'p', ['DRINK'], { machines: [party, guest] })).toEqual({ left: 0, guests: [['g0', 'active', { drinks: 3 }]] });
    await place.close();
  });

  it('and has changed since is refused with what is new, and goes on by migrations of its own', async () => {
    const place = openPlace({ machines: [party, guest] });
    await (await (await place.open()).spawn(party, { id: 'p' })).send({ type: 'COME' });
    await place.close();
    const changed = createGuest('2', { states: { inside: { on: { LEAVE: 'out' } }, out: { type: 'final' } }, initial: 'inside' });
    const migrated: HostedMachine = { machine: changed, migrations: [{ from: '1', to: '2', migrate: snapshot => ({ ...snapshot, value: 'inside' }) }] };
    const stored: StoredActor[] = [];
    for await (const one of readStoredActors(place.store)) stored.push(one);
    expect(checkActors([party, guest], stored)).toMatchObject([{ verdict: 'same' }]);
    expect(checkActors([party, changed], stored)).toMatchObject([{ verdict: 'refused', code: 'machine_changed', message: expect.stringContaining('states gone: `in`') }]);
    expect(checkActors([party, migrated], stored)).toMatchObject([{ verdict: 'migrated' }]);
    await expect((await place.open({ machines: [party, changed] })).actor('p')).rejects.toMatchObject({ code: 'machine_changed', message: expect.stringMatching(/`guest`.*`p\/g0`.*version `1`.*version `2`.*states gone: `in`/) });
    await place.close();
    expect(await go(place, 'p', ['LEAVE'], { machines: [party, migrated] })).toMatchObject({ left: 1 });
    await place.close();
    // What is stored is of the later version now.
    const again = createParty(changed);
    expect(await go(place, 'p', ['COME'], { machines: [again, changed] })).toMatchObject({ guests: [['g0', 'done', {}], ['g1', 'active', {}]] });
    await place.close();
  });

  it('and spawns others by value itself, which may change without it', async () => {
    const build = (innermost: unknown) => {
      const inner = createParty(innermost, { id: 'inner' });
      return { outer: createParty(inner, { id: 'outer' }), inner };
    };
    const place = openPlace();
    const { outer, inner } = build(guest);
    await (await (await place.open({ machines: [outer, inner, guest] })).spawn(outer, { id: 'o' })).send({ type: 'COME' });
    await (await (await place.open({ machines: [outer, inner, guest] })).actor('o/g0')).send({ type: 'COME' });
    await place.close();
    const changed = createGuest('2', { description: 'as before', on: { NEW: {} } });
    const later = build(changed);
    await expect((await place.open({ machines: [later.outer, later.inner, changed] })).actor('o')).rejects.toMatchObject({ code: 'machine_changed', message: expect.stringContaining('o/g0/g0') });
    await place.close();
    const migrations = [{ from: '1', to: '2', migrate: (snapshot: StoredSnapshot) => snapshot }];
    const runtime = await place.open({ machines: [later.outer, later.inner, { machine: changed, migrations }] });
    await (await runtime.actor('o/g0/g0')).send({ type: 'DRINK' });
    expect((await runtime.actor('o/g0/g0')).getSnapshot().context).toEqual({ drinks: 1 });
    await place.close();
  });

  it('goes out to XState and comes back from there', async () => {
    const place = openPlace({ machines: [party, guest] });
    const runtime = await place.open();
    const actor = await runtime.spawn(party, { id: 'p' });
    for (const type of ['COME', 'DRINK'] as const) await actor.send({ type });
    const persisted = JSON.parse(JSON.stringify(actor.getPersistedSnapshot())) as never;
    const copy = await runtime.spawn(party, { id: 'q', snapshot: persisted });
    await copy.send({ type: 'DRINK' });
    expect(copy.getSnapshot().context.guests[0]?.getSnapshot().context).toEqual({ drinks: 2 });
    await place.close();
  });
});

describe('what a `spawnChild` has by value', () => {
  const observable = { subscribe: (observer: { next(value: unknown): void }) => (observer.next({ type: 'SEEN' }), { unsubscribe: () => {} }) } as never;
  const logics: Readonly<Record<string, AnyActorLogic>> = {
    'a machine': createMachine({ id: 'child', entry: ({ self }) => self._parent?.send({ type: 'SEEN' }) }),
    'a promise': fromPromise(async () => 1),
    'a callback': fromCallback(({ sendBack }) => sendBack({ type: 'SEEN' })),
    'an observable': fromEventObservable(() => observable),
    'another observable': fromObservable(() => observable),
    'a transition function': fromTransition((n: number) => n + 1, 0),
  };

  it.each(Object.entries(logics))('is found by its place, after a restart too: %s', async (_name, logic) => {
    const build = () => createMachine({
      id: 'm', initial: 'a', context: { seen: 0 },
      on: { SEEN: { actions: assign({ seen: ({ context }: { context: { seen: number } }) => context.seen + 1 }) } },
      states: { a: { on: { GO: { target: 'b', actions: spawnChild(logic, { id: 'child', systemId: 'known' }) } } }, b: {} },
    });
    const machine = build();
    const place = openPlace({ machines: [machine] });
    const actor = await (await place.open()).spawn(machine, { id: 'm' });
    await actor.send({ type: 'GO' });
    await settleTicks();
    const live = createActor(machine).start();
    live.send({ type: 'GO' });
    await settleTicks();
    const statusOf = (one: { getSnapshot(): unknown }): unknown => (one.getSnapshot() as { children: Record<string, { getSnapshot(): { status: string } } | undefined> }).children['child']?.getSnapshot().status;
    expect(statusOf(actor)).toBe(statusOf(live));
    await place.close();
    const again = await (await place.open({ machines: [build()] })).actor('m');
    await settleTicks();
    expect(statusOf(again)).toBe(statusOf(live));
    await place.close();
  });
});

describe('what could not be found again', () => {
  it('is refused at the event that spawns it, and nothing has happened then', async () => {
    const machine = createMachine({ id: 'm', context: { n: 0 }, on: { GO: { actions: assign(({ context, spawn }) => (spawn(fromPromise(async () => 1), { id: 'p' }), { n: context.n + 1 })) } } });
    const place = openPlace();
    const actor = await (await place.open()).spawn(machine, { id: 'm' });
    await expect(actor.send({ type: 'GO' })).rejects.toMatchObject({ code: 'actor_not_storable', message: expect.stringContaining('`m/p`') });
    expect(actor.getSnapshot().context).toEqual({ n: 0 });
    await place.close();
  });

  it('is refused at `spawn` when it can be read off the machine: a child of an XState that cannot be hosted', async () => {
    const old = tooEarly.createMachine({ id: 'old' }) as never;
    const place = openPlace();
    const runtime = await place.open();
    for (const machine of [createMachine({ id: 'a', initial: 'a', states: { a: { on: { GO: 'b' } }, b: { invoke: { src: old } } } }), createMachine({ id: 'b', on: { GO: { actions: spawnChild(old) } } }), setup({ actors: { old } }).createMachine({ id: 'c' })]) {
      await expect(runtime.spawn(machine, { id: machine.id })).rejects.toMatchObject({ code: 'xstate_unsupported' });
    }
    await place.close();
  });
});
