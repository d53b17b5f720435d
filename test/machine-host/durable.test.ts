import type { MemoryRecords } from '../../src/open-records.ts';
import { assign, emit, fromCallback, fromPromise, raise, sendTo, setup, waitFor } from 'xstate';
import { describe, expect, it, vi } from 'vitest';
import { idempotencyKeyOf } from '../../src/kinds/actors/idempotency-key.ts';
import { createGate, settleTicks } from '../runtime/open-runtime.ts';
import { createPlace } from './place.ts';

const day = 86_400_000;

const light = setup({ types: {} as { context: { turns: number }; events: { type: 'push' } | { type: 'off' } } }).createMachine({
  id: 'light',
  version: '1',
  context: { turns: 0 },
  initial: 'green',
  states: {
    green: { after: { [2 * day]: { target: 'red', actions: assign({ turns: ({ context }) => context.turns + 1 }) } }, on: { push: 'yellow', off: 'out' } },
    yellow: { after: { 100: 'red' } },
    red: { after: { [40 * day]: 'green' }, on: { push: 'green' } },
    out: { type: 'final' },
  },
  output: ({ context }) => context.turns,
});

describe('a durable actor', () => {
  it('changes after the commit, and resolves its sender then', async () => {
    const runtime = await createPlace().open();
    const actor = await runtime.spawn(light, { id: 'l' });
    const seen: unknown[] = [];
    actor.subscribe(({ value }) => seen.push(value));
    expect(actor.getSnapshot().value).toBe('green');
    const sent = actor.send({ type: 'push' });
    expect(actor.getSnapshot().value).toBe('green');
    expect(await sent).toBe(true);
    expect(actor.getSnapshot().matches('yellow')).toBe(true);
    expect(seen).toEqual(['yellow']);
    await runtime.stop();
  });

  it('fires a delayed event that fell due while nothing ran, at once', async () => {
    const place = createPlace({ machines: [light] });
    await (await place.open()).spawn(light, { id: 'l' });
    await place.close();
    place.clock.advance(3 * day);
    const runtime = await place.open();
    await settleTicks();
    const actor = await runtime.actor<typeof light>('l');
    expect(actor.getSnapshot().value).toBe('red');
    expect(actor.getSnapshot().context).toEqual({ turns: 1 });
    await runtime.stop();
  });

  it('fires at the time that was set, however long that is, and never for a state that was left', async () => {
    const place = createPlace({ machines: [light] });
    const first = await (await place.open()).spawn(light, { id: 'l' });
    await first.send({ type: 'push' });
    place.clock.advance(100);
    await settleTicks();
    expect(first.getSnapshot().value).toBe('red');
    await place.close();
    const runtime = await place.open();
    const actor = await runtime.actor<typeof light>('l');
    place.clock.advance(3 * day);
    await settleTicks();
    expect(actor.getSnapshot().value).toBe('red');
    place.clock.advance(37 * day - 1);
    await settleTicks();
    expect(actor.getSnapshot().value).toBe('red');
    place.clock.advance(1);
    await settleTicks();
    expect(actor.getSnapshot().value).toBe('green');
    await runtime.stop();
  });

  it('is the one that is there when it is spawned again', async () => {
    const place = createPlace();
    const runtime = await place.open();
    const actor = await runtime.spawn(light, { id: 'l' });
    await actor.send({ type: 'push' });
    const again = await runtime.spawn(light, { id: 'l' });
    expect(again.getSnapshot().value).toBe('yellow');
    expect(again).toBe(actor);
    const other = setup({}).createMachine({ id: 'other' });
    await expect(runtime.spawn(other, { id: 'l' })).rejects.toMatchObject({ code: 'actor_exists' });
    await expect(runtime.actor('nobody')).rejects.toMatchObject({ code: 'actor_not_found' });
    await runtime.stop();
  });

  it('settles with its output, and takes nothing after that', async () => {
    const place = createPlace({ machines: [light] });
    const runtime = await place.open();
    const actor = await runtime.spawn(light, { id: 'l' });
    const complete = vi.fn<() => void>();
    actor.subscribe({ complete });
    await actor.send({ type: 'off' });
    expect(actor.getSnapshot()).toMatchObject({ status: 'done', output: 0 });
    expect(complete).toHaveBeenCalledTimes(1);
    expect(await actor.send({ type: 'push' })).toBe(false);
    expect(await runtime.actors({ status: 'done' })).toMatchObject([{ id: 'l', machineId: 'light', value: 'out', wakeAt: null }]);
    await runtime.stop();
  });

  it('is what XState\'s own waitFor waits for', async () => {
    const runtime = await createPlace().open();
    const actor = await runtime.spawn(light, { id: 'l' });
    const waiting = waitFor(actor as never, (snapshot: { value: unknown }) => snapshot.value === 'yellow');
    const own = actor.waitFor(snapshot => snapshot.value === 'yellow');
    await actor.send({ type: 'push' });
    expect(await waiting).toMatchObject({ value: 'yellow' });
    expect(await own).toMatchObject({ value: 'yellow' });
    await runtime.stop();
  });

  it('does not let its waitFor wait for a runtime that has stopped', async () => {
    const runtime = await createPlace().open();
    const actor = await runtime.spawn(light, { id: 'l' });
    const waiting = actor.waitFor(({ status }) => status === 'done');
    const refused = expect(waiting).rejects.toMatchObject({ code: 'runtime_stopped' });
    await runtime.stop();
    await refused;
  });

  it('refuses what JSON cannot keep, naming the path, and stays as it was', async () => {
    const machine = setup({ types: {} as { context: { when: unknown }; events: { type: 'keep'; value: unknown } } }).createMachine({
      id: 'keeper', context: { when: null }, on: { keep: { actions: assign({ when: ({ event }) => event.value }) } },
    });
    const runtime = await createPlace().open();
    const actor = await runtime.spawn(machine, { id: 'k' });
    await expect(actor.send({ type: 'keep', value: new Map() })).rejects.toMatchObject({ code: 'actor_value_not_json', message: expect.stringContaining('context.when') as string });
    await expect(actor.send({ type: 'keep', value: { list: [1, Symbol('one')] } })).rejects.toMatchObject({ message: expect.stringContaining('context.when.list[1]') as string });
    expect(actor.getSnapshot().context).toEqual({ when: null });
    await actor.send({ type: 'keep', value: 'now' });
    expect(actor.getSnapshot().context).toEqual({ when: 'now' });
    await runtime.stop();
  });

  it('keeps with a codec what JSON cannot', async () => {
    const dates = { name: 'date', matches: (value: object) => value instanceof Date, encode: (value: Date) => value.getTime(), decode: (stored: unknown) => new Date(stored as number) };
    const machine = setup({ types: {} as { context: { when: unknown }; events: { type: 'keep'; value: unknown } } }).createMachine({
      id: 'keeper', context: { when: null }, on: { keep: { actions: assign({ when: ({ event }) => event.value }) } },
    });
    const place = createPlace({ machines: [machine], codecs: [dates as never] });
    await (await (await place.open()).spawn(machine, { id: 'k' })).send({ type: 'keep', value: new Date(5) });
    await place.close();
    const runtime = await place.open();
    expect((await runtime.actor<typeof machine>('k')).getSnapshot().context).toEqual({ when: new Date(5) });
    await runtime.stop();
  });
});

