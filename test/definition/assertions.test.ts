import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPath } from '../../src/core/wording.ts';
import { isFlowError } from '../../src/core/errors.ts';
import { compileFlow } from '../../src/definition/compile-flow.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import type { Problem } from '../../src/definition/problem.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { findDoubts } from '../../src/definition/static-checks.ts';
import { parseValuePath } from '../../src/definition/value-path.ts';

const head = 'id: x\nsteps:\n  - { id: swap, uses: tool:swap }\n';
const state = 'state: { uses: tool:probe, initial: swap }\n';

function problemsOf(text: string, tools?: readonly string[]): string[] {
  try {
    parseFlow(text, tools ? { tools } : {});
  } catch (error) {
    if (!isFlowError(error)) throw error;
    const { problems } = error.details as { problems: Problem[] };
    return problems.map(({ code, place, message }) => `${place.line}:${place.column} ${code} ${message}`);
  }
  return [];
}

describe('assertions of a definition', () => {
  it('are kept with everything they say, of an unknown type too', () => {
    const assertions = [{ id: 'a', type: 'gte', path: 'steps.swap.output.n', value: 1 }, { id: 'b', type: 'MultiPool', min_pools: 2, weight: 0.5 }] as const;
    const { definition } = compileFlow(defineFlow({ id: 'x', steps: [{ id: 'swap', uses: 'tool:swap' }], assertions }));
    expect(definition.assertions).toEqual([{ ...assertions[0], weight: 1 }, assertions[1]]);
    expect(compileFlow(parseFlow(JSON.stringify(definition))).digest).toBe(compileFlow(definition).digest);
  });

  it.each([
    ['type: gte, path: steps.swap.output.n', 'missing_key Expected `value` of the assertion `a` (`gte`) to be a number, got nothing'],
    ['type: gte, path: steps.swap.output.n, value: "1"', 'invalid_value Expected `value` of the assertion `a` (`gte`) to be a number, got `1` (string)'],
    ['type: range, path: state.n, min: 3, max: 2', 'invalid_value Expected `max` of the assertion `a` (`range`) to be at least `min` (3), got `2` (number)'],
    ['type: gte, path: steps.swop.output, value: 1', 'unknown_step Expected the path `steps.swop.output` to name a step of this flow, got `swop`; did you mean `swap`?'],
    ['type: gte, path: steps.swap.amount, value: 1', 'invalid_value Expected the path `steps.swap.amount` to go on with `output`, `status` or `failure` after `swap`, got `amount`; did you mean `output.amount`?'],
    ['type: gte, path: sate.n, value: 1', 'invalid_value Expected the path `sate.n` to begin with `steps`, `state` or `tool_calls`, got `sate`; did you mean `state`?'],
    ['type: gte, path: "a[", value: 1', 'invalid_value Expected the path `a[` to be written like `steps.swap.output.items[0]["odd key"]`, got `a[`'],
    ['type: change_lte, path: steps.swap.output, value: 1', 'invalid_value Expected the path `steps.swap.output` to begin with `state`, since `change_lte` compares two readings of it, got `steps`'],
    ['type: exists, path: state.n, valeu: 1', 'unknown_key Expected the assertion `a` (`exists`) to have no key `valeu`; it can have `id`, `description`, `type`, `path`, `weight`'],
    ['type: gte, pth: state.n, value: 1', 'unknown_key Expected the assertion `a` (`gte`) to have no key `pth`; did you mean `path`?'],
    ['type: matches, path: state, schema: { type: strin }', 'invalid_value Expected `type` in the schema of `a` to be one of `string`, `number`, `integer`, `boolean`, `object`, `array`, `null`, got `strin` (string); did you mean `string`?'],
    ['type: equals, path: state.n, value: 1, weight: -1', 'invalid_value Expected `assertions[0].weight` to be a number from 0 to 1,000,000, got `-1` (number)'],
  ])('are refused with their line: %s', (keys, message) => {
    const found = problemsOf(`${head}${state}assertions:\n  - id: a\n    ${keys.replaceAll(', ', ',\n    ').replace(/,\n {4}(max|got)/, ',\n    $1').split(',\n').join('\n')}`);
    expect(found.map(one => one.replace(/^\d+:\d+ /, ''))).toContain(message);
    for (const one of found) expect(Number(one.split(':')[0])).toBeGreaterThanOrEqual(6);
  });

  it('point at the very value', () => {
    expect(problemsOf(`${head}assertions:\n  - id: a\n    type: gte\n    path: steps.swp.output\n    value: 1\n`)).toEqual(['7:11 unknown_step Expected the path `steps.swp.output` to name a step of this flow, got `swp`; did you mean `swap`?']);
    expect(problemsOf(`${head}assertions:\n  - { id: a, type: exists, path: steps.swap.output }\n  - { id: a, type: exists, path: steps.swap.output }\n`)[0]).toMatch(/^6:11 duplicate_assertion/);
  });

  it('need a state to look at, and a first reading to compare with', () => {
    expect(problemsOf(`${head}assertions: [{ id: a, type: exists, path: state.n }]`)[0]).toContain('no `state` in the flow');
    expect(problemsOf(`${head}state: { uses: tool:probe }\nassertions: [{ id: a, type: change_not_zero, path: state.n }]`)[0]).toContain('name the step that took it in `state.initial`');
  });
});

