import { parseExpression } from '../../src/definition/expression.ts';
import { describe, expect, it } from 'vitest';
import { isFlowError } from '../../src/core/errors.ts';
import { parseJsonText } from '../../src/core/json-text.ts';
import { parseTime } from '../../src/core/time-text.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { parseFlow } from '../../src/definition/parse.ts';
import type { Problem } from '../../src/definition/problem.ts';
import { readSleep } from '../../src/definition/wait.ts';
import { readJsonArgument } from '../../src/views/cli/json-argument.ts';
import { evaluatorProcess } from '../../src/evaluator/evaluator.ts';

const flow = (given: string, before = ''): string => `id: f\n${before}steps:\n  - { id: one, uses: exec, with: &common { a: 1, b: 1 } }\n  - { id: two, uses: exec, with: ${given} }\n`;
const given = (text: string, before = ''): unknown => parseFlow(flow(text, before)).steps[1]?.with;
const problemOf = (text: string): string => {
  try {
    parseFlow(text);
  } catch (error) {
    if (isFlowError(error)) return ((error.details?.['problems'] ?? []) as readonly Problem[]).map(({ code, place }) => `${place.line}:${place.column} ${code}`).join(' ');
    throw error;
  }
  return 'nothing';
};
const codeOf = (work: () => unknown): string => {
  try {
    return JSON.stringify(work());
  } catch (error) {
    return isFlowError(error) ? error.code : (error as Error).name;
  }
};

describe('a whole number beyond 2^53', () => {
  it.each(['9007199254740993', '-9007199254740993', '+9007199254740993', '0x20000000000001', '9007199254740993.0', '123456789012345678901234567890', '0o400000000000000001'])('is refused in a definition where it would become another one: %s', number => {
    expect(problemOf(flow(number))).toBe('4:34 number_inexact');
    expect(problemOf(flow(`[{ a: ${number} }]`))).toBe('4:40 number_inexact');
  });

  it.each(['9007199254740992', '9007199254740991', '18014398509481984', '1152921504606847000', '1e23', '0.1234567890123456789', '0x20000000000002'])('is kept where it is the same: %s', number => {
    expect(given(number)).toBe(Number(number));
  });

  it('is refused in JSON that somebody else wrote, and kept in a text', () => {
    for (const text of ['9007199254740993', '{"a":[1,{"b":9007199254740993}]}', '[-18014398509481985]', '[1e400, 12345678901234567890123]']) expect(codeOf(() => parseJsonText(text))).toBe('number_inexact');
    for (const text of ['{"a":"9007199254740993"}', '[9007199254740992,1e30,0.12345678901234567]', '"9007199254740993"']) expect(parseJsonText(text)).toEqual(JSON.parse(text));
    expect(codeOf(() => readJsonArgument('{"account":9007199254740993}', '--input', '.'))).toBe('argument_not_json');
  });

  it('is refused as a number of an expression', () => {
    expect(problemOf(flow('"{% 9007199254740993 %}"'))).toBe('4:38 expression_syntax');
    expect(given('"{% \'9007199254740993\' & input.`9007199254740993` & 9007199254740992 %}"')).toBeTypeOf('string');
  });
});

describe('a number that an expression reads in a text', () => {
  const evaluate = async (source: string): Promise<unknown> => {
    const parsed = parseExpression(source);
    if ('message' in parsed) throw new Error(parsed.message);
    return parsed.evaluate({ input: { id: '9007199254740993', small: '12' }, steps: {} }, { now: 0, seed: 's', timeLimitMs: 10_000, room: { maxBytes: 1_000_000, used: 0 }, apart: evaluatorProcess });
  };

  it.each(['$number(input.id)', 'input.id.$number()', '$map([input.id], $number)', '$number("0x20000000000001")', '$number("-9007199254740993")', '$number("9007199254740993.0")', '$parseInteger("9,007,199,254,740,993", "#,##0")', 'input.id ~> $number'])('is refused when it would become another: %s', async source => {
    await expect(evaluate(source)).rejects.toMatchObject({ code: 'expression_failed', details: { reason: 'number_inexact' } });
  });

  it.each([['$number(input.small)', 12], ['input.small.$number()', 12], ['$number("9007199254740992")', 2 ** 53], ['$number("1e300")', 1e300], ['$number("0.1")', 0.1], ['$number(true)', 1], ['$number(9007199254740992)', 2 ** 53], ['$parseInteger("12,345", "#,##0")', 12_345], ['$number(input.none)', null]])('is kept else: %s', async (source, value) => {
    expect(await evaluate(source)).toBe(value);
  });
});