describe('effects', () => {
  it('run a promise again with the same key when its output was not stored, and not when it was', async () => {
    const keys: string[] = [];
    let gate = createGate<string>();
    const signals: AbortSignal[] = [];
    const pay = fromPromise<string>(({ self, signal }) => {
      keys.push(idempotencyKeyOf(self));
      signals.push(signal);
      return gate.promise;
    });
    const checkout = setup({ actors: { pay }, types: {} as { context: { receipt: string } } }).createMachine({
      id: 'checkout', context: { receipt: '' }, initial: 'paying',
      states: { paying: { invoke: { id: 'payment', src: 'pay', onDone: { target: 'paid', actions: assign({ receipt: ({ event }) => event.output }) } } }, paid: { after: { [day]: 'shipped' } }, shipped: { type: 'final' } },
    });
    const place = createPlace({ machines: [checkout] });
    const first = await place.open();
    await first.spawn(checkout, { id: 'order-17' });
    await settleTicks();
    const child = await first.actor('order-17/payment');
    expect(child.getSnapshot()).toMatchObject({ status: 'active' });
    await place.close();
    expect(signals[0]?.aborted).toBe(true);
    gate = createGate();
    await place.open();
    gate.open('r-1');
    await settleTicks();
    await place.close();
    const runtime = await place.open();
    await settleTicks();
    expect(keys).toEqual([expect.stringMatching(/^order-17\/payment#[0-9a-z]+\.2$/), keys[0]]);
    const actor = await runtime.actor<typeof checkout>('order-17');
    expect(actor.getSnapshot()).toMatchObject({ value: 'paid', context: { receipt: 'r-1' } });
    await runtime.stop();
  });

  it('tries a promise again, and gives its failure to onError', async () => {
    let runs = 0;
    const fetchIt = fromPromise(async () => {
      runs++;
      throw new Error(`no ${runs}`);
    });
    const machine = setup({ actors: { fetchIt }, types: {} as { context: { reason: string } } }).createMachine({
      id: 'fetching', context: { reason: '' }, initial: 'a',
      states: { a: { invoke: { src: 'fetchIt', onError: { target: 'b', actions: assign({ reason: ({ event }) => (event.error as Error).message }) } } }, b: {} },
    });
    const place = createPlace({ machines: [{ machine, promises: { fetchIt: { maxAttempts: 3, backoffMs: 10 } } }] });
    const runtime = await place.open();
    const actor = await runtime.spawn(machine, { id: 'f' });
    for (let turn = 0; turn < 5; turn++) {
      await settleTicks();
      place.clock.advance(20);
    }
    await settleTicks();
    expect(runs).toBe(3);
    expect(actor.getSnapshot()).toMatchObject({ value: 'b', context: { reason: 'no 3' } });
    await runtime.stop();
  });

  it('run actions after the commit, once, with an id; and again when the process died before they were done', async () => {
    const ids: string[] = [];
    let gate = createGate();
    const machine = setup({
      actions: {
        mail: (info, params: { to: string }) => {
          ids.push(`${(info as unknown as { effectId: string }).effectId} ${params.to} ${info.event.type}`);
          return gate.promise as never;
        },
      },
    }).createMachine({ id: 'mailer', initial: 'a', states: { a: { on: { go: { target: 'b', actions: { type: 'mail', params: { to: 'me' } } } } }, b: {} } });
    const place = createPlace({ machines: [machine] });
    const actor = await (await place.open()).spawn(machine, { id: 'm' });
    await actor.send({ type: 'go' });
    await place.close();
    gate = createGate();
    await place.open();
    expect(ids).toEqual([expect.stringMatching(/^m@[0-9a-z]+\.1:0 me go$/), ids[0]]);
    gate.open();
    await settleTicks();
    await place.close();
    const runtime = await place.open();
    expect(ids).toHaveLength(2);
    await runtime.stop();
  });

  it('let callbacks speak while they are in memory, and begin them again', async () => {
    let starts = 0;
    let ends = 0;
    const heard: string[] = [];
    let speak: (event: { type: string }) => void = () => {};
    const listen = fromCallback(({ sendBack, receive }) => {
      starts++;
      speak = sendBack;
      receive(event => heard.push(event.type));
      return () => void ends++;
    });
    const machine = setup({ actors: { listen }, types: {} as { context: { n: number } } }).createMachine({
      id: 'ear', context: { n: 0 }, initial: 'on',
      states: { on: { invoke: { src: 'listen', id: 'l' }, on: { tick: { actions: assign({ n: ({ context }) => context.n + 1 }) }, tell: { actions: sendTo('l', { type: 'hello' }) }, off: 'off' } }, off: {} },
    });
    const place = createPlace({ machines: [machine] });
    const actor = await (await place.open()).spawn(machine, { id: 'e' });
    speak({ type: 'tick' });
    await actor.send({ type: 'tell' });
    await settleTicks();
    expect(heard).toEqual(['hello']);
    await place.close();
    expect(ends).toBe(1);
    const runtime = await place.open();
    expect(starts).toBe(2);
    speak({ type: 'tick' });
    await settleTicks();
    const again = await runtime.actor<typeof machine>('e');
    expect(again.getSnapshot().context).toEqual({ n: 2 });
    await again.send({ type: 'off' });
    expect(ends).toBe(2);
    await runtime.stop();
  });

  it('emit to whoever listens, and let actors of one runtime talk', async () => {
    const pong = setup({}).createMachine({ id: 'pong', on: { ping: { actions: emit(({ event }) => ({ type: 'pinged', by: (event as unknown as { by: string }).by })) } } });
    const ping = setup({ types: {} as { context: { other: never }; input: { other: unknown } } }).createMachine({
      id: 'ping', context: ({ input }) => ({ other: input.other as never }), on: { go: { actions: [raise({ type: 'soon' }, { delay: 5 })] }, soon: { actions: sendTo(({ context }) => context.other, { type: 'ping', by: 'a' } as never) } },
    });
    const place = createPlace({ machines: [ping, pong] });
    const first = await place.open();
    const other = await first.spawn(pong, { id: 'b' });
    await (await first.spawn(ping, { id: 'a', input: { other } })).send({ type: 'go' });
    await place.close();
    const runtime = await place.open();
    const heard: unknown[] = [];
    (await runtime.actor('b')).on('pinged', event => heard.push(event));
    place.clock.advance(5);
    await settleTicks();
    expect(heard).toEqual([{ type: 'pinged', by: 'a' }]);
    await runtime.stop();
  });

  it('end an actor whose action throws, as XState does', async () => {
    const machine = setup({ actions: { bad: () => { throw new Error('no'); } } }).createMachine({ id: 'bad', on: { go: { actions: 'bad' } } });
    const runtime = await createPlace().open();
    const actor = await runtime.spawn(machine, { id: 'x' });
    await actor.send({ type: 'go' });
    await settleTicks();
    expect(actor.getSnapshot()).toMatchObject({ status: 'error', error: { message: 'no' } });
    await runtime.stop();
  });
});

describe('identity', () => {
  const make = (version: string, second: string) => setup({}).createMachine({ id: 'doc', version, initial: 'draft', states: { draft: { on: { next: second } }, [second]: {} } });

  it('refuses a machine that has changed, and says how', async () => {
    const place = createPlace();
    const actor = await (await place.open({ machines: [make('1', 'review')] })).spawn(make('1', 'review'), { id: 'd' });
    await actor.send({ type: 'next' });
    await place.close();
    const runtime = await place.open({ machines: [make('2', 'published')] });
    await expect(runtime.actor('d')).rejects.toMatchObject({ code: 'machine_changed', message: expect.stringContaining('`review`') as string });
    await runtime.stop();
  });

  it('goes on with the migrations that lead to it', async () => {
    const place = createPlace();
    const actor = await (await place.open({ machines: [make('1', 'review')] })).spawn(make('1', 'review'), { id: 'd' });
    await actor.send({ type: 'next' });
    await place.close();
    const runtime = await place.open({ machines: [{ machine: make('2', 'published'), migrations: [{ from: '1', to: '2', migrate: snapshot => ({ ...snapshot, value: 'published' }) }] }] });
    expect((await runtime.actor('d')).getSnapshot().value).toBe('published');
    await runtime.stop();
  });
});

describe('many that wait', () => {
  it('are not read when a runtime begins; only those that are due are', async () => {
    const place = createPlace({ machines: [light] });
    const first = await place.open();
    await Promise.all(Array.from({ length: 300 }, (_, index) => first.spawn(light, { id: `l${index}` })));
    await Promise.all([3, 30, 200].map(async index => (await first.actor<typeof light>(`l${index}`)).send({ type: 'push' })));
    await place.close();
    place.clock.advance(500);
    const read = vi.spyOn((place.store as MemoryRecords).tables, 'read');
    const runtime = await place.open();
    await settleTicks();
    const asked = read.mock.calls.flatMap(([requests]) => requests.flatMap(({ table, keys = [] }) => (table.name === 'actors' ? keys.flat() : [])));
    expect(asked.toSorted()).toEqual(['l200', 'l3', 'l30']);
    expect((await runtime.actors({ limit: 1_000 })).filter(({ value }) => value === 'red')).toHaveLength(3);
    await runtime.stop();
  });
});
