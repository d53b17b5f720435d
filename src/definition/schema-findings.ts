import { listStepKinds } from './step-kinds.ts';
import type { z } from 'zod';
import { describeValue, didYouMean, findNearest, formatPath } from '../core/wording.ts';
import { follow } from './json-pointer.ts';
import { isObject } from './outline.ts';
import type { Finding, Path } from './problem.ts';
import { definitionKeys, flowSchema, type FlowDefinition } from './schema.ts';

/** Words people use for a key of ours. */
const otherNames: { readonly [key: string]: string } = {
  name: 'id', needs: 'depends_on', dependsOn: 'depends_on', dependencies: 'depends_on', requires: 'depends_on', run: 'uses', tool: 'uses',
  always: 'run', type: 'uses', outputDir: 'output_dir', contentType: 'content_type', if: 'when', condition: 'when', foreach: 'for_each', forEach: 'for_each', params: 'with', inputs: 'with', args: 'with',
  retries: 'retry', max_attempts: 'maxAttempts', maxRetries: 'maxAttempts', attempts: 'maxAttempts', minScore: 'min_score',
  flowType: 'flow_type', asserts: 'assertions', checks: 'assertions', expect: 'assertions', probe: 'state', tasks: 'steps', jobs: 'steps', backoff: 'backoffCoefficient',
};

/** Checks a value against the schema of a flow; what does not fit comes back as findings, all at once. */
export function readSchema(value: unknown): { readonly definition?: FlowDefinition; readonly findings: readonly Finding[] } {
  const parsed = flowSchema.safeParse(value);
  if (parsed.success) return { definition: parsed.data, findings: [] };
  return { findings: parsed.error.issues.flatMap(issue => toFindings(issue, value)) };
}

function toFindings(issue: z.core.$ZodIssue, root: unknown): Finding[] {
  const path = issue.path.filter(key => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const emptied = findEmptied(follow(root, path));
    return issue.keys.map(key => toUnknownKey(path, key, emptied));
  }
  const value = follow(root, path);
  const expected = issue.message;
  const found = describeValue(value);
  if (value === undefined) {
    const name = formatPath(path);
    return [{ code: 'missing_key', path, expected, found, message: `Expected \`${name}\` to be ${expected}, got nothing` }];
  }
  const hint = toHint(path, value, issue);
  const message = hint === '' ? undefined : `Expected \`${formatPath(path)}\` to be ${expected}, got ${found}${hint}`;
  return [{ code: 'invalid_value', path, expected, found, ...(message !== undefined && { message }) }];
}

function toKind(path: Path): keyof typeof definitionKeys {
  if (path.at(-1) === 'retry' && path.at(-2) === 'recover') return 'furtherRetry';
  if (path.at(-1) === 'retry' || path.at(-1) === 'recover') return path.at(-1) as 'retry' | 'recover';
  if (path.at(-2) === 'recover') return 'ask';
  if (path.length === 1 && (path[0] === 'state' || path[0] === 'consolidation')) return path[0];
  if (path.at(-2) === 'artifacts') return 'artifact';
  return path.at(-2) === 'models' ? 'model' : 'step';
}

/** A key without a value, above keys that were to be its own: they are indented too little. */
function findEmptied(value: unknown): string | undefined {
  return isObject(value) ? Object.keys(value).find(key => value[key] === null) : undefined;
}

function toUnknownKey(path: Path, key: string, emptied: string | undefined): Finding {
  const kind = path.length === 0 ? 'flow' : toKind(path);
  const known: readonly string[] = definitionKeys[kind];
  const renamed = Object.hasOwn(otherNames, key) ? otherNames[key] : undefined;
  const hint = emptied !== undefined ? `; if it belongs to \`${emptied}\`, which is empty, indent it further` : renamed !== undefined && known.includes(renamed) ? `; did you mean \`${renamed}\`?` : didYouMean(key, known);
  const where = path.length === 0 ? 'a flow' : `\`${formatPath(path)}\``;
  return {
    code: 'unknown_key',
    path: [...path, key],
    expected: `one of ${known.map(name => `\`${name}\``).join(', ')}`,
    found: `\`${key}\``,
    message: `Expected ${where} to have no key \`${key}\`${hint === '' ? `; it can have ${known.map(name => `\`${name}\``).join(', ')}` : hint}`,
    atKey: true,
  };
}

function toHint(path: Path, value: unknown, issue: z.core.$ZodIssue): string {
  if (typeof value !== 'string') return '';
  if (issue.code === 'invalid_value') return didYouMean(value, issue.values.map(String));
  if (path.at(-1) !== 'uses') return '';
  const [prefix = '', ...rest] = value.split(':');
  const nearest = findNearest(prefix, listStepKinds().filter(({ target }) => (target === undefined) === (rest.length === 0)).map(({ name }) => name));
  if (rest.length > 0) return nearest === undefined || rest.join(':') === '' ? '' : `; did you mean \`${nearest}:${rest.join(':')}\`?`;
  if (nearest !== undefined) return `; did you mean \`${nearest}\`?`;
  return /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(value) ? `; did you mean \`tool:${value}\`?` : '';
}
