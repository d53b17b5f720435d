import { describe, expect, it } from 'vitest';
import { assign, fromPromise, sendTo, setup } from 'xstate';
import { maxDelayMs } from '../../src/core/clock.ts';
import type { DurableActor } from '../../src/kinds/actors/durable-actor.ts';
import { toDueAt, TreeTimers } from '../../src/kinds/actors/tree-timers.ts';
import type { Inner } from '../../src/kinds/actors/xstate-internals.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';
import { passTime } from './pass-time.ts';

const keeper = setup({ types: {} as { context: { got: unknown }; events: { type: 'put'; data: unknown } } }).createMachine({
  id: 'keeper', context: { got: null }, on: { put: { actions: assign({ got: ({ event }) => event.data }) } },
});

describe('values of people that look like what Flowstone stores', () => {
  it.each([
    { flowstone$error: null },
    { flowstone$codec: 'none', value: 1 },
    { flowstone$plain: { a: 1 } },
    { a: [{ flowstone$error: { name: 'E', message: 'm' } }] },
    { xstate$$type: 1, id: 'x', address: 'other#s', session: 's' },
    { flowstone$plain: { flowstone$error: null }, b: { flowstone$codec: 'none' } },
  ])('come back as they were: %j', async data => {
    const place = openPlace({ machines: [keeper] });
    const before = await (await place.open()).spawn(keeper, { id: 'k' });
    await before.send({ type: 'put', data });
    await place.close();
    const after = await (await place.open()).spawn(keeper, { id: 'k' });
    expect(after.getSnapshot().context.got).toEqual(data);
    await after.send({ type: 'put', data: { again: data } });
    await place.close();
    expect((await (await place.open()).spawn(keeper, { id: 'k' })).getSnapshot().context.got).toEqual({ again: data });
    await place.close();
  });
});

describe('what is no event', () => {
  it.each(['text', null, undefined, 5, {}, { type: 5 }])('is refused, and the actor lives on: %j', async given => {
    const place = openPlace({ machines: [keeper] });
    const actor = await (await place.open()).spawn(keeper, { id: 'k' });
    await expect(actor.send(given as never)).rejects.toMatchObject({ code: 'option_invalid' });
    expect(await actor.send({ type: 'put', data: 1 })).toBe(true);
    await place.close();
  });
});

describe('delays', () => {
  it('are whole ms, and no time is later than the last date', () => {
    expect([0.5, 20.25, -5, Number.NaN, Number.POSITIVE_INFINITY, 1e300].map(delay => toDueAt(1_000, delay))).toEqual([1_001, 1_021, 1_000, 1_000, 8_640_000_000_000_000, 8_640_000_000_000_000]);
    expect(toDueAt(1_000, 'soon' as never)).toBe(1_000);
  });

  it('of a fraction of a ms, and those that never end, are stored', async () => {
    const machine = setup({ delays: { never: () => Number.POSITIVE_INFINITY } }).createMachine({ id: 'm', initial: 'a', states: { a: { after: { 20.5: 'b' } }, b: { after: { never: 'c' } }, c: {} } });
    const place = openPlace({ machines: [machine] });
    const actor = await (await place.open()).spawn(machine, { id: 'm' });
    const { wakeAt } = (await place.store.actors?.getActor('m')) ?? {};
    expect(wakeAt).toBe(place.clock.now() + 21);
    await passTime(place.clock, 21, settleTicks);
    expect(actor.getSnapshot().value).toBe('b');
    await place.close();
    expect((await (await place.open()).actor('m')).getSnapshot()).toMatchObject({ value: 'b' });
    await place.close();
  });

  it('that fired or were cancelled are held by nothing', () => {
    const timers = new TreeTimers();
    const inner = { sessionId: 's' } as Inner;
    timers.schedule(inner, inner, { type: 'first' }, 1, 'first');
    for (let i = 0; i < 1_000; i++) {
      timers.schedule(inner, inner, { type: 'later' }, 1_000 + i, 'later');
      timers.cancel(inner, 'later');
    }
    expect(timers.queued).toBeLessThan(100);
    expect(timers.peek()?.event.type).toBe('first');
  });

  it('of a promise may be longer than one timer of the clock', async () => {
    const machine = setup({ actors: { pay: fromPromise(() => new Promise<never>(() => {})) } }).createMachine({ id: 'm', initial: 'a', states: { a: { invoke: { src: 'pay', onError: 'late' } }, late: {} } });
    const place = openPlace({ machines: [{ machine, promises: { pay: { timeoutMs: 3 * maxDelayMs + 500 } } }] });
    const actor = await (await place.open()).spawn(machine, { id: 'm' });
    await passTime(place.clock, 3 * maxDelayMs + 499, settleTicks);
    expect(actor.getSnapshot().value).toBe('a');
    await passTime(place.clock, 1, settleTicks);
    expect(actor.getSnapshot().value).toBe('late');
    await place.close();
  });
});

describe('a child whose id has signs of addresses in it', () => {
  it.each(['a/b', 'a#b', '#', '/', 'a/b#c'])('is found and spoken to from another root: %s', async id => {
    const child = setup({ types: {} as { context: { n: number } } }).createMachine({ id: 'child', context: { n: 0 }, on: { inc: { actions: assign({ n: ({ context }) => context.n + 1 }) } } });
    const parent = setup({ actors: { child } }).createMachine({ id: 'parent', invoke: { src: 'child', id } });
    const sender = setup({ types: {} as { context: { to: DurableActor }; input: DurableActor } }).createMachine({
      id: 'sender', context: ({ input }) => ({ to: input }), on: { go: { actions: sendTo(({ context }) => context.to as never, { type: 'inc' } as never) } },
    });
    const place = openPlace({ machines: [parent, sender] });
    const runtime = await place.open();
    await runtime.spawn(parent, { id: 'P' });
    const to = (await runtime.actor(`P/${id}`)) as DurableActor;
    await (await runtime.spawn(sender, { id: 'S', input: to })).send({ type: 'go' });
    await settleTicks();
    expect(to.getSnapshot().context).toEqual({ n: 1 });
    await place.close();
  });

  it('that is no child is not found, whatever objects have', async () => {
    const place = openPlace({ machines: [keeper] });
    const runtime = await place.open();
    await runtime.spawn(keeper, { id: 'k' });
    await expect(runtime.actor('k/constructor')).rejects.toMatchObject({ code: 'actor_not_found' });
    await expect(runtime.spawn(keeper, { id: '\ud800' })).rejects.toMatchObject({ code: 'option_invalid' });
    await place.close();
  });
});

