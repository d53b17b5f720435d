import { array, assert, double, property } from 'fast-check';
import { expect, test } from 'vitest';
import { computePercentile, computeSpread } from '../../benchmarks/harness/statistics.ts';

const values = array(double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 50 });

test('takes the middle value, or the mean of the middle two', () => {
  expect(computeSpread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  expect(computeSpread([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
});

test('keeps the median inside the range whatever the order', () => {
  assert(
    property(values, list => {
      const { median, min, max } = computeSpread(list);
      expect(min).toBe(Math.min(...list));
      expect(max).toBe(Math.max(...list));
      expect(median).toBeGreaterThanOrEqual(min);
      expect(median).toBeLessThanOrEqual(max);
    }),
  );
});

test('gives a percentile that is one of the values, with at least its share at or below it', () => {
  assert(
    property(values, double({ min: 0.01, max: 1, noNaN: true }), (list, share) => {
      const percentile = computePercentile(list, share);
      expect(list).toContain(percentile);
      expect(list.filter(value => value <= percentile).length).toBeGreaterThanOrEqual(share * list.length - 1e-9);
    }),
  );
});
