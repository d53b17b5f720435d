/* Evaluates the same expressions again and again, and says what came of each; whoever began it loads the machine and stops it meanwhile. */
import { isFlowError } from '../../../src/core/errors.ts';
import { parseExpression } from '../../../src/definition/expression.ts';
import { measureApart } from './measure.ts';
import { evaluatorProcess } from '../../../src/evaluator/evaluator.ts';

const limitMs = Number(process.argv[2]);
const rounds = Number(process.argv[3]);

/** Far below the limit, or far above it: on no machine near to it. */
const sources = [
  'input.rows[n > 5].n', '$sum(input.rows.(n * 2))', '$count($distinct(input.few))', '$map(input.few, function($x) { $uppercase($x) })[0]', '$contains(input.few[0], /c[a-z]+-\\d/)',
  '($f := function($n) { $n <= 0 ? 0 : $f($n - 1) }; $f(200))', '$join($sort(input.few), ",") ~> $length', 'input.missing.at.all', '$number("x")', '$string(input.few[7])',
  '$count($distinct(input.many))', '($f := function($n) { $f($n + 1) }; $f(1))', '$match(input.bad, /^(a+)+$/)', '$reduce([1..900000], function($a, $b) { $a + $b })',
];
const scope = { input: {
  rows: Array.from({ length: 1_500 }, (_, n) => ({ n })), few: Array.from({ length: 200 }, (_, n) => `customer-${n}`), many: Array.from({ length: 60_000 }, (_, n) => `customer-${n}`), bad: `${'a'.repeat(40)}!`,
}, steps: {} };

for (let round = 0; round < rounds; round++) {
  for (const source of sources) {
    const parsed = parseExpression(source);
    if ('message' in parsed) throw new Error(parsed.message);
    process.send?.({ begins: source });
    const { value, cpuMs } = await measureApart(() => parsed.evaluate(scope, { now: 0, seed: 's', timeLimitMs: limitMs, room: { maxBytes: 4_194_304, used: 0 }, apart: evaluatorProcess }).then(
      result => `gives ${JSON.stringify(result).slice(0, 60)}`,
      (error: unknown) => (isFlowError(error) ? error.code : `no FlowError: ${String(error)}`),
    ));
    process.send?.({ source, verdict: value, cpuMs });
  }
}
process.exit(0);
