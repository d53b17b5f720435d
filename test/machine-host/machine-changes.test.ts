import fc from 'fast-check';
import { assign, createMachine, fromCallback, fromPromise, fromTransition, sendTo, setup, spawnChild } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { describe, expect, it } from 'vitest';
import { compareStructures, describeChanges } from '../../src/kinds/actors/compare-structures.ts';
import { computeDigest, toStructure } from '../../src/kinds/actors/machine-structure.ts';
import { randomMachine } from './corpus/random-machine.ts';
import { openPlace } from './open-place.ts';

const digest = (machine: AnyStateMachine): string => computeDigest(toStructure(machine));
const compare = (before: AnyStateMachine, now: AnyStateMachine): string => describeChanges(compareStructures(toStructure(before).machines[0] as never, toStructure(now).machines[0] as never));

/** A machine with a child, in versions. */
const leafV1 = createMachine({ id: 'leaf', version: '1', initial: 'a', context: { n: 1 }, states: { a: { on: { go: 'old' } }, old: { after: { 1_000: 'a' } } } });
const leafV2 = createMachine({ id: 'leaf', version: '2', initial: 'a', context: { n: 1 }, states: { a: { on: { go: 'fresh' } }, fresh: { on: { back: 'a' } } } });
const parentOf = (leaf: AnyStateMachine) =>
  setup({ actors: { leaf, idle: fromTransition(state => state, 0) } }).createMachine({
    id: 'parent',
    version: '1',
    initial: 'run',
    states: { run: { invoke: { src: 'leaf', id: 'kid' }, on: { '*': { actions: sendTo('kid', ({ event }) => event) }, rest: 'rest' } }, rest: { on: { again: 'run' } } },
  });
const valueOf = (snapshot: unknown, child: string): unknown => (snapshot as { children: Record<string, { getSnapshot(): { value: unknown } }> }).children[child]?.getSnapshot().value;

