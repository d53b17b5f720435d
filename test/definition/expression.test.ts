import * as fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { isFlowError } from '../../src/core/errors.ts';
import { type Expression, parseExpression } from '../../src/definition/expression.ts';
import { functionNames } from '../../src/definition/expression-scan.ts';
import type { ExpressionScope, RecordedValues } from '../../src/definition/plan.ts';
import { evaluatorProcess } from '../../src/evaluator/evaluator.ts';

const recorded: RecordedValues = { now: Date.UTC(2026, 0, 31, 9), seed: 'execution/step', timeLimitMs: 1_000, room: { maxBytes: 4_194_304, used: 0 }, apart: evaluatorProcess };

function compile(source: string): Expression {
  const expression = parseExpression(source);
  if ('message' in expression) throw new Error(`${expression.message} at ${expression.offset}`);
  return expression;
}

function evaluate(source: string, input: unknown = {}, rest: Partial<ExpressionScope> = {}, values = recorded): Promise<unknown> {
  return compile(source).evaluate({ input, steps: {}, ...rest }, values);
}

async function failureOf(source: string, input: unknown = {}, values = recorded): Promise<{ code: string; message: string; details: unknown }> {
  try {
    await evaluate(source, input, {}, values);
  } catch (error) {
    if (isFlowError(error)) return { code: error.code, message: error.message, details: error.details };
    throw error;
  }
  throw new Error('The expression was evaluated');
}

describe('an expression', () => {
  it.each([
    ['input.a', { a: { b: 1 } }, { b: 1 }],
    ['input.a.b', { a: null }, null],
    ['input.a.b', { a: 'text' }, null],
    ['input.missing.b', {}, null],
    ['input.list', { list: [] }, []],
    ['input.list', { list: [1] }, [1]],
    ['input.list.b', { list: [{ b: 1 }, { b: [2, 3] }, {}] }, [1, 2, 3]],
    ['input.list[b > 1]', { list: [{ b: 1 }, { b: 2 }] }, { b: 2 }],
    ['input.list[b > 1][]', { list: [{ b: 1 }, { b: 2 }] }, [{ b: 2 }]],
    ['input."a-b".`c d`', { 'a-b': { 'c d': 1 } }, 1],
    ['{ "sum": $sum(input.n), "none": input.none }', { n: [1, 2] }, { sum: 3 }],
    ['$map(input.n, function($n) { $n * 2 })', { n: [1, 2] }, [2, 4]],
    ['input.n ~> $sum', { n: [1, 2] }, 3],
  ])('%s of %j is %j', async (source, input, result) => {
    expect(await evaluate(source, input)).toEqual(result);
  });

  it('reads outputs, item and index', async () => {
    const scope = { steps: { 'get-balance': { output: { sol: 3 }, status: 'completed' } }, item: ['x'], index: 2 };
    expect(await evaluate('[steps."get-balance".output.sol, item, index]', {}, scope)).toEqual([3, 'x', 2]);
    expect(await evaluate('item', {}, scope)).toEqual(['x']);
    expect(await evaluate('steps."get-balance".status', {}, scope)).toBe('completed');
  });

  it('gives plain JSON, without the marks JSONata leaves on lists', async () => {
    const result = (await evaluate('input.list.b', { list: [{ b: 1 }, { b: 2 }] })) as object;
    expect(Object.getOwnPropertyNames(result)).toEqual(['0', '1', 'length']);
  });

  it('gives for a plain path what JSONata gives', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const value = fc.letrec(tie => ({
      value: fc.oneof({ depthSize: 'small' }, fc.constantFrom(null, 1, 'x', true), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(key, tie('value'), { maxKeys: 3 })),
    })).value;
    await fc.assert(
      fc.asyncProperty(value, fc.array(key, { maxLength: 4 }), async (input, keys) => {
        const path = ['input', ...keys].join('.');
        const theirs: unknown = await jsonata(path).evaluate({ input });
        expect(await evaluate(path, input)).toEqual(theirs === undefined ? null : JSON.parse(JSON.stringify(theirs)));
      }),
    );
  });

  it('does not change what it is given', async () => {
    const input = { list: [3, 1, 2], a: { b: 1 } };
    const before = JSON.stringify(input);
    await evaluate('[$sort(input.list), $append(input.list, 4), $merge([input.a, {"c": 1}]), input ~> |a|{"b": 2}|, $reverse(input.list), $shuffle(input.list)]', input);
    expect(JSON.stringify(input)).toBe(before);
  });
});

