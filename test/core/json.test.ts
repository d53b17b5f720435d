import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFlowError } from '../../src/core/errors.ts';
import { encodeJson, findNotJson, maxJsonDepth } from '../../src/core/json.ts';

function complaintOf(value: unknown, maxBytes?: number): { code: string; message: string; path: string | undefined } {
  try {
    encodeJson(value, { name: 'output', ...(maxBytes !== undefined && { maxBytes }) });
  } catch (error) {
    if (isFlowError(error)) return { code: error.code, message: error.message, path: error.place?.path };
    throw error;
  }
  throw new Error('The value was taken');
}

class Price {
  readonly amount = 1;
}

describe('encodeJson', () => {
  it('writes every JSON value as JSON.stringify does', () => {
    fc.assert(fc.property(fc.jsonValue(), value => encodeJson(value) === JSON.stringify(value)));
  });

  it('leaves out properties that are undefined and makes null of nothing at all', () => {
    expect(encodeJson({ a: undefined, b: 1 })).toBe('{"b":1}');
    expect(encodeJson(undefined)).toBe('null');
  });

  it('takes plain objects without a prototype, and of another realm', () => {
    expect(encodeJson(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
    expect(encodeJson(runInNewContext('({ a: [1, { b: 2 }] })'))).toBe('{"a":[1,{"b":2}]}');
  });

  it.each([
    ['a BigInt', 1n, 'a JSON value; write a BigInt as a string, got `1` (bigint)'],
    ['a function', () => 1, 'a JSON value, got a function'],
    ['a symbol', Symbol('x'), 'a JSON value, got `Symbol(x)` (symbol)'],
    ['NaN', Number.NaN, 'a finite number (or null), got `NaN` (number)'],
    ['Infinity', Number.NEGATIVE_INFINITY, 'a finite number (or null), got `-Infinity` (number)'],
    ['a Map', new Map(), 'a JSON value; write a Map as an object (`Object.fromEntries(map)`), got an instance of `Map`'],
    ['a Set', new Set(), 'a JSON value; write a Set as a list (`[...set]`), got an instance of `Set`'],
    ['a Date', new Date(0), 'a JSON value; write a Date as a string (`date.toISOString()`), got an instance of `Date`'],
    ['an Error', new Error('x'), 'a JSON value; write an Error as an object with its code and message, or throw it, got an instance of `Error`'],
    ['bytes', new Uint8Array(2), 'a JSON value; write bytes as a base64 string, got an instance of `Uint8Array`'],
    ['a promise', Promise.resolve(1), 'a JSON value; await the Promise first, got an instance of `Promise`'],
    ['an instance of a class', new Price(), 'a JSON value; write an instance of a class as a plain object, got an instance of `Price`'],
  ])('refuses %s and names its path', (_, value, words) => {
    expect(complaintOf({ items: [1, 2, { price: value }] })).toEqual({
      code: 'value_not_json',
      message: expect.stringContaining(`Expected \`output.items[2].price\` to be ${words}`),
      path: 'output.items[2].price',
    });
  });

  it('refuses undefined in a list, where JSON would make it null', () => {
    expect(complaintOf([1, undefined]).message).toBe('Expected `output[1]` to be a JSON value; write null in place of undefined, got nothing');
    expect(complaintOf(Object.assign([], { length: 2 })).path).toBe('output[0]');
  });

  it('tells a value that contains itself from one that is too deep', () => {
    const loop: { name: string; inner: { back?: unknown } } = { name: 'x', inner: {} };
    loop.inner.back = loop;
    expect(complaintOf([loop])).toMatchObject({
      code: 'value_not_json',
      message: 'Expected `output[0].inner.back` to be a JSON value, got `output[0]` again: the value contains itself',
    });
    let deep: unknown = 1;
    for (let level = 0; level <= maxJsonDepth; level++) deep = [deep];
    expect(complaintOf(deep).message).toContain('nested at most 500 levels deep');
    let endless: unknown = 1;
    for (let level = 0; level < 1_000_000; level++) endless = { endless };
    expect(complaintOf(endless).code).toBe('value_not_json');
    expect(encodeJson((deep as unknown[])[0])).toHaveLength(2 * maxJsonDepth + 1);
  });

  it('refuses what is too large, counted in bytes, before it is written', () => {
    expect(encodeJson('ä'.repeat(4), { maxBytes: 10 })).toHaveLength(6);
    expect(complaintOf('ä'.repeat(5), 10)).toMatchObject({ code: 'value_too_large', path: 'output' });
    const wide = Array.from({ length: 100 }, () => 'x'.repeat(1_000));
    let bomb: unknown = wide;
    for (let level = 0; level < 40; level++) bomb = [bomb, bomb];
    expect(complaintOf(bomb, 1_000_000).message).toBe(
      'Expected `output` to be at most 1000000 bytes of JSON, got more; store it outside and return a reference',
    );
  });

  it('refuses exactly what is larger than the limit', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat({ max: 60 }), (value, maxBytes) => {
        const fits = Buffer.byteLength(JSON.stringify(value)) <= maxBytes;
        return fits ? encodeJson(value, { maxBytes }) === JSON.stringify(value) : complaintOf(value, maxBytes).code === 'value_too_large';
      }),
    );
  });
});

describe('findNotJson', () => {
  it('finds nothing in JSON, and the path to anything else', () => {
    fc.assert(fc.property(fc.jsonValue(), value => findNotJson(value) === undefined));
    expect(findNotJson({ a: [1n] })).toEqual({ path: ['a', 0], expected: 'a JSON value; write a BigInt as a string', found: '`1` (bigint)' });
  });
});