describe('the digest of a machine', () => {
  it('is the same for the same machine, whatever its implementations do', () => {
    const build = (limit: number) => setup({ actors: { pay: fromPromise(async () => limit) }, actions: { act: () => limit }, guards: { may: () => limit > 1 }, delays: { wait: limit } }).createMachine({ id: 'm', initial: 'a', states: { a: { invoke: { src: 'pay' }, entry: 'act', on: { go: { guard: 'may', target: 'b' } }, after: { wait: 'b' } }, b: {} } });
    expect(digest(build(1))).toBe(digest(build(2)));
    expect(digest(build(1).provide({ actions: { act: () => {} }, actors: { pay: fromPromise(async () => 3) } }))).toBe(digest(build(1)));
  });

  it.each([
    ['a state', { states: { a: {}, b: {}, c: {} } }],
    ['a target', { states: { a: { on: { go: 'a' } }, b: {} } }],
    ['a delay', { states: { a: { on: { go: 'b' }, after: { 5: 'b' } }, b: {} } }],
    ['an invoke', { states: { a: { on: { go: 'b' }, invoke: { src: 'pay' } }, b: {} } }],
    ['history', { states: { a: { on: { go: 'b' } }, b: { type: 'history' } } }],
    ['a final state', { states: { a: { on: { go: 'b' } }, b: { type: 'final' } } }],
    ['where it begins', { initial: 'b', states: { a: { on: { go: 'b' } }, b: {} } }],
    ['a version', { version: '2' }],
    ['the id of a state', { states: { a: { on: { go: 'b' } }, b: { id: 'other' } } }],
  ])('changes with %s', (_, config) => {
    const build = (more: object): AnyStateMachine => createMachine({ id: 'm', initial: 'a', states: { a: { on: { go: 'b' } }, b: {} }, ...more } as never) as unknown as AnyStateMachine;
    expect(digest(build(config))).not.toBe(digest(build({})));
  });

  it('covers the machines of children, by name and in place, and theirs', () => {
    const nest = (leaf: AnyStateMachine): AnyStateMachine => createMachine({ id: 'outer', invoke: { src: parentOf(leaf) } }) as unknown as AnyStateMachine;
    expect(digest(nest(leafV1))).not.toBe(digest(nest(leafV2)));
    expect(digest(nest(leafV1))).toBe(digest(nest(createMachine(leafV1.config as never) as never)));
    const kinds = [fromPromise(async () => 1), fromCallback(() => {})].map(src => digest(createMachine({ id: 'm', invoke: { src } }) as never));
    expect(new Set(kinds).size).toBe(2);
  });

  it('ends where machines have each other as children', () => {
    const actors: Record<string, AnyStateMachine> = {};
    const ping = setup({ actors }).createMachine({ id: 'ping', invoke: { src: 'pong' } });
    const pong = setup({ actors }).createMachine({ id: 'pong', on: { go: {} } });
    Object.assign(ping.implementations.actors, { pong });
    Object.assign(pong.implementations.actors, { ping, pong });
    expect(toStructure(ping).machines.map(({ id, actors: own }) => [id, own])).toEqual([['ping', { ping: 0, pong: 1 }], ['pong', { ping: 0, pong: 1 }]]);
  });

  it('survives JSON, and a machine differs in nothing from itself', () => {
    fc.assert(
      fc.property(randomMachine, machine => {
        const structure = toStructure(machine);
        expect(JSON.parse(JSON.stringify(structure))).toEqual(structure);
        expect(compareStructures(structure.machines[0] as never, structure.machines[0] as never)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

it('a difference names states, transitions and invokes by their paths', () => {
  const before = createMachine({ id: 'm', initial: 'draft', states: { draft: { on: { publish: 'review' }, after: { 5_000: 'review' } }, review: { initial: 'open', states: { open: { on: { say: 'shut' } }, shut: {} } }, out: {} } });
  const now = createMachine({ id: 'm', initial: 'draft', states: { draft: { on: { publish: 'out' }, invoke: { src: 'check', id: 'checking', onDone: 'out' } }, out: { initial: 'in', states: { in: {} } } } });
  expect(compare(before, now)).toBe(
    'states gone: `review`; states new: `out.in`; transitions gone: `draft: publish → review`, `draft: after 5000 → review`; ' +
      'transitions new: `draft: publish → out`, `draft: onDone of checking → out`, `out: begins in out.in`; invokes new: `draft: check as checking`',
  );
  expect(compare(now, createMachine({ ...(now.config as object), version: '2' } as never))).toBe('only its version differs');
});

describe('a stored actor', () => {
  const store = async (...events: string[]) => {
    const place = openPlace();
    const runtime = await place.open({ machines: [parentOf(leafV1)] });
    const actor = await runtime.spawn(parentOf(leafV1), { id: 'p' });
    for (const type of events) await actor.send({ type });
    await place.close();
    return place;
  };

  it('is refused when the machine of a child that lives has changed, with what and where', async () => {
    const runtime = await (await store('go')).open({ machines: [parentOf(leafV2)] });
    await expect(runtime.actor('p')).rejects.toMatchObject({
      code: 'machine_changed',
      message: expect.stringMatching(/machine `leaf`.*actor `p\/kid`.*version `1`.*got version `2`: the actor is in `old`.*states gone: `old`; states new: `fresh`.*`migrations` that lead from `1` to `2`/),
    });
    await runtime.stop();
  });

  it('goes on when no child of the changed machine lives, and is stored for what it is now', async () => {
    const place = await store('go', 'rest');
    let runtime = await place.open({ machines: [parentOf(leafV2)] });
    let actor = await runtime.actor('p');
    await actor.send({ type: 'again' });
    await actor.send({ type: 'go' });
    await place.close();
    runtime = await place.open({ machines: [parentOf(leafV2)] });
    actor = await runtime.actor('p');
    expect(valueOf(actor.getSnapshot(), 'kid')).toBe('fresh');
    await place.close();
  });

  it('goes on with a child that a migration of its machine has moved', async () => {
    const migrations = [{ from: '1', to: '2', migrate: (snapshot: { value: unknown; context: unknown }) => ({ ...snapshot, value: 'fresh', context: { n: 2 } }) as never }];
    const place = await store('go');
    const machines = [parentOf(leafV2), { machine: leafV2, migrations }];
    const actor = await (await place.open({ machines })).actor('p');
    expect(valueOf(actor.getSnapshot(), 'kid')).toBe('fresh');
    await actor.send({ type: 'back' });
    expect(valueOf(actor.getSnapshot(), 'kid')).toBe('a');
    await place.close();
    const again = await (await place.open({ machines })).actor('p');
    expect(valueOf(again.getSnapshot(), 'kid')).toBe('a');
    await place.close();
  });

  it('is refused when a child was a machine and is something else now', async () => {
    const other = setup({ actors: { leaf: fromTransition(state => state, 0), idle: fromTransition(state => state, 0) } }).createMachine(parentOf(leafV1).config as never);
    const runtime = await (await store('go')).open({ machines: [other as never] });
    await expect(runtime.actor('p')).rejects.toMatchObject({ code: 'machine_changed', message: expect.stringContaining('it was a machine and is a transition function now') });
    await runtime.stop();
  });

  it('is refused when a migration leads to a state that is not there', async () => {
    const v2 = createMachine({ ...(parentOf(leafV1).config as object), version: '2' } as never).provide(parentOf(leafV1).implementations as never);
    const migrations = [{ from: '1', to: '2', migrate: (snapshot: object) => ({ ...snapshot, value: 'nowhere' }) as never }];
    const runtime = await (await store()).open({ machines: [{ machine: v2, migrations }] });
    await expect(runtime.actor('p')).rejects.toMatchObject({ code: 'machine_changed', message: expect.stringContaining('the migration to `2` leads to `nowhere`') });
    await runtime.stop();
  });

  it('loses the children of states that a migration leads out of, with all that is below them and due to them', async () => {
    const place = await store('go');
    const v2 = setup({}).createMachine({ id: 'parent', version: '2', initial: 'rest', states: { rest: { on: { again: 'rest' } } } });
    const machines = [{ machine: v2, migrations: [{ from: '1', to: '2', migrate: (snapshot: object) => ({ ...snapshot, value: 'rest' }) as never }] }];
    expect(await place.store.actors?.listActorParts('p', '', 10)).toHaveLength(2);
    let actor = await (await place.open({ machines })).actor('p');
    expect(actor.getSnapshot()).toMatchObject({ value: 'rest', children: {} });
    await actor.send({ type: 'again' });
    expect(await place.store.actors?.listActorParts('p', '', 10)).toEqual([]);
    await place.close();
    actor = await (await place.open({ machines: [v2] })).actor('p');
    expect(actor.getSnapshot()).toMatchObject({ value: 'rest', children: {} });
    await place.close();
  });

  it('keeps children that the state it is in goes on to invoke, and those that were spawned', async () => {
    const machine = (version: string, more: object) => setup({ actors: { leaf: leafV1 } }).createMachine({ id: 'm', version, initial: 'run', entry: spawnChild('leaf', { id: 'spawned' }), states: { run: { invoke: [{ src: 'leaf', id: 'kept' }, ...(version === '1' ? [{ src: 'leaf', id: 'left' } as const] : [])] }, ...more } });
    const place = openPlace();
    await (await place.open()).spawn(machine('1', {}), { id: 'a' });
    await place.close();
    const actor = await (await place.open({ machines: [{ machine: machine('2', { other: {} }), migrations: [{ from: '1', to: '2', migrate: snapshot => snapshot }] }] })).actor('a');
    expect(Object.keys(actor.getSnapshot().children as object).toSorted()).toEqual(['kept', 'spawned']);
    await place.close();
  });

  it('moves through several versions in one go', async () => {
    const build = (version: string): AnyStateMachine => createMachine({ id: 'm', version, context: { steps: '' }, initial: `s${version}`, states: { [`s${version}`]: { on: { add: { actions: assign({ steps: ({ context }) => `${(context as { steps: string }).steps}+` }) } } } } } as never) as unknown as AnyStateMachine;
    const step = (from: string, to: string) => ({ from, to, migrate: (snapshot: { context: unknown }) => ({ ...snapshot, value: `s${to}`, context: { steps: `${(snapshot.context as { steps: string }).steps}${to}` } }) as never });
    const place = openPlace();
    await (await place.open()).spawn(build('1'), { id: 'a' });
    await place.close();
    const actor = await (await place.open({ machines: [{ machine: build('3'), migrations: [step('2', '3'), step('1', '2')] }] })).actor('a');
    expect(actor.getSnapshot()).toMatchObject({ value: 's3', context: { steps: '23' } });
    await place.close();
  });
});
