import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, createActor, createMachine, fromPromise, sendTo, setup } from 'xstate';
import type { ValueCodec } from '../../src/kinds/actors/encode-value.ts';
import { decodeValue, encodeValue } from '../../src/kinds/actors/encode-value.ts';
import { describeStored } from '../../src/kinds/actors/value-marks.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openPlace } from './open-place.ts';
import { tellApart } from './tell-apart.ts';

const marks = ['flowstone$value', 'flowstone$plain', 'flowstone$codec', 'flowstone$error', 'xstate$$type', 'plain'];
const literals = [undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 12n, -3n, null, 'undefined', 'NaN', '-0', '12n', 1];
const values: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof({ maxDepth: 5, depthSize: 'small' }, fc.constantFrom<unknown>(...literals), fc.bigInt(), fc.double(), fc.string(), fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(fc.constantFrom(...marks, 'a', 'b', 'c', '__proto__'), tie('value'), { maxKeys: 4 })),
})).value;

const through = (value: unknown, codecs: readonly ValueCodec[] = []): unknown => {
  const encoded: unknown = encodeValue(value, 'value', { codecs, toAddress: () => undefined });
  const text = encoded === undefined ? undefined : JSON.stringify(encoded);
  return decodeValue(text === undefined ? undefined : JSON.parse(text), { codecs, toRef: () => 'an actor' });
};

describe('a stored value', () => {
  it('comes back as it was, also if it looks like what Flowstone stores', () => {
    fc.assert(fc.property(values, value => {
      expect(tellApart(through(value))).toStrictEqual(tellApart(value));
    }), { numRuns: 2_000 });
  });

  it('is not changed by being stored', () => {
    fc.assert(fc.property(values, value => {
      const before = JSON.stringify(tellApart(value));
      through(value);
      expect(JSON.stringify(tellApart(value))).toBe(before);
    }), { numRuns: 300 });
  });

  it('keeps the places of a list that nothing was put in', () => {
    const list: unknown[] = [1, undefined, 3];
    delete list[0];
    expect(tellApart(through({ list }))).toEqual({ list: ['«empty»', '«undefined undefined»', 3] });
  });

  it.each([
    [{ a: undefined, b: [Number.NaN, -0] }, '{"a":{"flowstone$value":"undefined"},"b":[{"flowstone$value":"NaN"},{"flowstone$value":"-0"}]}', '{"a":undefined,"b":[NaN,-0]}'],
    [{ n: 12n, to: Number.POSITIVE_INFINITY }, '{"n":{"flowstone$value":"12n"},"to":{"flowstone$value":"Infinity"}}', '{"n":12n,"to":Infinity}'],
    [{ flowstone$value: 'NaN' }, '{"flowstone$plain":{"flowstone$value":"NaN"}}', '{"flowstone$plain":NaN}'],
  ])('can be read as text: %o', (value, text, shown) => {
    const encoded = encodeValue(value, 'value', { codecs: [], toAddress: () => undefined });
    expect(JSON.stringify(encoded)).toBe(text);
    expect(describeStored(encoded)).toBe(shown);
  });

  it('that 0.3.0 stored and that looks like a mark of today is read as it was', () => {
    const decode = (text: string): unknown => decodeValue(JSON.parse(text), { codecs: [], toRef: () => undefined });
    for (const text of ['{"flowstone$value":5}', '{"flowstone$value":"soon"}', '{"flowstone$value":"NaN","b":1}']) expect(JSON.stringify(decode(text))).toBe(text);
  });

  it.each([[Symbol('s'), 'context.a.b[1]'], [() => 1, 'context.a.b[1]'], [new Map(), 'keep a list or a plain object']])('that cannot be stored is refused with its path: %o', (value, message) => {
    expect(() => encodeValue({ n: undefined, a: { b: [Number.NaN, value] } }, 'context', { codecs: [], toAddress: () => undefined })).toThrow(expect.objectContaining({ code: 'actor_value_not_json', message: expect.stringContaining(message) }));
  });
});

describe('a codec', () => {
  const asked = new Set<string>();
  const texts: ValueCodec<string> = { name: 'text', matches: value => (asked.add(value === null ? 'null' : typeof value), typeof value === 'string'), encode: text => text.toUpperCase(), decode: stored => String(stored).toLowerCase() };

  it('is asked for values of every type, and not again about its own word for one', () => {
    expect(through({ a: 'b', list: [1, true, null, undefined, Number.NaN, 2n, ['c']] }, [texts as ValueCodec])).toEqual({ a: 'b', list: [1, true, null, undefined, Number.NaN, 2n, ['c']] });
    expect(asked).toEqual(new Set(['object', 'string', 'number', 'boolean', 'null', 'undefined', 'bigint']));
  });

  it('comes before the marks', () => {
    const never: ValueCodec<number> = { name: 'number', matches: value => value === Number.POSITIVE_INFINITY, encode: () => 'never', decode: () => Number.MAX_VALUE };
    expect(through([Number.POSITIVE_INFINITY, Number.NaN], [never as ValueCodec])).toEqual([Number.MAX_VALUE, Number.NaN]);
  });

  it('may carry what it carries inside of itself', () => {
    const sets: ValueCodec<Set<unknown>> = { name: 'set', matches: value => value instanceof Set, encode: set => [...set], decode: list => new Set(list as unknown[]) };
    expect(tellApart(through(new Set([1, new Set([undefined, -0])]), [sets as ValueCodec]))).toEqual(tellApart(new Set([1, new Set([undefined, -0])])));
  });
});

