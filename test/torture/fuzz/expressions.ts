import { createSeededRandom, type Random } from '../../../src/core/ids.ts';
import { functionNames } from '../../../src/definition/expression-scan.ts';
import { parseExpression } from '../../../src/definition/expression.ts';
import type { FuzzResult } from './definitions.ts';
import { measureApart, pick, Stretches, Tally } from './measure.ts';
import { evaluatorProcess } from '../../../src/evaluator/evaluator.ts';

/** What arguments are made of; `N` is a large number. */
const texts = ['input.text', 'input.long', '$pad("ab", N)', '"2024-01-01T00:00:00Z"', '"#0.00;(#)"', '"[Y0001]-[M01]"', '"x"', '""', '$join([1..N].$string())', '"%E4%"', '"\\uD800"'];
const numbers = ['N', '0', '-1', '0.5', '1e308', '2', '$power(2, 60)', 'input.n', '$count(input.list)', '$length(input.long)'];
const lists = ['input.list', 'input.rows', '[1..N]', '[]', '$split(input.long, "a")', '[1..N].($ % 7)', '$append([1..N], input.list)', '[[1..9], [1..9]]'];
const objects = ['input', '{}', '{ "a": [1..N] }', '$merge([1..N].{ $string($): $ })', 'input.rows[0]', 'steps'];
const functions = ['function($x) { $x }', 'function($x, $y) { $x > $y }', 'function($x, $y) { $string($x) & $string($y) }', 'function($x) { $count($x) }', '$string', '$not', '$f', 'function($x) { $x ~> $sum }'];
const regexes = ['/a+/', '/(a+)+$/', '/\\w*?b/i', '/(?:)/', '/^(.*?,){9}x/'];

/** What each function takes: text, number, list, object, function, expression (regular) or text, anything. */
const kinds = { t: texts, n: numbers, l: lists, o: objects, f: functions, r: [...regexes, ...regexes, ...texts], a: [...texts, ...numbers, ...lists, ...objects] };
const signatures: Readonly<Record<(typeof functionNames)[number], string>> = {
  sum: 'l', count: 'l', max: 'l', min: 'l', average: 'l', string: 'a', substring: 'tnn', substringBefore: 'tt', substringAfter: 'tt', lowercase: 't', uppercase: 't', length: 't', trim: 't', pad: 'tnt',
  match: 'trn', contains: 'tr', replace: 'trtn', split: 'trn', join: 'lt', formatNumber: 'nt', formatBase: 'nn', formatInteger: 'nt', parseInteger: 'tt', number: 't', floor: 'n', ceil: 'n', round: 'nn',
  abs: 'n', sqrt: 'n', power: 'nn', random: '', boolean: 'a', not: 'a', map: 'lf', zip: 'll', filter: 'lf', single: 'lf', reduce: 'lfa', sift: 'of', keys: 'o', lookup: 'ot', append: 'll', exists: 'a', spread: 'o',
  merge: 'l', reverse: 'l', each: 'of', error: 't', assert: 'at', type: 'a', sort: 'lf', shuffle: 'l', distinct: 'l', base64encode: 't', base64decode: 't', encodeUrlComponent: 't', encodeUrl: 't',
  decodeUrlComponent: 't', decodeUrl: 't', toMillis: 'tt', fromMillis: 'ntt', clone: 'a', now: 'tt', millis: '',
};

const sizes = [10, 1_000, 30_000, 1_000_000, 100_000_000];

const fill = (random: Random, source: string): string => source.replaceAll('N', () => String(pick(random, sizes)));

/** Mostly with what it takes, also fewer of them; now and then with anything. */
function makeCall(random: Random, depth: number, name: (typeof functionNames)[number] = pick(random, functionNames)): string {
  const taken = [...signatures[name]] as (keyof typeof kinds)[];
  const fits = random.next() < 0.8;
  const given = fits ? taken.slice(0, Math.max(1, taken.length - pick(random, [0, 0, 1, 2]))) : Array.from<keyof typeof kinds>({ length: pick(random, [0, 1, 2, 3, 4]) }).fill('a');
  const source = given.map(kind => (depth > 0 && random.next() < 0.15 ? makeCall(random, depth - 1) : pick(random, kinds[kind])));
  return `$${name}(${source.map(text => fill(random, text)).join(', ')})`;
}

function makeExpression(random: Random, name: (typeof functionNames)[number]): string {
  const call = makeCall(random, 2, name);
  return pick(random, [call, call, call, `${fill(random, pick(random, kinds.a))} ~> $${name}`, `(${fill(random, pick(random, lists))}).${call}`, `input.rows^(${call})`, `input.rows[${call}]`, `{ "a": ${call} }`, `($f := function($x) { ${call} }; $f(1))`, `[1..1000].${call}`]);
}

const scope = {
  input: { text: 'The quick, brown fox', long: 'abc, '.repeat(40_000), n: 12_345.678, list: Array.from({ length: 20_000 }, (_, index) => (index * 7_919) % 1_000), rows: Array.from({ length: 2_000 }, (_, index) => ({ id: index, name: `n${index % 97}`, of: [index, { deep: index }] })) },
  steps: {},
};

/** Evaluates expressions made of every function with large arguments: each gives a value or a code, in time, and ends nobody. */
export async function fuzzExpressions(seed: number, count: number, limitMs: number): Promise<FuzzResult & { readonly longestApartMs: number }> {
  const random = createSeededRandom(seed);
  const tally = new Tally();
  const stretches = new Stretches();
  let longestApartMs = 0;
  for (let index = 0; index < count; index++) {
    const source = makeExpression(random, functionNames[index % functionNames.length] as (typeof functionNames)[number]);
    const parsed = parseExpression(source);
    if ('message' in parsed) {
      tally.codes.set('no expression', (tally.codes.get('no expression') ?? 0) + 1);
      continue;
    }
    const recorded = { now: 0, seed: 's', timeLimitMs: limitMs, room: { maxBytes: 4_194_304, used: 0 }, apart: evaluatorProcess };
    const { value: error, cpuMs } = await measureApart(() => parsed.evaluate(scope, recorded).then(() => undefined, (thrown: unknown) => thrown));
    longestApartMs = Math.max(longestApartMs, cpuMs ?? 0);
    // What is handed over and back is read outside of the limit; the process tells its CPU in hundredths of a second.
    // One call of a function of its language (`$pad` to 100 MB) is not cut off in the middle.
    if (cpuMs !== undefined && cpuMs > 3 * limitMs) tally.complain(`it took ${cpuMs} ms of CPU at a limit of ${limitMs} ms: ${source}`);
    tally.note(error, /^(taken|expression_failed|expression_timeout|expression_too_large|value_too_large|value_not_json)$/, () => source);
  }
  const longestMs = stretches.end();
  if (longestMs > 2 * limitMs) tally.complain(`the loop stood still for ${longestMs.toFixed(0)} ms of CPU at a limit of ${limitMs} ms`);
  return { count, longestMs, longestApartMs, codes: tally.describe(), complaints: tally.complaints };
}