describe('time and chance in an expression', () => {
  it('are what was recorded', async () => {
    expect(await evaluate('$now()')).toBe('2026-01-31T09:00:00.000Z');
    expect(await evaluate('$now("[Y0001]/[M01]")')).toBe('2026/01');
    expect(await evaluate('$now("[H01]:[m01]", "+0200")')).toBe('11:00');
    expect(await evaluate('$millis()')).toBe(recorded.now);
    expect(await evaluate('$fromMillis($toMillis("12:30", "[H01]:[m01]"))')).toBe('2026-01-31T12:30:00.000Z');
    expect(await evaluate('(function() { $toMillis("12:30", "[H01]:[m01]") })()')).toBe(Date.UTC(2026, 0, 31, 12, 30));
  });

  it('are the same in every evaluation with the same seed, and others with another', async () => {
    const source = '{ "dice": [$random(), $random()], "cards": $shuffle([1..50]), "more": $map([1..3], function($n) { $random() }) }';
    const first = await evaluate(source);
    expect(await evaluate(source)).toEqual(first);
    expect(await evaluate(source, {}, {}, { ...recorded, seed: 'other' })).not.toEqual(first);
    expect((first as { cards: number[] }).cards.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    const [a, b] = (first as { dice: number[] }).dice;
    expect(a).not.toBe(b);
  });

  it('do not mix between evaluations at the same time', async () => {
    const alone = await evaluate('[$random(), $random(), $millis()]');
    const others = Array.from({ length: 20 }, (_, n) => evaluate('[$random(), $random(), $millis()]', {}, {}, { ...recorded, seed: `${n}`, now: n }));
    const [together, ...rest] = await Promise.all([evaluate('[$random(), $random(), $millis()]'), ...others]);
    expect(together).toEqual(alone);
    expect(rest.map(values => (values as number[])[2])).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});

describe('an expression that goes wrong', () => {
  it('fails with its text, the place in it and the reason', async () => {
    expect(await failureOf('input.a + "x"', { a: 1 })).toEqual({
      code: 'expression_failed',
      message: 'The expression `input.a + "x"` could not be evaluated at character 9: The right side of the "+" operator must evaluate to a number',
      details: { expression: 'input.a + "x"', position: 9, reason: 'T2002' },
    });
    expect((await failureOf('$error("no funds")')).message).toContain('no funds');
    expect((await failureOf('[1, $sum]')).message).toBe('Expected `result[1]` of the expression `[1, $sum]` to be a JSON value, got a function');
    expect((await failureOf('function($x) { $x }')).code).toBe('expression_failed');
  });

  it.each([
    ['($f := function() { $f() }; $f())', {}],
    ['$map([1..1000000], function($n) { $n * 2 })', {}],
    ['$match(input.text, /(a+)+$/)', { text: `${'a'.repeat(40)}b` }],
    ['$contains(input.text, /a*a*a*a*b$/)', { text: 'a'.repeat(5_000) }],
    ['$replace(input.text, /(x|x)*y/, "")', { text: 'x'.repeat(40) }],
    ['$distinct(input.ids)', { ids: Array.from({ length: 60_000 }, (_, n) => `customer-${n}`) }],
  ])('is stopped at its time limit: %s', async (source, input) => {
    const failure = await failureOf(source, input, { ...recorded, timeLimitMs: 50, room: { maxBytes: 4_194_304, used: 0 }, apart: evaluatorProcess });
    expect(failure).toMatchObject({ code: 'expression_timeout', message: expect.stringContaining('to be evaluated within 50 ms; it was stopped') });
  });

  it('is stopped when it calls itself too deeply or makes a list that is too long', async () => {
    const patient = { ...recorded, timeLimitMs: 60_000, room: { maxBytes: 4_194_304, used: 0 }, apart: evaluatorProcess };
    expect(await failureOf('($f := function($n) { 1 + $f($n + 1) }; $f(0))', {}, patient)).toMatchObject({ code: 'expression_failed' });
    expect(await failureOf('[1..5000000]', {}, patient)).toMatchObject({ code: 'expression_failed' });
    expect(await evaluate('1 + 1')).toBe(2);
  });

  it('does not take the time of the others', async () => {
    const slow = failureOf('($f := function() { $f() }; $f())', {}, { ...recorded, timeLimitMs: 200, room: { maxBytes: 4_194_304, used: 0 }, apart: evaluatorProcess });
    expect(await evaluate('1 + 1', {}, {}, { ...recorded, timeLimitMs: 100, room: { maxBytes: 4_194_304, used: 0 }, apart: evaluatorProcess })).toBe(2);
    expect((await slow).code).toBe('expression_timeout');
  });

  it('uses regular expressions as JSONata does', async () => {
    const text = 'ab1cd22ef333';
    expect(await evaluate('$match(input, /([a-z]+)([0-9]+)/).groups', text)).toEqual(['ab', '1', 'cd', '22', 'ef', '333']);
    expect(await evaluate('$replace(input, /[0-9]+/, "-")', text)).toBe('ab-cd-ef-');
    expect(await evaluate('$split(input, /[0-9]+/)', text)).toEqual(['ab', 'cd', 'ef', '']);
    expect(await evaluate('$replace(input, /(A)(b)/i, "$2$1")', text)).toBe('ba1cd22ef333');
  });
});

describe('an expression cannot leave its data', () => {
  const hostile = JSON.parse('{ "__proto__": { "own": 1 }, "list": [{ "_jsonata_function": true, "implementation": "x" }] }') as object;

  it.each(['input.__proto__.polluted', 'input.constructor', 'input.constructor.prototype', 'input.list.constructor', '$string.constructor', 'input.toString', '"x".constructor', '$lookup(input.list, "constructor")', 'input.list.__proto__'])(
    'gives nothing for %s',
    async source => {
      expect(await evaluate(source, { list: [1] })).toBeNull();
    },
  );

  it('has no $eval', async () => {
    expect(compile('$eval("1")').reads.unknownVariables).toEqual(new Set(['eval']));
    expect((await failureOf('$eval("1 + 1")')).code).toBe('expression_failed');
  });

  it('leaves the prototypes of objects alone', async () => {
    await evaluate('[{ "__proto__": { "polluted": 1 } }, $merge([input, { "a": 1 }]), input ~> |$|{ "__proto__": { "polluted": 1 } }|]', hostile);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(({} as { own?: number }).own).toBeUndefined();
    expect(await evaluate('input.__proto__', hostile)).toEqual({ own: 1 });
  });

  it('runs nothing that only looks like a function', async () => {
    expect((await failureOf('$map([1], input.list[0])', hostile)).code).toBe('expression_failed');
    expect((await failureOf('(input.list[0])(1)', hostile)).code).toBe('expression_failed');
  });
});

it('knows every function of JSONata but $eval', async () => {
  for (const name of functionNames) expect(await jsonata(`$type($${name})`).evaluate({}), name).toBe('function');
  expect(functionNames).not.toContain('eval');
});
