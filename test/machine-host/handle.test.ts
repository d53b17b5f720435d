import { distinctUntilChanged, firstValueFrom, from, map, toArray } from 'rxjs';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import type { ActorRefFrom, AnyActorRef } from 'xstate';
import { assign, createActor, emit, fromPromise, sendTo, setup, toPromise, waitFor } from 'xstate';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';

const counter = setup({
  types: {} as { context: { n: number }; events: { type: 'more'; by?: number } | { type: 'end' }; emitted: { type: 'tenth'; n: number }; output: { total: number } },
}).createMachine({
  id: 'counter',
  context: { n: 0 },
  initial: 'on',
  states: {
    on: {
      on: {
        more: { actions: [assign({ n: ({ context, event }) => (event.by === -7 ? (new Map() as never) : context.n + (event.by ?? 1)) }), emit(({ context }) => ({ type: 'tenth', n: context.n }))] },
        end: 'off',
      },
    },
    off: { type: 'final' },
  },
  output: ({ context }) => ({ total: context.n }),
});

describe('a handle', () => {
  it('is an ActorRef of XState: what takes one takes it, with its types', async () => {
    const runtime = await openPlace().open();
    const actor = await runtime.spawn(counter, { id: 'c' });
    const ref: ActorRefFrom<typeof counter> & AnyActorRef = actor;
    expectTypeOf(actor.getSnapshot().context).toEqualTypeOf<{ n: number }>();
    expectTypeOf(actor.send).parameter(0).toEqualTypeOf<{ type: 'more'; by?: number } | { type: 'end' }>();
    const waiting = waitFor(actor, ({ context }) => context.n > 2);
    const output = toPromise(actor);
    expectTypeOf(output).resolves.toEqualTypeOf<{ total: number }>();
    await actor.send({ type: 'more', by: 3 });
    expect((await waiting).context).toEqual({ n: 3 });
    await actor.send({ type: 'end' });
    expect(await output).toEqual({ total: 3 });
    expect(ref.start()).toBe(actor);
    expect(actor.src).toBe(counter);
    expect(actor.system.get('anybody')).toBeUndefined();
    await runtime.stop();
  });

  it('may be what a machine is given to talk to, typed as XState types it', async () => {
    const boss = setup({ types: {} as { context: { worker: ActorRefFrom<typeof counter> }; input: { worker: ActorRefFrom<typeof counter> }; events: { type: 'go' } } }).createMachine({
      id: 'boss', context: ({ input }) => ({ worker: input.worker }), on: { go: { actions: sendTo(({ context }) => context.worker, { type: 'more', by: 5 }) } },
    });
    const runtime = await openPlace().open();
    const worker = await runtime.spawn(counter, { id: 'w' });
    await (await runtime.spawn(boss, { id: 'b', input: { worker } })).send({ type: 'go' });
    await settleTicks();
    expect(worker.getSnapshot().context.n).toBe(5);
    await runtime.stop();
  });

  it('is observed by RxJS', async () => {
    const runtime = await openPlace().open();
    const actor = await runtime.spawn(counter, { id: 'c' });
    const totals = firstValueFrom(from(actor).pipe(map(({ context }) => context.n), distinctUntilChanged(), toArray()));
    for (const by of [1, 0, 2]) await actor.send({ type: 'more', by });
    await actor.send({ type: 'end' });
    expect(await totals).toEqual([1, 3]);
    await runtime.stop();
  });

  it('tells of a selection only when it becomes another', async () => {
    const runtime = await openPlace().open();
    const actor = await runtime.spawn(counter, { id: 'c' });
    const tens = actor.select(({ context }) => ({ tens: Math.floor(context.n / 10) }), (before, now) => before.tens === now.tens);
    expectTypeOf(tens.get()).toEqualTypeOf<{ tens: number }>();
    const seen = vi.fn<(value: { tens: number }) => void>();
    const { unsubscribe } = tens.subscribe(seen);
    for (const by of [9, 1, 9, 1]) await actor.send({ type: 'more', by });
    expect(seen.mock.calls).toEqual([[{ tens: 1 }], [{ tens: 2 }]]);
    expect(tens.get()).toEqual({ tens: 2 });
    unsubscribe();
    await actor.send({ type: 'more', by: 50 });
    expect(seen).toHaveBeenCalledTimes(2);
    await runtime.stop();
  });

  it('hears emitted events by their types, each listener as often as it was given', async () => {
    const runtime = await openPlace().open();
    const actor = await runtime.spawn(counter, { id: 'c' });
    const heard: number[] = [];
    const listen = ({ n }: { n: number }): void => void heard.push(n);
    const first = actor.on('tenth', listen);
    actor.on('tenth', listen);
    // @ts-expect-error the machine emits nothing of the kind
    actor.on('eleventh', () => {});
    await actor.send({ type: 'more' });
    first.unsubscribe();
    await actor.send({ type: 'more' });
    expect(heard).toEqual([1, 1, 2]);
    await runtime.stop();
  });

  it('shows the same snapshot until the next commit, also when the actor was read back in between', async () => {
    const place = openPlace({ machines: [counter] });
    await (await place.open()).spawn(counter, { id: 'c' });
    await place.close();
    const runtime = await place.open();
    const actor = await runtime.actor<typeof counter>('c');
    const shown = actor.getSnapshot();
    const told = vi.fn<() => void>();
    actor.subscribe(told);
    await runtime.actor('c');
    await Promise.all(Array.from({ length: 5 }, (_, index) => runtime.spawn(counter, { id: `other-${index}` })));
    expect(actor.getSnapshot()).toBe(shown);
    await expect(actor.send({ type: 'more', by: -7 })).rejects.toMatchObject({ code: 'actor_value_not_json' });
    expect(actor.getSnapshot()).toBe(shown);
    expect(told).not.toHaveBeenCalled();
    await runtime.stop();
  });

  it('gives the snapshot to XState, to go on elsewhere', async () => {
    const machine = setup({ actors: { counter, work: fromPromise(() => new Promise<never>(() => {})) } }).createMachine({
      id: 'parent', initial: 'a', states: { a: { invoke: [{ src: 'counter', id: 'c' }, { src: 'work', id: 'w' }], on: { more: { actions: sendTo('c', { type: 'more', by: 4 }) } } } },
    });
    const place = openPlace({ machines: [machine] });
    const actor = await (await place.open()).spawn(machine, { id: 'p' });
    await actor.send({ type: 'more' });
    const live = createActor(machine, { snapshot: JSON.parse(JSON.stringify(actor.getPersistedSnapshot())) as never }).start();
    expect(live.getSnapshot().value).toBe('a');
    expect(live.getSnapshot().children['c']?.getSnapshot()).toMatchObject({ context: { n: 4 } });
    live.stop();
    await place.close();
    const runtime = await place.open();
    const work = await runtime.actor('p/w');
    expect(work.getPersistedSnapshot()).toMatchObject({ status: 'active' });
    expect(work.src).toBe('work');
    await place.close();
  });
});
