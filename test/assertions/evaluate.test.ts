import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Evidence, evaluateAssertions } from '../../src/assertions/evaluate-assertions.ts';
import type { AssertionResult } from '../../src/core/score.ts';
import { createFailure } from '../../src/core/failure.ts';
import type { AssertionDefinition } from '../../src/definition/assertion-schema.ts';

const evidence: Evidence = {
  steps: {
    swap: { status: 'completed', output: { amount: 12, text: '12', empty: null, list: [{ 'odd key': 7 }], message: 'no error at all' } },
    lend: { status: 'failed', failure: createFailure('insufficient_funds', 'Too little') },
    late: { status: 'skipped', failure: createFailure('upstream_failed', 'lend failed') },
  },
  toolCalls: [{ tool: 'jupiter_swap', status: 'completed', input: { amount: 2 } }],
  initial: { value: { sol: 10, same: 3 } },
  state: { value: { sol: 8, same: 3, fresh: 1 } },
};

const evaluate = async (assertion: Record<string, unknown>, given: Evidence = evidence): Promise<Omit<AssertionResult, 'id' | 'type' | 'weight'>> => {
  const [result] = await evaluateAssertions([{ id: 'a', weight: 1, ...assertion } as AssertionDefinition], given, 1_000);
  const { id: _id, type: _type, weight: _weight, ...verdict } = result as AssertionResult;
  return verdict;
};
const at = (path: string) => ({ path: `steps.swap.output.${path}` });

describe('an assertion', () => {
  it.each([
    [{ type: 'equals', ...at('amount'), value: 12 }, 'passed'],
    [{ type: 'equals', ...at('list'), value: [{ 'odd key': 7 }] }, 'passed'],
    [{ type: 'equals', ...at('text'), value: 12 }, 'failed'],
    [{ type: 'equals', ...at('empty'), value: null }, 'passed'],
    [{ type: 'gte', ...at('amount'), value: 12 }, 'passed'],
    [{ type: 'gte', ...at('amount'), value: 13 }, 'failed'],
    [{ type: 'gte', ...at('text'), value: 1 }, 'failed'],
    [{ type: 'lte', ...at('list[0]["odd key"]'), value: 7 }, 'passed'],
    [{ type: 'range', ...at('amount'), min: 12, max: 12 }, 'passed'],
    [{ type: 'range', ...at('amount'), min: 13, max: 20 }, 'failed'],
    [{ type: 'exists', ...at('amount') }, 'passed'],
    [{ type: 'exists', ...at('empty') }, 'failed'],
    [{ type: 'exists', ...at('nowhere') }, 'failed'],
    [{ type: 'exists', path: 'steps.swap.output.constructor' }, 'failed'],
    [{ type: 'matches', ...at('list'), schema: { type: 'array', minItems: 1 } }, 'passed'],
    [{ type: 'matches', ...at('list'), schema: { type: 'array', minItems: 2 } }, 'failed'],
    [{ type: 'matches', ...at('list'), schema: { $ref: '#/$defs/none' } }, 'not_evaluated'],
    [{ type: 'matches', path: 'tool_calls', schema: { contains: { properties: { tool: { const: 'jupiter_swap' } }, required: ['tool'] } } }, 'passed'],
    [{ type: 'equals', path: 'steps.lend.status', value: 'failed' }, 'passed'],
    [{ type: 'equals', path: 'steps.lend.failure.code', value: 'insufficient_funds' }, 'passed'],
    [{ type: 'exists', path: 'steps.lend.output' }, 'failed'],
    [{ type: 'lte', path: 'steps.late.output.amount', value: 5 }, 'failed'],
    [{ type: 'exists', path: 'steps.nowhere.output' }, 'not_evaluated'],
    [{ type: 'equals', path: 'state.fresh', value: 1 }, 'passed'],
    [{ type: 'change_gte', path: 'state.sol', value: -2 }, 'passed'],
    [{ type: 'change_gte', path: 'state.sol', value: -1 }, 'failed'],
    [{ type: 'change_lte', path: 'state.sol', value: -2 }, 'passed'],
    [{ type: 'change_not_zero', path: 'state.sol' }, 'passed'],
    [{ type: 'change_not_zero', path: 'state.same' }, 'failed'],
    [{ type: 'change_not_zero', path: 'state.fresh' }, 'failed'],
    [{ type: 'MultiPoolDiversification', pubkey: 'X', min_pools: 2 }, 'not_evaluated'],
    [{ type: 'gte', value: 3 }, 'not_evaluated'],
  ] as const)('%j is %s', async (assertion, result) => {
    const verdict = await evaluate(assertion);
    expect(verdict.result).toBe(result);
    expect(verdict.reason === undefined).toBe(result === 'passed');
  });

  it('says what was expected, what was found and why', async () => {
    expect(await evaluate({ type: 'gte', ...at('amount'), value: 13 })).toEqual({ result: 'failed', reason: 'Expected at least 13, got 12', expected: 13, actual: 12 });
    expect(await evaluate({ type: 'change_gte', path: 'state.sol', value: -1 })).toEqual({ result: 'failed', reason: 'Expected at least -1, got -2 (from 10 to 8)', expected: -1, actual: -2 });
    expect(await evaluate({ type: 'gte', ...at('text'), value: 1 })).toMatchObject({ reason: 'Expected a number at `steps.swap.output.text`, got `12` (string)' });
    expect(await evaluate({ type: 'exists', path: 'steps.lend.output' })).toEqual({ result: 'failed', reason: '`lend` has no output: it is failed (insufficient_funds)' });
    expect(await evaluate({ type: 'matches', ...at('amount'), schema: { type: 'object' } })).toMatchObject({ reason: 'Expected `value` to be of type `object`, got `12` (number)', actual: 12 });
    expect(await evaluate({ type: 'ranje', ...at('amount') })).toEqual({ result: 'not_evaluated', reason: 'Nothing knows how to evaluate `ranje`; did you mean `range`?' });
    expect(await evaluate({ type: 'jury', reason: 'Needs a person' })).toEqual({ result: 'not_evaluated', reason: 'Needs a person' });
  });

  it('is not evaluated when the state could not be read', async () => {
    expect(await evaluate({ type: 'lte', path: 'state.sol', value: 99 }, { steps: {}, toolCalls: [], state: { failure: 'no answer' } })).toEqual({ result: 'not_evaluated', reason: 'The state could not be read: no answer' });
    expect(await evaluate({ type: 'change_not_zero', path: 'state.sol' }, { steps: {}, toolCalls: [], state: { value: { sol: 1 } } })).toEqual({ result: 'not_evaluated', reason: 'Nothing has read the first state' });
  });

  it('keeps a long value out of its result', async () => {
    const [result] = await evaluateAssertions([{ id: 'a', weight: 1, type: 'exists', path: 'state' }], { steps: {}, toolCalls: [], state: { value: 'x'.repeat(100_000) } }, 1_000);
    expect(String(result?.actual).length).toBeLessThan(3_000);
  });
});

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const world = (value: unknown, first: unknown = value): Evidence => ({ steps: {}, toolCalls: [], state: { value: { at: value } }, initial: { value: { at: first } } });
const judge = async (assertion: Record<string, unknown>, given: Evidence): Promise<string> => (await evaluate({ path: 'state.at', ...assertion }, given)).result;