describe('a byte order mark', () => {
  it('is no part of what follows it', () => {
    expect(parseJsonText('\uFEFF{"a":1}')).toEqual({ a: 1 });
    expect(parseFlow(`\uFEFF${flow('1')}`).id).toBe('f');
    expect(codeOf(() => parseJsonText('\uFEFF\uFEFF1'))).toBe('SyntaxError');
  });
});

describe('a day that is in no calendar', () => {
  it.each(['2026-02-30', '2026-02-29', '2026-04-31', '2100-02-29', '2026-13-01', '2026-00-10', '2026-01-00', '0000-02-30'])('is no time: %s', day => {
    for (const text of [day, `${day}T09:00:00Z`, `${day}T23:59+02:00`]) {
      expect(parseTime(text)).toBeUndefined();
      expect(readSleep({ until: text })).toHaveProperty('expected');
    }
  });

  it.each(['2028-02-29', '2000-02-29', '2026-12-31', '0099-01-01'])('is told from one that is: %s', day => {
    expect(parseTime(day)).toBe(Date.parse(day));
  });
});

describe('a merge key', () => {
  it.each([
    ['{ <<: *common, b: 2 }', { a: 1, b: 2 }],
    ['{ b: 2, <<: *common }', { a: 1, b: 2 }],
    ['{ inner: { <<: *common } }', { inner: { a: 1, b: 1 } }],
    ['{ x: &other { a: 3, c: 3 }, y: { <<: [*common, *other] } }', { x: { a: 3, c: 3 }, y: { a: 1, b: 1, c: 3 } }],
    ['{ x: &other { <<: *common, c: 3 }, y: { <<: *other, a: 0 } }', { x: { a: 1, b: 1, c: 3 }, y: { a: 0, b: 1, c: 3 } }],
    ['{ "<<": *common }', { '<<': { a: 1, b: 1 } }],
    ['{ x: &other { __proto__: 1 }, y: { <<: *other } }', JSON.parse('{"x":{"__proto__":1},"y":{"__proto__":1}}')],
  ])('merges as people mean it: %s', (text, value) => {
    expect(JSON.stringify(given(text))).toBe(JSON.stringify(defineFlow({ id: 'f', steps: [{ id: 'a', uses: 'exec', with: value }] }).steps[0]?.with));
  });

  it.each([['{ <<: 1 }', '4:40 merge_invalid'], ['{ <<: { a: 1 } }', '4:40 merge_invalid'], ['{ <<: [*common, 1] }', '4:40 merge_invalid'], ['{ <<: *common, <<: *common }', '4:49 duplicate_key'], ['{ <<: *none }', '4:40 not_yaml merge_invalid']])('is refused where nobody can tell what it means: %s', (text, problem) => {
    expect(problemOf(flow(text)).replace(/ 4:\d+ /g, ' ')).toBe(problem);
  });

  it('leads complaints to where the key is written', () => {
    expect(problemOf('id: f\nsteps:\n  - &a { id: one, uses: exec, wiht: 1 }\n  - { <<: *a, id: two }\n')).toBe('3:31 unknown_key 3:31 unknown_key');
  });
});

describe('a key', () => {
  it('is the text that is written', () => {
    expect(given('{ 1.10: a, 0x10: b, true: c, 9007199254740993: d, ? "e" : 1 }')).toEqual({ '1.10': 'a', '0x10': 'b', true: 'c', '9007199254740993': 'd', e: 1 });
    expect(problemOf(flow('{ 1: a, "1": b }'))).toBe('4:42 duplicate_key');
  });

  it('is kept when it is `__proto__`', () => {
    expect(JSON.stringify(given('{ __proto__: { x: 1 }, y: *common }'))).toBe('{"__proto__":{"x":1},"y":{"a":1,"b":1}}');
    expect(JSON.stringify(parseJsonText('{"__proto__":1}'))).toBe('{"__proto__":1}');
  });
});

describe('aliases', () => {
  it.each(['&a [*a]', '&a { b: { c: *a } }', `[${Array.from({ length: 20_000 }, () => '*common').join(', ')}]`])('that have no end, or nearly none, are refused', text => {
    expect(problemOf(flow(text))).toBe('1:1 aliases_too_many');
  });

  it('are read once each, however many objects are merged into each other', () => {
    const chain = Array.from({ length: 9_000 }, (_, n) => `k${n}: &k${n} { ${n > 0 ? `<<: *k${n - 1}, ` : ''}v${n}: 1 }`).join(', ');
    expect(problemOf(flow(`{ ${chain} }`))).toBe('1:1 aliases_too_many');
  });
});
