import { describeValue } from '../core/wording.ts';
import { nameStep } from './check-graph.ts';
import { isObject, type StepOutline } from './outline.ts';
import type { Finding } from './problem.ts';
import { hasExpression } from './template.ts';
import type { StepKey, StepKind } from './step-kind.ts';
import { readUses } from './step-kinds.ts';
import type { WithMistake } from './wait.ts';

/** Checks what a step's keys must be, given what it uses. */
export function checkStep(step: StepOutline): Finding[] {
  const { uses } = step;
  const findings: Finding[] = [];
  const kind = uses === undefined ? undefined : readUses(uses)?.kind;
  for (const [key, reason] of Object.entries(kind?.refuses ?? {})) refuse(key as StepKey, reason);
  const mistake = kind && checkWith(step, kind);
  if (mistake) findings.push(mistake);
  const { run, depends_on: upstream } = step.source;
  if (run === 'always' && (!Array.isArray(upstream) || upstream.length === 0)) refuse('run', 'give it `depends_on`: without one it runs at the start, and nothing can keep it from running', 'without `depends_on`');
  if (step.source['for_each'] === undefined) {
    for (const key of ['concurrency', 'on_item_failure'] as const) refuse(key, 'it is about the items of `for_each`', 'without `for_each`');
  }
  return findings;

  function refuse(key: StepKey | 'concurrency' | 'on_item_failure' | 'run', reason: string, where = `with \`uses: ${uses}\``): void {
    if (step.source[key] === undefined) return;
    findings.push({
      code: 'key_not_allowed',
      path: ['steps', step.position, key],
      expected: `no \`${key}\` ${where}`,
      found: `\`${key}\``,
      message: `Expected ${nameStep(step)} (\`uses: ${uses}\`) to have no \`${key}\`; ${reason}`,
      atKey: true,
    });
  }
}

/** What is left to expressions is checked when they have been evaluated. */
function checkWith(step: StepOutline, { check, withKeys }: StepKind): Finding | undefined {
  const value = step.source['with'];
  if (isDynamic(value) || (isObject(value) && Object.values(value).some(isDynamic))) return undefined;
  const path = ['steps', step.position, 'with'];
  const mistake = check?.(value);
  if (mistake) return toFinding(step, path, mistake);
  const known = withKeys ?? [];
  const unknown = withKeys && isObject(value) ? Object.keys(value).find(key => !known.includes(key)) : undefined;
  if (unknown === undefined) return undefined;
  return {
    code: 'unknown_key',
    path: [...path, unknown],
    expected: `one of ${known.map(key => `\`${key}\``).join(', ')}`,
    found: `\`${unknown}\``,
    message: `Expected \`with\` of ${nameStep(step)} (\`uses: ${step.uses}\`) to have no key \`${unknown}\`; it can have ${known.map(key => `\`${key}\``).join(' or ')}`,
    atKey: true,
  };
}

const isDynamic = (value: unknown): boolean => typeof value === 'string' && hasExpression(value);

function toFinding(step: StepOutline, path: (string | number)[], { key, expected, found }: WithMistake): Finding {
  const name = key === undefined ? 'with' : `with.${key}`;
  const missing = found === undefined;
  return {
    code: missing ? 'missing_key' : 'invalid_value',
    path: key === undefined ? path : [...path, key],
    expected,
    found: describeValue(found),
    message: `Expected \`${name}\` of ${nameStep(step)} (\`uses: ${step.uses}\`) to be ${expected}, got ${describeValue(found)}`,
  };
}