describe('assertions, whatever they are given', () => {
  it('agree with arithmetic', async () => {
    await fc.assert(fc.asyncProperty(number, number, number, async (value, a, b) => {
      const [min, max] = a <= b ? [a, b] : [b, a];
      expect((await judge({ type: 'gte', value: a }, world(value))) === 'passed').toBe(value >= a);
      expect((await judge({ type: 'lte', value: a }, world(value))) === 'passed').toBe(value <= a);
      const inside = (await judge({ type: 'gte', value: min }, world(value))) === 'passed' && (await judge({ type: 'lte', value: max }, world(value))) === 'passed';
      expect((await judge({ type: 'range', min, max }, world(value))) === 'passed').toBe(inside);
      expect((await judge({ type: 'change_gte', value: a }, world(value, b))) === 'passed').toBe(value - b >= a);
      expect((await judge({ type: 'change_lte', value: a }, world(value, b))) === 'passed').toBe(value - b <= a);
      expect((await judge({ type: 'change_not_zero' }, world(value, b))) === 'passed').toBe(value - b !== 0);
    }));
  });

  it('hold for a value that equals itself, read back from JSON', async () => {
    await fc.assert(fc.asyncProperty(fc.jsonValue(), async value => {
      const stored: unknown = JSON.parse(JSON.stringify(value));
      expect(await judge({ type: 'equals', value: stored }, world(JSON.parse(JSON.stringify(value))))).toBe('passed');
      expect((await judge({ type: 'exists' }, world(stored))) === 'passed').toBe(stored !== null);
    }));
  });

  it('never throw, keep order, ids and weights, and pass only with what was asked for there', async () => {
    const assertion = fc.record({
      id: fc.string({ minLength: 1 }),
      weight: fc.nat(),
      type: fc.oneof(fc.constantFrom('equals', 'gte', 'lte', 'range', 'change_gte', 'change_lte', 'change_not_zero', 'exists', 'matches'), fc.string()),
      path: fc.oneof(fc.constantFrom('state', 'state.a', 'state.none', 'steps.swap.output', 'steps.x.status', 'tool_calls[3]', '', '.', 'a['), fc.string()),
      value: fc.jsonValue(), min: fc.jsonValue(), max: fc.jsonValue(), schema: fc.jsonValue(),
    });
    await fc.assert(fc.asyncProperty(fc.array(assertion), fc.jsonValue(), async (assertions, value) => {
      const results = await evaluateAssertions(assertions as unknown as AssertionDefinition[], { ...evidence, state: { value } }, 1_000);
      expect(results.map(({ id, type, weight }) => ({ id, type, weight }))).toEqual(assertions.map(({ id, type, weight }) => ({ id, type, weight })));
      for (const [position, { result, reason }] of results.entries()) {
        expect(reason === undefined).toBe(result === 'passed');
        if (assertions[position]?.path === 'state.none') expect(result).not.toBe('passed');
      }
    }));
  });

  it('of an unknown type are never passed nor failed', async () => {
    const known = /^(equals|gte|lte|range|change_gte|change_lte|change_not_zero|exists|matches)$/;
    await fc.assert(fc.asyncProperty(fc.string().filter(type => !known.test(type)), fc.jsonValue(), async (type, value) => {
      expect(await judge({ type, value }, world(value))).toBe('not_evaluated');
    }));
  });
});
