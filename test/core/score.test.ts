import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evaluation, ScoredStep } from '../../src/core/score.ts';
import { computeScore, decidePassed } from '../../src/core/score.ts';

const results: readonly Evaluation[] = ['failed', 'not_evaluated', 'passed'];
const weights = fc.oneof(fc.double({ min: 0, max: 1_000_000, noNaN: true }), fc.constantFrom(0, 0.1, 0.2, 0.3, 1, 3, 1e-300, 1_000_000));
const step: fc.Arbitrary<ScoredStep> = fc.record({ id: fc.string(), weight: weights, result: fc.constantFrom(...results), critical: fc.boolean() });
const assertion = fc.record({ id: fc.string(), weight: weights, result: fc.constantFrom(...results) });
const steps = fc.array(step, { maxLength: 20 });
const assertions = fc.array(assertion, { maxLength: 20 });

const of = (result: Evaluation, weight = 1, critical = true): ScoredStep => ({ id: result, weight, result, critical });

describe('computeScore', () => {
  it('is always from 0 to 1', () => {
    fc.assert(fc.property(steps, assertions, (list, asserted) => {
      const { score, earned, possible } = computeScore(list, asserted);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(earned).toBeLessThanOrEqual(possible);
    }));
  });

  it('never falls when one result gets better', () => {
    fc.assert(fc.property(steps, assertions, fc.nat(), fc.nat(), (list, asserted, at, by) => {
      const all = [...list, ...asserted];
      fc.pre(all.length > 0);
      const place = at % all.length;
      const before = computeScore(list, asserted).score;
      const better = results.slice(results.indexOf((all[place] as ScoredStep).result));
      const changed = all.with(place, { ...(all[place] as ScoredStep), result: better[by % better.length] as Evaluation });
      expect(computeScore(changed.slice(0, list.length) as ScoredStep[], changed.slice(list.length)).score).toBeGreaterThanOrEqual(before);
    }));
  });

  it('is the same in any order, to the last digit', () => {
    const shuffled = fc.tuple(steps, assertions).chain(([list, asserted]) => fc.tuple(
      fc.constant([list, asserted] as const), fc.shuffledSubarray(list, { minLength: list.length }), fc.shuffledSubarray(asserted, { minLength: asserted.length }),
    ));
    fc.assert(fc.property(shuffled, ([[list, asserted], otherList, otherAsserted]) => {
      const { score, earned, possible } = computeScore(list, asserted);
      expect(computeScore(otherList, otherAsserted)).toMatchObject({ score, earned, possible });
    }));
  });

  it('does not depend on what the weights add up to', () => {
    fc.assert(fc.property(steps, assertions, fc.constantFrom(2, 4, 0.5), (list, asserted, factor) => {
      const scale = <Part extends { readonly weight: number }>(parts: readonly Part[]): Part[] => parts.map(part => ({ ...part, weight: part.weight * factor }));
      expect(computeScore(scale(list), scale(asserted)).score).toBeCloseTo(computeScore(list, asserted).score, 9);
    }));
  });

  it('is 1 when everything that counts has passed, and only then', () => {
    expect(computeScore([of('passed', 0.1), of('passed', 0.2), of('passed', 0.3), of('not_evaluated', 7)]).score).toBe(1);
    expect(computeScore([of('passed'), of('failed', 1, false)]).score).toBe(0.5);
    expect(computeScore([of('passed')], [{ id: 'a', weight: 3, result: 'failed' }]).score).toBe(0.25);
  });

  it('is 0 as soon as one critical step has failed', () => {
    expect(computeScore([of('passed', 99), of('failed', 1)])).toMatchObject({ score: 0, earned: 99, possible: 100, zeroedBy: ['failed'] });
    expect(computeScore([of('passed', 99), of('failed', 0)]).score).toBe(0);
  });

  it('is 0 when nothing was evaluated: that is no success', () => {
    expect(computeScore([])).toEqual({ score: 0, earned: 0, possible: 0, zeroedBy: [], notEvaluated: [] });
    expect(computeScore([of('not_evaluated')], [{ id: 'a', weight: 1, result: 'not_evaluated' }])).toMatchObject({ score: 0, notEvaluated: ['not_evaluated', 'a'] });
    expect(computeScore([of('passed', 0)]).score).toBe(0);
  });
});

describe('decidePassed', () => {
  it('asks for the least score, and for no critical failure unless the flow is lenient', () => {
    const strict = { lenient: false, minScore: 0 };
    expect(decidePassed({ score: 0, zeroedBy: [] }, strict)).toBe(true);
    expect(decidePassed({ score: 0, zeroedBy: ['a'] }, strict)).toBe(false);
    expect(decidePassed({ score: 0, zeroedBy: ['a'] }, { lenient: true, minScore: 0 })).toBe(true);
    expect(decidePassed({ score: 0.69, zeroedBy: [] }, { lenient: false, minScore: 0.7 })).toBe(false);
    expect(decidePassed({ score: 0.7, zeroedBy: [] }, { lenient: false, minScore: 0.7 })).toBe(true);
  });
});
