import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vote } from '../../docs/examples/evolution/consensus-rule.ts';
import { decideConsensus } from '../../docs/examples/evolution/consensus-rule.ts';
import { findBreaches } from '../../docs/examples/evolution/guardian-machine.ts';

const yes = (confidence: number): Vote => ({ approve: true, confidence });
const no = (confidence: number): Vote => ({ approve: false, confidence });
const verdict = (...votes: Vote[]): string => decideConsensus(votes).verdict;

describe('consensus', () => {
  it('waits for three votes, also when one of two is a sure reject', () => {
    expect(verdict()).toBe('wait');
    expect(verdict(yes(1), no(1))).toBe('wait');
  });

  it('rejects for one reject with a confidence over 0.90, and not for one of 0.90', () => {
    expect(verdict(yes(1), yes(1), yes(1), no(0.91))).toBe('rejected');
    expect(verdict(yes(1), yes(1), yes(1), no(0.9))).toBe('approved');
  });

  it('approves from 67 %: two of three are too few', () => {
    expect(verdict(yes(0.9), yes(0.9), no(0.9))).toBe('wait');
    expect(verdict(yes(0.9), yes(0.9), yes(0.9), no(0.9))).toBe('approved');
    expect(verdict(yes(0.85), yes(0.85), yes(0.84))).toBe('wait');
  });

  it('rejects when more reject than approve, if they are sure on average', () => {
    expect(verdict(no(0.9), no(0.9), yes(0.8))).toBe('rejected');
    expect(verdict(no(0.8), no(0.8), yes(0.8))).toBe('wait');
    expect(verdict(no(0.9), no(0.9), yes(0.9), yes(0.9))).toBe('wait');
  });

  const votes = fc.array(fc.record({ approve: fc.boolean(), confidence: fc.double({ min: 0, max: 1, noNaN: true }) }), { maxLength: 9 });

  it('does not depend on the order of the votes', () => {
    fc.assert(fc.property(votes, fc.infiniteStream(fc.nat()), (list, order) => {
      const shuffled = list.map(vote => ({ vote, at: order.next().value as number })).toSorted((a, b) => a.at - b.at).map(({ vote }) => vote);
      // Sums of floating point numbers depend on it in the last digit.
      const mean = decideConsensus(list).confidence;
      fc.pre(Math.abs(mean - 0.85) > 1e-9);
      expect(decideConsensus(shuffled).verdict).toBe(decideConsensus(list).verdict);
    }));
  });

  it('never approves what a sure voter rejects', () => {
    fc.assert(fc.property(votes, list => {
      expect(verdict(...list, no(0.95))).not.toBe('approved');
    }));
  });
});

describe('the guardian', () => {
  const good = { successRate: 0.9, errorRate: 0.1, latencyP95Ms: 3_000, costCents: 10 };

  it('lets pass what is exactly at the limits', () => {
    expect(findBreaches(good)).toEqual([]);
  });

  it.each([
    ['successRate', 0.89, 'critical'],
    ['errorRate', 0.11, 'critical'],
    ['latencyP95Ms', 3_001, 'high'],
    ['costCents', 10.01, 'medium'],
  ] as const)('names %s of %d as %s', (metric, value, severity) => {
    expect(findBreaches({ ...good, [metric]: value })).toEqual([{ metric, value, severity, limit: good[metric] }]);
  });
});
