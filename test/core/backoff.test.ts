import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeBackoff, type RetryPolicy } from '../../src/core/backoff.ts';

const policy: RetryPolicy = { maxAttempts: 9, initialIntervalMs: 1_000, backoffCoefficient: 2, maxIntervalMs: 10_000, jitter: 'none', nonRetryable: [] };

const policies = fc.record({
  maxAttempts: fc.constant(9),
  initialIntervalMs: fc.nat({ max: 100_000 }),
  backoffCoefficient: fc.double({ min: 1, max: 10, noNaN: true }),
  maxIntervalMs: fc.nat({ max: 10_000_000 }),
  jitter: fc.constantFrom('full' as const, 'none' as const),
  nonRetryable: fc.constant([]),
});
const attempts = fc.integer({ min: 1, max: 2_000 });
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoff', () => {
  it('doubles up to the longest wait', () => {
    expect([1, 2, 3, 4, 5, 6].map(attempt => computeBackoff(policy, attempt, 0.5))).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('is anything from 0 to the wait with full jitter', () => {
    const jittered = { ...policy, jitter: 'full' as const };
    expect([0, 0.25, 0.999].map(random => computeBackoff(jittered, 3, random))).toEqual([0, 1_000, 3_996]);
  });

  it('is a whole number of ms between 0 and the longest wait, for any attempt', () => {
    fc.assert(
      fc.property(policies, attempts, randoms, (any, attempt, random) => {
        const wait = computeBackoff(any, attempt, random);
        return Number.isInteger(wait) && wait >= 0 && wait <= any.maxIntervalMs;
      }),
    );
  });

  it('never becomes shorter from one attempt to the next without jitter, and never longer by jitter', () => {
    fc.assert(
      fc.property(policies, attempts, randoms, (any, attempt, random) => {
        const plain = { ...any, jitter: 'none' as const };
        const wait = computeBackoff(plain, attempt, random);
        return wait <= computeBackoff(plain, attempt + 1, random) && computeBackoff({ ...any, jitter: 'full' }, attempt, random) <= wait;
      }),
    );
  });
});
