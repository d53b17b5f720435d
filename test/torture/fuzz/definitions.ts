import { globSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSeededRandom, type Random } from '../../../src/core/ids.ts';
import { isFlowError } from '../../../src/core/errors.ts';
import { parseFlow } from '../../../src/definition/parse.ts';
import { pick, readThreadCpu, Tally, upTo } from './measure.ts';

const folder = new URL('../../../', import.meta.url).pathname;
const texts = ['docs/examples/*.yml', 'test/fixtures/definition/*.yml', 'template/**/*.yml'].flatMap(pattern => globSync(pattern, { cwd: folder })).toSorted().map(file => readFileSync(folder + file, 'utf8'));

const pieces = [
  '&a', '*a', '<<: *a', '{', '}', '[', ']', ': ', '- ', '"', "'", '|', '>', '%', '{% ', ' %}', '{{ x }}', '#', '\t', '\n', '\u0000', '\uFEFF', '🙂', '!!binary ', '? ', '---\n', '~', '.nan', '1e400', '9007199254740993', '__proto__: 1', 'constructor: 1',
  'for_each: "{% input %}"', 'depends_on: [a, a]', 'retry: { maxAttempts: 0 }', 'run: always', 'mode: strict', 'when: false', 'uses: tool:none', 'pattern: "(a+)+$"', 'steps:', 'input: { $ref: "#" }', '{% $map([1..9], function($x) { $x }) %}', '{% steps.a.output ~> $eval %}',
];

/** Makes a definition another one: what a slip of the hand, a merge, or somebody with bad intent does. */
function mutate(random: Random, text: string): string {
  const lines = text.split('\n');
  const at = upTo(random, text.length);
  const line = upTo(random, lines.length);
  switch (upTo(random, 10)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + upTo(random, 20));
    case 1:
      return text.slice(0, at) + pick(random, pieces) + text.slice(at);
    case 2:
      return text.slice(0, at) + String.fromCharCode(upTo(random, 0x250)) + text.slice(at + 1);
    case 3:
      return lines.toSpliced(line, 1 + upTo(random, 3)).join('\n');
    case 4:
      return lines.toSpliced(upTo(random, lines.length), 0, ...lines.slice(line, line + 1 + upTo(random, 5))).join('\n');
    case 5:
      return lines.with(line, ' '.repeat(upTo(random, 9)) + (lines[line] ?? '').trimStart()).join('\n');
    case 6:
      return text.slice(0, at);
    case 7:
      return `${text.slice(0, at)}${pick(random, pieces).repeat(1 + upTo(random, 60))}${text.slice(at)}`;
    case 8: {
      const other = pick(random, texts).split('\n');
      return [...lines.slice(0, line), ...other.slice(upTo(random, other.length))].join('\n');
    }
    default:
      return lines.with(line, (lines[line] ?? '').replace(/:.*/, `: ${pick(random, pieces)}`)).join('\n');
  }
}

/** Now and then a piece thousands of times: what grows faster than its size shows. */
const swell = (random: Random, text: string): string => {
  const at = upTo(random, text.length);
  return text.slice(0, at) + `${pick(random, pieces)}${pick(random, ['', '\n', ' ', `\n  - `])}`.repeat(2_000 + upTo(random, 20_000)) + text.slice(at);
};

export interface FuzzResult {
  readonly count: number;
  readonly longestMs: number;
  readonly codes: string;
  readonly complaints: readonly string[];
}

/** Reads mutated definitions: each is taken, or refused with problems that have a code and a place. */
export async function fuzzDefinitions(seed: number, count: number, limitMs: number): Promise<FuzzResult> {
  const random = createSeededRandom(seed);
  const tally = new Tally();
  let longestMs = 0;
  for (let index = 0; index < count; index++) {
    let text = pick(random, texts);
    for (let times = 1 + upTo(random, 4); times > 0; times--) text = mutate(random, text);
    if (index % 500 === 0) text = swell(random, text);
    const begin = readThreadCpu();
    let error: unknown;
    try {
      parseFlow(text, { file: 'flow.yml' });
    } catch (thrown) {
      error = thrown;
    }
    const ms = readThreadCpu() - begin;
    longestMs = Math.max(longestMs, ms);
    if (ms > limitMs) tally.complain(`it took ${ms.toFixed(0)} ms to read: seed ${seed}, number ${index}, ${text.length} characters, ${JSON.stringify(text.slice(0, 300))}`);
    tally.note(error, /^(taken|definition_invalid|definition_too_large)$/, () => `seed ${seed}, number ${index}: ${JSON.stringify(text.slice(0, 500))}`);
    if (isFlowError(error, 'definition_invalid')) {
      const problems = (error.details?.['problems'] ?? []) as readonly { readonly code?: unknown; readonly place?: { readonly file?: unknown } }[];
      if (problems.length === 0 || problems.some(({ code, place }) => typeof code !== 'string' || place?.file !== 'flow.yml')) tally.complain(`a problem without code or place: ${JSON.stringify(text.slice(0, 500))}`);
    }
    if (index % 100 === 0) await nextTurn();
  }
  return { count, longestMs, codes: tally.describe(), complaints: tally.complaints };
}
