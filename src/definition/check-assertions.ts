import { describeValue, didYouMean } from '../core/wording.ts';
import { assertionKeys, assertionTypes, type AssertionType, isAssertionType, isChangeType } from './assertion-schema.ts';
import { checkSchema } from './check-input-schema.ts';
import { isObject } from './outline.ts';
import type { Finding, Path } from './problem.ts';
import { parseValuePath } from './value-path.ts';

const roots = ['steps', 'state', 'tool_calls'];
const stepFields = ['output', 'status', 'failure'];

interface Surroundings {
  /** Ids of the flow's steps. */
  readonly steps: ReadonlySet<string>;
  readonly state: { readonly [key: string]: unknown } | undefined;
}

/** Checks a flow's assertions and how its state is read: keys, paths, bounds, ids. */
export function checkAssertions(definition: unknown, ids: Iterable<string>, tools?: Iterable<string>): Finding[] {
  if (!isObject(definition)) return [];
  const { assertions, state } = definition;
  const surroundings = { steps: new Set(ids), state: isObject(state) ? state : undefined };
  const findings = checkState(surroundings, tools);
  if (!Array.isArray(assertions)) return findings;
  const seen = new Map<string, number>();
  for (const [position, assertion] of assertions.entries()) {
    if (!isObject(assertion)) continue;
    const { id, type } = assertion;
    const path = ['assertions', position];
    if (typeof id === 'string') {
      const first = seen.get(id);
      if (first === undefined) seen.set(id, position);
      else findings.push({ code: 'duplicate_assertion', path: [...path, 'id'], expected: 'an id that no other assertion has', found: `\`${id}\``, message: `Expected every assertion to have an id of its own, got \`${id}\` a second time; the first is \`assertions[${first}]\`` });
    }
    if (typeof type === 'string' && isAssertionType(type)) findings.push(...checkAssertion(assertion, type, path, surroundings));
  }
  return findings;
}

function checkState({ state, steps }: Surroundings, tools: Iterable<string> | undefined): Finding[] {
  if (!state) return [];
  const { initial, uses } = state;
  const findings: Finding[] = [];
  if (typeof initial === 'string' && !steps.has(initial)) {
    findings.push({ code: 'unknown_step', path: ['state', 'initial'], expected: 'the id of a step of this flow', found: `\`${initial}\``, message: `Expected \`state.initial\` to name a step of this flow, got \`${initial}\`${didYouMean(initial, steps)}` });
  }
  const name = typeof uses === 'string' && uses.startsWith('tool:') ? uses.slice('tool:'.length) : undefined;
  const known = tools && new Set(tools);
  if (name !== undefined && known && !known.has(name)) {
    const guess = didYouMean(name, known);
    const advice = `${guess === '' ? ';' : `${guess} If not,`} hand over its tool, on the command line with --tools`;
    findings.push({ code: 'unknown_tool', path: ['state', 'uses'], expected: 'the name of a tool that is there', found: `\`${name}\``, message: `Expected \`state.uses\` to be the name of a tool that is there, got \`${name}\`${advice}` });
  }
  return findings;
}

function checkAssertion(assertion: { readonly [key: string]: unknown }, type: AssertionType, path: Path, surroundings: Surroundings): Finding[] {
  const needed: readonly string[] = assertionTypes[type];
  const known: readonly string[] = [...assertionKeys, ...needed];
  const findings: Finding[] = [];
  const add = (key: string, expected: string, value: unknown, hint = ''): void => {
    const found = describeValue(value);
    findings.push({ code: value === undefined ? 'missing_key' : 'invalid_value', path: [...path, key], expected, found, message: `Expected \`${key}\` of the assertion \`${String(assertion['id'])}\` (\`${type}\`) to be ${expected}, got ${found}${hint}` });
  };
  for (const key of Object.keys(assertion)) {
    if (known.includes(key)) continue;
    findings.push({
      code: 'unknown_key', path: [...path, key], expected: `one of ${known.map(name => `\`${name}\``).join(', ')}`, found: `\`${key}\``, atKey: true,
      message: `Expected the assertion \`${String(assertion['id'])}\` (\`${type}\`) to have no key \`${key}\`${didYouMean(key, known) || `; it can have ${known.map(name => `\`${name}\``).join(', ')}`}`,
    });
  }
  const { path: where, value, min, max, schema } = assertion;
  if (where === undefined) add('path', 'a path such as `steps.swap.output.amount`', where);
  else if (typeof where === 'string') findings.push(...checkPath(where, type, [...path, 'path'], surroundings));
  if (needed.includes('value')) {
    if (value === undefined) add('value', type === 'equals' ? 'the value that is expected' : 'a number', value);
    else if (type !== 'equals' && !isNumber(value)) add('value', 'a number', value);
  }
  if (type === 'range') {
    if (!isNumber(min)) add('min', 'a number', min);
    if (!isNumber(max)) add('max', 'a number', max);
    if (isNumber(min) && isNumber(max) && min > max) add('max', `at least \`min\` (${min})`, max);
  }
  if (type === 'matches') {
    if (!isObject(schema) && typeof schema !== 'boolean') add('schema', 'a JSON Schema', schema);
    else findings.push(...checkSchema(schema, [...path, 'schema'], `the schema of \`${String(assertion['id'])}\``));
  }
  return findings;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function checkPath(text: string, type: AssertionType, at: Path, { steps, state }: Surroundings): Finding[] {
  const report = (expected: string, found: string, hint = '', code = 'invalid_value'): Finding[] => [{ code, path: at, expected, found: `\`${found}\``, message: `Expected the path \`${text}\` ${expected}, got \`${found}\`${hint}` }];
  const path = parseValuePath(text);
  if (!path || path.length === 0) return report('to be written like `steps.swap.output.items[0]["odd key"]`', text);
  const [root, second, third] = path;
  if (typeof root !== 'string' || !roots.includes(root)) return report('to begin with `steps`, `state` or `tool_calls`', String(root), didYouMean(String(root), roots));
  if (isChangeType(type)) {
    if (root !== 'state') return report(`to begin with \`state\`, since \`${type}\` compares two readings of it`, root);
    if (state && state['initial'] === undefined) return report('to be of a state with a first reading', 'none', '; name the step that took it in `state.initial`');
  }
  if (root === 'state' && !state) return report('to be read by something', 'no `state` in the flow', '; say with `state: { uses: tool:… }` which tool reads it');
  if (root !== 'steps') return [];
  if (second === undefined) return type === 'matches' ? [] : report('to name a step', text);
  if (!steps.has(String(second))) return report('to name a step of this flow', String(second), didYouMean(String(second), steps), 'unknown_step');
  if (third === undefined || !stepFields.includes(String(third))) {
    return report(`to go on with \`output\`, \`status\` or \`failure\` after \`${String(second)}\``, third === undefined ? text : String(third), third === undefined ? '' : didYouMean(String(third), stepFields) || `; did you mean \`output.${String(third)}\`?`);
  }
  return [];
}
