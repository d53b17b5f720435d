import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFlowError } from '../../src/core/errors.ts';
import { checkBySchema } from '../../src/definition/check-by-schema.ts';
import { parseExpression } from '../../src/definition/expression.ts';
import { computeCost, findGrowth } from '../../src/definition/expression-cost.ts';
import { growsTooMuch } from '../../src/definition/expression-copies.ts';
import { compileProgram } from '../../src/definition/expression-engine.ts';
import type { RecordedValues } from '../../src/definition/plan.ts';
import { computeSchemaCost, isQuicklyChecked, toPatternDegree } from '../../src/definition/schema-cost.ts';
import { evaluateApart, evaluatorProcess } from '../../src/evaluator/evaluator.ts';

const toRecorded = (timeLimitMs = 1_000, maxBytes = 4_194_304): RecordedValues => ({ now: 0, seed: 's', timeLimitMs, room: { maxBytes, used: 0 }, apart: evaluatorProcess });

async function evaluate(source: string, input: unknown = {}, recorded = toRecorded()): Promise<unknown> {
  const expression = parseExpression(source);
  if ('message' in expression) throw new Error(expression.message);
  return expression.evaluate({ input, steps: {} }, recorded);
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(() => 'nothing went wrong', error => (isFlowError(error) ? error.code : String(error)));

const isNear = (source: string, input: unknown = {}): boolean => {
  const growth = findGrowth(compileProgram(source).tree);
  return growth !== undefined && computeCost(growth, { input, steps: {} }) !== undefined;
};

describe('an expression that may take long', () => {
  it('gives apart what it gives here', async () => {
    const input = { a: [{ b: 1, c: 'x' }, { b: 2, c: 'y' }], t: 'Text with ünïcode \u0000 and \ud800', none: null, __proto__: { x: 1 } };
    for (const source of ['input.a[b > 1].c', '{ "n": $count(input.a), "all": input.a.c }', 'input.t & $uppercase(input.t)', '[$now(), $random()]', 'input.missing', 'input.none', 'input.a{c: b}', '$']) {
      expect(isNear(source, input)).toBe(true);
      const apart = await evaluateApart({ kind: 'expression', source, scope: JSON.stringify({ input, steps: {} }), now: 0, seed: 's', maxBytes: 4_194_304 }, 1_000);
      expect({ source, value: 'value' in apart ? JSON.parse(apart.value) : apart }).toEqual({ source, value: await evaluate(source, input) });
    }
    expect(await evaluate('$map(input.a, function($one) { $one.b * 2 })', input)).toEqual([2, 4]);
    expect(await codeOf(evaluate('$map(input.a, function($one) { $one.c * 2 })', input))).toBe('expression_failed');
  });

  it('ends nothing but itself when it needs too much memory', async () => {
    const greedy = '$split($pad("x", 200000000), "")';
    expect(await codeOf(evaluate(greedy, {}, toRecorded(60_000)))).toBe('expression_too_large');
    expect(await codeOf(evaluate('$pad("x", 300000000)'))).toBe('value_too_large');
    expect(await evaluate('$map([1..3], function($n) { $n })')).toEqual([1, 2, 3]);
  });

  it('is given its limit in CPU, whatever else this process does in the meantime', async () => {
    await evaluate('$map([1..3], function($n) { $n })');
    const small = evaluate('$sum($map([1..100], function($n) { $n }))', {}, toRecorded(200));
    const until = performance.now() + 600;
    while (performance.now() < until);
    expect(await small).toBe(5_050);
  });

  it('leaves room for no more than a step may hold, however many expressions it has', async () => {
    const recorded = toRecorded(1_000, 1_000);
    expect(await evaluate('$pad("x", 600)', {}, recorded)).toHaveLength(600);
    expect(await codeOf(evaluate('$pad("x", 600)', {}, recorded))).toBe('value_too_large');
    expect(await codeOf(evaluate('input.a & input.a', { a: 'x'.repeat(300) }, recorded))).toBe('value_too_large');
  });
});

describe('an expression that is evaluated here', () => {
  it.each([
    ['input.a[b > 1].c', true],
    ['input.a.{ "x": b, "y": [c, d] }', true],
    ['$string(input) & " " & $uppercase(input.a)', true],
    ['input.a ?: input.b ?? input.c', true],
    ['$contains(input.a, /x/)', false],
    ['$map(input.a, function($x) { $x })', false],
    ['input.a ~> $count', false],
    ['[1..10]', true],
    ['[1..input.n]', false],
    ['($x := 1; $x)', false],
    ['$pad("x", 10)', false],
    ['$fromMillis(0, "[Y]")', false],
    ['$string(input, true)', false],
    ['input.**.a', false],
    ['input.a^(b)', false],
    ['input.a@$x.b', false],
    ['input.a#$i.b', false],
    ['input ~> |a|{"b": 1}|', false],
    ['$join(input.a, "x")', false],
    ['input.a.($distinct(b[$distinct(c[$distinct(d) = 1]) = 1]))', true],
  ] as const)('%s: %s', (source, near) => {
    expect(isNear(source)).toBe(near);
  });

  it('is so only over a value that is small enough for it', () => {
    const list = (length: number): unknown => ({ a: Array.from({ length }, (_, n) => n) });
    expect([100, 1_000, 20_000].map(length => isNear('input.a[$ > 3]', list(length)))).toEqual([true, true, false]);
    expect([100, 1_000].map(length => isNear('$distinct(input.a)', list(length)))).toEqual([true, false]);
    expect([100, 1_000_000].map(length => isNear('$length(input.a)', { a: 'x'.repeat(length) }))).toEqual([true, false]);
  });

  it('is refused when its parts would be in it too often', () => {
    let source = 'input.a';
    for (let depth = 0; depth < 60; depth++) source = `(${source}) ?: input.a`;
    expect(parseExpression(source)).toMatchObject({ message: 'it has too many `?:` and `??` within each other' });
    for (const fine of [Array.from({ length: 200 }, () => 'input.a').join(' ?: '), source.replaceAll(/[()]/g, ''), `$contains(input.a, /${'(?:x)'.repeat(40)}/)`, `"${'?:'.repeat(40)}"`, `[${'(a ?? b) ?? c, '.repeat(40)}1]`]) {
      expect({ fine, mistake: 'message' in parseExpression(fine) }).toEqual({ fine, mistake: false });
    }
  });

  it('is measured through regular expressions and comments in it', () => {
    for (const [open, close] of [['(/\\)\\/[x]/; ', ')'], ['(1 /* ) */; ', ')'], ['$f(a / 2, ', ')'], ['[")", ', ']'], ['{"k": ', '}'], ['(a and /)(/; ', ')']] as const) {
      let source = 'input.a';
      for (let depth = 0; depth < 60; depth++) source = `${open}${source}${close} ?? input.a`;
      expect(growsTooMuch(source)).toBe(true);
    }
  });
});

describe('checking by a schema', () => {
  it.each([
    [{ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`],
    [{ type: 'string', format: 'url' }, `http://${'a'.repeat(8_000)}[`],
    [{ type: 'object', patternProperties: { '(x+x+)+y': true } }, { [`${'x'.repeat(40)}z`]: 1 }],
    [{ propertyNames: { pattern: '^(\\w+\\s?)*$' } }, { [`${'x'.repeat(60)}!`]: 1 }],
    [{ $defs: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`a${n}`, n === 39 ? { type: 'null' } : { anyOf: [{ $ref: `#/$defs/a${n + 1}` }, { $ref: `#/$defs/a${n + 1}` }] }])), $ref: '#/$defs/a0' }, 1],
    [{ type: 'array', uniqueItems: true }, Array.from({ length: 100_000 }, (_, n) => ({ n }))],
  ])('is stopped at its limit: %j', async (schema, value) => {
    expect(await codeOf(checkBySchema(schema, value, 100))).toBe('input_check_timeout');
  });

  it('gives apart what it gives here', async () => {
    const schema = { type: 'object', required: ['id'], properties: { id: { type: 'string', pattern: '^[a-z]+$' }, n: { type: 'integer', minimum: 3 } } };
    for (const value of [{ id: 'abc', n: 4 }, { id: 'A', n: 1 }, [], { n: 'x' }]) {
      const cost = computeSchemaCost(schema);
      expect(cost && isQuicklyChecked(cost, value)).toBe(true);
      const apart = await evaluateApart({ kind: 'schema', schema: JSON.stringify(schema), value: JSON.stringify(value) }, 1_000);
      expect('value' in apart && JSON.parse(apart.value)).toEqual(await checkBySchema(schema, value, 1_000));
    }
  });

  it.each([
    ['^[a-z0-9-]+$', 1], ['^\\d{4}-\\d{2}$', 1], ['[a-z]+@[a-z]+', 3], ['^a*a*a*$', 3], ['^(foo|bar)$', 1], ['^\\d+(\\.\\d+)?$', 2], ['\\[x\\]+', 2],
    ['^(a+)+$', Infinity], ['^(ab)*$', Infinity], ['(.)\\1', Infinity], ['(?<x>a)\\k<x>', Infinity], ['^(a|b){2}$', Infinity], ['a{5000}', Infinity], ['(a|b)(a|b)(a|b)(a|b)(a|b)', Infinity], ['x'.repeat(300), Infinity],
  ])('knows how the steps of %s grow', (pattern, degree) => {
    expect(toPatternDegree(pattern)).toBe(degree);
  });

  it('takes no more steps over a text than it foresees', () => {
    const atom = fc.constantFrom('a', '.', '\\w', '[ab]', '(a|b)', '(a)?', 'b', '(?:ab)', '[^c]');
    const piece = fc.tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '*?')).map(([one, times]) => `${one}${times}`);
    const pattern = fc.tuple(fc.constantFrom('', '^'), fc.array(piece, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '$')).map(parts => parts.flat().join(''));
    fc.assert(fc.property(pattern, fc.constantFrom('a', 'ab', 'abc', 'b'), (source, text) => {
      let regex: RegExp;
      try {
        regex = new RegExp(source, 'u');
      } catch {
        return;
      }
      const degree = toPatternDegree(source);
      const value = text.repeat(Math.floor(Math.min(1_000, 200_000 ** (1 / degree)) / text.length));
      // Ends: with a repetition in a repetition it would not.
      if (Number.isFinite(degree)) regex.test(`${value}!`);
    }));
  });
});
