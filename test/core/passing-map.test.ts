import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PassingMap } from '../../src/core/passing-map.ts';

it('does what a map does', () => {
  const key = fc.integer({ min: 0, max: 5 });
  const step = fc.oneof(
    fc.record({ type: fc.constant('set' as const), key }),
    fc.record({ type: fc.constant('delete' as const), key }),
    fc.record({ type: fc.constant('clear' as const), key }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const expected = new Map<number, { readonly at: number }>();
      const found = new PassingMap<number, { readonly at: number }>();
      for (const [at, { type, key: name }] of steps.entries()) {
        if (type === 'set') {
          expected.set(name, { at });
          found.set(name, { at });
        } else if (type === 'delete') {
          expect(found.delete(name)).toBe(expected.delete(name));
        } else {
          expected.clear();
          found.clear();
        }
        expect(found.size).toBe(expected.size);
        expect([...found.values()]).toEqual([...expected.values()]);
        expect([...found.keys()]).toEqual([...expected.keys()]);
        for (const one of [0, 1, 2, 3, 4, 5]) {
          expect(found.get(one)).toEqual(expected.get(one));
          expect(found.has(one)).toBe(expected.has(one));
        }
      }
    }),
  );
});

it('gives what comes while it is gone through, and leaves out what goes', () => {
  const map = new PassingMap<string, { readonly name: string }>();
  for (const name of ['a', 'b', 'c']) map.set(name, { name });
  const seen: string[] = [];
  for (const { name } of map.values()) {
    seen.push(name);
    map.delete('b');
    if (name === 'a') map.set('d', { name: 'd' });
  }
  expect(seen).toEqual(['a', 'c', 'd']);
});

it('keeps nothing of what went through it, before the whole heap is collected', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
  const map = new PassingMap<number, number[]>();
  const pass = (key: number, value: number[]): void => {
    map.set(key, value);
    map.delete(key - 64);
  };
  for (let key = -200; key < 0; key++) pass(key, []);
  gc();
  gc({ type: 'minor' });
  const before = process.memoryUsage().heapUsed;
  // 64 at a time, 10 kB each, 4,000 in all.
  for (let key = 0; key < 4_000; key++) {
    pass(key, Array.from({ length: 1_250 }, () => key + 0.5));
    if (key % 130 === 0) gc({ type: 'minor' });
  }
  gc({ type: 'minor' });
  gc({ type: 'minor' });
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8_000_000);
});
