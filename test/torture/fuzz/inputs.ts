import { createSeededRandom, type Random } from '../../../src/core/ids.ts';
import { parseFlow } from '../../../src/definition/parse.ts';
import { validateInput } from '../../../src/definition/input-schema.ts';
import type { FlowDefinition } from '../../../src/definition/schema.ts';
import type { FuzzResult } from './definitions.ts';
import { measureApart, pick, Stretches, Tally, upTo } from './measure.ts';

const formats = ['date', 'time', 'date-time', 'duration', 'email', 'uri', 'url', 'uuid', 'ipv4', 'ipv6', 'hostname', 'regex', 'json-pointer'];
/** Quick ones, and those that double with each character. */
const patterns = ['^[a-z]+$', '^\\d{4}-\\d{2}$', '^(a|b)*c$', '[A-Z]{2,5}', '^\\S+@\\S+$', '^.{0,40}$', '(\\w+)\\s\\1', '^[\\p{L} ]+$'];
const slowPatterns = ['^(a+)+$', '^(a|a)*$', '^(.*a){12}$', '([a-z]+)*\\d', '^(\\w+\\s?)*$', '(x+x+)+y'];

function makeSchema(random: Random, isSlow: boolean): object {
  const patterned = (): object => ({ type: 'string', pattern: pick(random, isSlow ? slowPatterns : patterns) });
  const leaf = (): object => pick(random, [patterned, () => ({ type: 'string', format: pick(random, formats) }), () => ({ type: 'integer', minimum: 1, multipleOf: 3 }), () => ({ enum: ['a', 1, null] }), () => ({ type: 'string', minLength: 1, maxLength: 20 })])();
  const properties = Object.fromEntries(Array.from({ length: 1 + upTo(random, 5) }, (_, index) => [`p${index}`, index === 0 ? patterned() : leaf()]));
  return pick<() => object>(random, [
    () => ({ type: 'object', properties, required: ['p0'], additionalProperties: random.next() < 0.5 }),
    () => ({ type: 'object', properties: { p0: patterned(), list: { type: 'array', items: leaf(), uniqueItems: true, maxItems: 50 } } }),
    () => ({ type: 'object', properties: { p0: { anyOf: [patterned(), leaf(), leaf()] } }, patternProperties: { [pick(random, patterns)]: leaf() } }),
    () => ({ type: 'object', properties: { p0: patterned(), tree: { $ref: '#/$defs/tree' } }, $defs: { tree: { type: 'object', properties: { of: { type: 'array', items: { $ref: '#/$defs/tree' } }, name: leaf() } } } }),
  ])();
}

const words = ['a', 'abc', 'AB', '2024-02-30', 'ann@example.com', 'https://example.com/?q=1', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!', 'ä 🙂', '', ' ', '127.0.0.1', '::1', 'P1D', '(', '\u0000'];

function makeValue(random: Random, depth = 0): unknown {
  const text = (): string => pick(random, words).repeat(1 + upTo(random, pick(random, [1, 3, 40])));
  switch (upTo(random, depth > 3 ? 4 : 7)) {
    case 0:
      return text();
    case 1:
      return pick(random, [0, 3, -1, 1e300, 0.1, 2 ** 53]);
    case 2:
      return pick(random, [null, true, false]);
    case 3:
      return text();
    case 4:
      return Array.from({ length: upTo(random, 8) }, () => makeValue(random, depth + 1));
    default:
      return Object.fromEntries(Array.from({ length: upTo(random, 5) }, () => [pick(random, ['p0', 'p1', 'p2', 'list', 'tree', 'of', 'name', '__proto__x', pick(random, words)]), makeValue(random, depth + 1)]));
  }
}

const makeInput = (random: Random): unknown => ({ p0: pick(random, words).repeat(1 + upTo(random, 60)), ...(makeValue(random, 1) as object) });

/** Checks mutated inputs against schemas with patterns and formats: each is taken, refused, or its check is stopped; and nothing holds up the loop. */
export async function fuzzInputs(seed: number, count: number, limitMs: number): Promise<FuzzResult & { readonly longestApartMs: number }> {
  const random = createSeededRandom(seed);
  const tally = new Tally();
  const stretches = new Stretches();
  let longestApartMs = 0;
  let definition: FlowDefinition | undefined;
  for (let index = 0; index < count; index++) {
    // A schema is looked at once, and has many inputs; few schemas are of the kind that meets the limit.
    if (index % 100 === 0) definition = undefined;
    const isSlow = index % 5_000 >= 4_900;
    definition ??= parseFlow(JSON.stringify({ id: 'f', input: makeSchema(random, isSlow), steps: [{ id: 'a', uses: 'exec', with: { command: 'true' } }] }));
    const input = makeInput(random);
    const checked = definition;
    const { value: error, cpuMs } = await measureApart(() => validateInput(checked, input, limitMs).then(() => undefined, (thrown: unknown) => thrown));
    longestApartMs = Math.max(longestApartMs, cpuMs ?? 0);
    // The process tells its CPU in tenths of a second's tenth, and begins a new thread after one that it ended.
    if (cpuMs !== undefined && cpuMs > 2 * limitMs + 50) tally.complain(`its check took ${cpuMs} ms of CPU at a limit of ${limitMs} ms: ${JSON.stringify({ schema: definition.input, input }).slice(0, 600)}`);
    tally.note(error, /^(taken|input_invalid|input_check_timeout)$/, () => JSON.stringify({ seed, index, schema: checked.input, input }).slice(0, 800));
  }
  const longestMs = stretches.end();
  if (longestMs > 2 * limitMs) tally.complain(`the loop stood still for ${longestMs.toFixed(0)} ms of CPU at a limit of ${limitMs} ms`);
  return { count, longestMs, longestApartMs, codes: tally.describe(), complaints: tally.complaints };
}