describe('the state of a definition', () => {
  it('is planned with its tool, its input and its first reading', async () => {
    const plan = compileFlow(parseFlow(`${head}state: { uses: tool:probe, initial: swap, timeout: 3s, with: { all: "{% steps.swap.output.n + 1 %}" } }`));
    expect(plan.state).toMatchObject({ target: 'probe', initial: 0, timeoutMs: 3_000 });
    expect(plan.tools).toEqual(['swap', 'probe']);
    expect(await plan.state?.with?.evaluate({ input: {}, steps: { swap: { output: { n: 1 }, status: 'completed' } } }, { now: 0, seed: '', timeLimitMs: 1_000, room: { maxBytes: 4_194_304, used: 0 } })).toEqual({ all: 2 });
  });

  it('is refused when it cannot be read', () => {
    expect(problemsOf(`${head}state: { uses: tool:prob, initial: swp, with: { a: "{% steps.swp.output %}", b: "{% 1 + %}" }, wth: 1 }`, ['swap', 'probe']).map(one => one.replace(/^\d+:\d+ (\w+) .*?(; did you mean .*)?$/s, '$1$2'))).toEqual([
      'unknown_tool; did you mean `probe`? If not, hand over its tool, on the command line with --tools', 'unknown_step; did you mean `swap`?', 'unknown_step; did you mean `swap`?', 'expression_syntax', 'unknown_key; did you mean `with`?',
    ]);
  });
});

describe('bounds', () => {
  const find = (...assertions: readonly object[]): string[] => {
    const flow = { id: 'x', state: { uses: 'tool:probe', initial: 'swap' }, steps: [{ id: 'swap', uses: 'tool:swap' }], assertions: assertions.map((assertion, at) => ({ id: `a${at}`, path: 'state.n', ...assertion })) };
    return findDoubts(compileFlow(defineFlow(flow as unknown as FlowSource))).map(({ code, message }) => `${code}: ${message}`);
  };

  it('that cannot all hold are pointed out', () => {
    expect(find({ type: 'gte', value: 85 }, { type: 'lte', value: 75 })).toEqual(['bounds_contradict: `a1` and `a0` cannot both hold: state.n at most 75 and at least 85']);
    expect(find({ type: 'range', min: 1, max: 2 }, { type: 'equals', value: 3 })).toHaveLength(1);
    expect(find({ type: 'change_gte', value: 1 }, { type: 'change_lte', value: 0 })).toHaveLength(1);
  });

  it('that leave one number are pointed out, unless it was asked for', () => {
    expect(find({ type: 'range', min: 45, max: 55 }, { type: 'lte', value: 50 }, { type: 'lte', value: 45 })).toEqual(['bounds_narrow: Together the bounds of `a0` and `a2` leave exactly 45 for state.n']);
    expect(find({ type: 'equals', value: 45 }, { type: 'lte', value: 45 })).toEqual([]);
  });

  it('of different values, and of a value and its change, are kept apart', () => {
    expect(find({ type: 'gte', value: 85 }, { type: 'lte', value: 75, path: 'state.m' }, { type: 'change_lte', value: -1 })).toEqual([]);
  });

  it('come with types nobody knows', () => {
    expect(find({ type: 'lt', value: 1 })).toEqual(['assertion_unknown: `a0` will be listed as not evaluated: nothing knows the type `lt`; did you mean `lte`?']);
  });
});

describe('a path', () => {
  it('is read as it is written', () => {
    const key = fc.oneof(fc.nat(999), fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/), fc.string());
    fc.assert(fc.property(fc.stringMatching(/^[a-z]{1,8}$/), fc.array(key), (root, keys) => {
      expect(parseValuePath(formatPath([root, ...keys]))).toEqual([root, ...keys]);
    }));
  });

  it('is refused when it is none', () => {
    for (const text of ['', '.', 'a.', 'a[', 'a[x]', 'a..b', 'a["b]', 'a b', '[-1]']) expect(parseValuePath(text)).toBeUndefined();
  });
});
