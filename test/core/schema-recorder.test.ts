import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { recordSchemas } from '../../src/core/schema-recorder.ts';

/** `z` of the bundle, and how often it asked for zod. */
function createRecorder(): { readonly recorded: typeof z; readonly loads: () => number } {
  let loads = 0;
  return {
    recorded: recordSchemas(() => {
      loads++;
      return z;
    }),
    loads: () => loads,
  };
}

const shapes = (of: typeof z) => {
  const name = of.string().min(1).regex(/^[a-z]+$/);
  const part = of.strictObject({ name, count: of.int().gte(0).lte(9).default(3), tags: of.array(of.enum(['a', 'b'])).optional() });
  return of.discriminatedUnion('kind', [
    of.object({ kind: of.literal('one'), part, any: of.unknown() }),
    of.object({ kind: of.literal('many'), parts: of.array(part.extend({ more: of.boolean().nullable() })).readonly(), map: of.record(of.string(), of.union([of.number(), of.null()])) }),
  ]);
};

describe('recorded schemas', () => {
  it('load nothing until one is used, and then once each', () => {
    const { recorded, loads } = createRecorder();
    const schema = shapes(recorded);
    const trimmed = recorded.string().transform(text => text.trim()).refine(text => text !== '');
    expect(loads()).toBe(0);
    expect(trimmed.parse(' x ')).toBe('x');
    expect(schema.safeParse({ kind: 'one', part: { name: 'x' }, any: 1 }).data).toEqual({ kind: 'one', part: { name: 'x', count: 3 }, any: 1 });
    expect(loads()).toBeGreaterThan(0);
  });

  it('say that they are schemas without loading zod', () => {
    const { recorded, loads } = createRecorder();
    const standard = recorded.object({ n: recorded.number() })['~standard'];
    expect([standard.version, standard.vendor, typeof standard.validate, loads()]).toEqual([1, 'zod', 'function', 0]);
    expect(standard.validate({ n: 1 })).toEqual({ value: { n: 1 } });
    expect(standard.validate({ n: 'x' })).toHaveProperty('issues');
  });

  it('take and refuse the same values with the same issues', () => {
    const [direct, deferred] = [shapes(z), shapes(createRecorder().recorded)];
    const part = fc.record({ name: fc.constantFrom('abc', '', 'X', 1), count: fc.constantFrom(0, 9, 10, 1.5, undefined), tags: fc.constantFrom(undefined, ['a'], ['c'], 'a') }, { requiredKeys: ['name'] });
    const value = fc.oneof(
      fc.record({ kind: fc.constant('one'), part, any: fc.anything() }, { requiredKeys: ['kind', 'part'] }),
      fc.record({ kind: fc.constant('many'), parts: fc.array(fc.record({ name: fc.constant('x'), more: fc.constantFrom(true, null, 1) })), map: fc.dictionary(fc.string(), fc.constantFrom(1, null, 'x')) }),
      fc.anything(),
    );
    fc.assert(fc.property(value, given => {
      const [expected, found] = [direct.safeParse(given), deferred.safeParse(given)];
      expect(found.success).toBe(expected.success);
      if (expected.success) expect(found.data).toEqual(expected.data);
      else expect(found.error?.issues).toEqual(expected.error.issues);
    }));
  });

  it('are of zod for whoever asks, and have its other members', () => {
    const { recorded } = createRecorder();
    expect(recorded.string()).toBeInstanceOf(z.ZodString);
    expect(Object.keys(recorded.object({ a: recorded.string() }).shape)).toEqual(['a']);
    expect(recorded.toJSONSchema(z.string())).toMatchObject({ type: 'string' });
    expect(z.array(recorded.int()).parse([1])).toEqual([1]);
  });
});