const form = createMachine({
  id: 'form',
  context: { name: undefined as string | undefined, mail: undefined as string | undefined, missing: -1 },
  on: { CHECK: { actions: assign({ missing: ({ context }) => Object.keys(context).filter(key => (context as Record<string, unknown>)[key] === undefined).length }) } },
});

describe('an actor', () => {
  it.each([[false], [true]])('has the keys that are undefined in its context as long as it lives; restarted: %s', async isRestarted => {
    const live = createActor(form).start();
    live.send({ type: 'CHECK' });
    const place = openPlace({ machines: [form] });
    let actor = await (await place.open()).spawn(form, { id: 'f' });
    if (isRestarted) {
      await place.close();
      actor = await (await place.open()).actor<typeof form>('f');
    }
    await actor.send({ type: 'CHECK' });
    expect(actor.getSnapshot().context).toStrictEqual(live.getSnapshot().context);
    expect(live.getSnapshot().context.missing).toBe(2);
    await place.close();
  });

  it('keeps what JSON has no word for in inputs, outputs, delayed events and messages, over restarts', async () => {
    type Odd = { readonly gone: undefined; readonly list: readonly unknown[] };
    const odd: Odd = { gone: undefined, list: [Number.NaN, -0, 7n, undefined] };
    const receiver = setup({ types: {} as { context: { got: unknown }; events: { type: 'got'; odd: Odd } } }).createMachine({ id: 'receiver', context: { got: null }, on: { got: { actions: assign({ got: ({ event }) => event.odd }) } } });
    const child = setup({ types: {} as { context: Odd; input: Odd; output: Odd } }).createMachine({ id: 'child', context: ({ input }) => input, initial: 'a', states: { a: { after: { 10: 'b' } }, b: { type: 'final' } }, output: ({ context }) => context });
    const machine = setup({ types: {} as { context: { to: unknown; seen: unknown[] }; input: unknown }, actors: { child, run: fromPromise<Odd, Odd>(async ({ input }) => input) } }).createMachine({
      id: 'm', context: ({ input }) => ({ to: input, seen: [] }), initial: 'a',
      states: {
        a: { invoke: { src: 'child', input: odd, onDone: { target: 'b', actions: assign({ seen: ({ event }) => [event.output] }) } } },
        b: { invoke: { src: 'run', input: odd, onDone: { target: 'c', actions: assign({ seen: ({ context, event }) => [...context.seen, event.output] }) } } },
        c: { entry: [sendTo(({ context }) => context.to as never, { type: 'got', odd } as never), sendTo(({ self }) => self, { type: 'late', odd } as never, { delay: 10 })], on: { late: { target: 'd', actions: assign({ seen: ({ context, event }) => [...context.seen, (event as unknown as { odd: Odd }).odd] }) } } },
        d: { type: 'final' },
      },
      output: ({ context }) => context.seen,
    });
    const place = openPlace({ machines: [machine, receiver] });
    const again = async () => {
      await place.close();
      const runtime = await place.open();
      await settleTicks();
      return runtime;
    };
    const runtime = await place.open();
    await runtime.spawn(machine, { id: 'm', input: await runtime.spawn(receiver, { id: 'r' }) });
    for (let turn = 0; turn < 4; turn++) {
      await again();
      place.clock.advance(10);
      await settleTicks(20);
    }
    const last = await again();
    expect((await last.actor('m')).getSnapshot()).toMatchObject({ status: 'done' });
    expect((await last.actor('m')).getSnapshot().output).toStrictEqual([odd, odd, odd]);
    expect((await last.actor('r')).getSnapshot().context).toStrictEqual({ got: odd });
    await place.close();
  });

  it('gives a migration values, not marks, and takes such from it', async () => {
    const first = createMachine({ id: 'm', version: '1', context: { a: undefined as unknown, n: Number.NaN } });
    const second = createMachine({ id: 'm', version: '2', context: { b: undefined as unknown, n: -0 } });
    const place = openPlace();
    await (await place.open({ machines: [first] })).spawn(first, { id: 'm' });
    await place.close();
    let given: unknown;
    const migrations = [{ from: '1', to: '2', migrate: (snapshot: { context: unknown }) => ({ ...(snapshot as never as object), context: (given = snapshot.context, { b: undefined, n: -0 }) }) as never }];
    const actor = await (await place.open({ machines: [{ machine: second, migrations }] })).actor('m');
    expect(given).toStrictEqual({ a: undefined, n: Number.NaN });
    expect(actor.getSnapshot().context).toStrictEqual({ b: undefined, n: -0 });
    await place.close();
  });
});
