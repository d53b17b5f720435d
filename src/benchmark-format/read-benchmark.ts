import type { z } from 'zod';
import { findNotJson } from '../core/json.ts';
import { describeValue, didYouMean, formatPath } from '../core/wording.ts';
import { follow } from '../definition/json-pointer.ts';
import { isObject } from '../definition/outline.ts';
import type { Finding } from '../definition/problem.ts';
import { type Benchmark, benchmarkSchema } from './benchmark-schema.ts';

/** Tells a benchmark file from a flow: it has a prompt or a ground truth, and no `steps`. */
export function isBenchmark(value: unknown): value is { readonly [key: string]: unknown } {
  return isObject(value) && !('steps' in value) && ('ground_truth' in value || ('prompt' in value && 'initial_state' in value));
}

/** Checks a value against the format; what does not fit comes back as findings, all at once. */
export function readBenchmark(value: unknown): { readonly benchmark: Benchmark } | { readonly findings: readonly Finding[] } {
  const notJson = findNotJson(value);
  if (notJson) return { findings: [{ code: 'invalid_value', ...notJson }] };
  const parsed = benchmarkSchema.safeParse(value);
  if (!parsed.success) return { findings: parsed.error.issues.map(issue => toFinding(issue, value)) };
  const findings = checkSteps(parsed.data);
  return findings.length === 0 ? { benchmark: parsed.data } : { findings };
}

function toFinding(issue: z.core.$ZodIssue, root: unknown): Finding {
  const path = issue.path.filter(key => typeof key !== 'symbol');
  const value = follow(root, path);
  const expected = issue.message;
  const found = describeValue(value);
  const hint = issue.code === 'invalid_value' && typeof value === 'string' ? didYouMean(value, issue.values.map(String)) : '';
  const name = path.length === 0 ? 'the file' : `\`${formatPath(path)}\``;
  return { code: value === undefined ? 'missing_key' : 'invalid_value', path, expected, found, message: `Expected ${name} to be ${expected}, got ${found}${hint}` };
}

/** The name under which later steps wait for a step's result. */
export const toResultId = (step: number): string => `step_${step}_result`;

/** Reads `step_1_result`, or `step_1`, as the number of a step. */
export function readDependency(text: string): number | undefined {
  const number = /^step_(\d{1,6})(?:_result)?$/.exec(text)?.[1];
  return number === undefined ? undefined : Number(number);
}

function checkSteps({ flow = [], ground_truth: truth }: Benchmark): Finding[] {
  const findings: Finding[] = [];
  const numbers = new Map<number, number>();
  for (const [at, { step }] of flow.entries()) {
    const first = numbers.get(step);
    if (first === undefined) numbers.set(step, at);
    else findings.push({ code: 'duplicate_step', path: ['flow', at, 'step'], expected: 'a number that no other step has', found: `\`${step}\``, message: `Expected every step to have a number of its own, got ${step} a second time; the first is \`flow[${first}]\`` });
  }
  const results = [...numbers.keys()].map(toResultId);
  const reportUnknown = (path: Finding['path'], name: string): void => {
    findings.push({ code: 'unknown_step', path, expected: 'the result of a step of this file', found: `\`${name}\``, message: `Expected \`${formatPath(path)}\` to name the result of a step of this file (${results.join(', ') || 'there are none'}), got \`${name}\`${didYouMean(name, results)}` });
  };
  for (const [at, { step, depends_on: dependsOn = [] }] of flow.entries()) {
    for (const [place, name] of dependsOn.entries()) {
      const number = readDependency(name);
      if (number === undefined || !numbers.has(number)) reportUnknown(['flow', at, 'depends_on', place], name);
      else if (number === step) findings.push({ code: 'dependency_cycle', path: ['flow', at, 'depends_on', place], expected: 'steps that do not wait for themselves', found: `\`${name}\``, message: `Expected no step to wait for itself, got \`${name}\` in step ${step}` });
    }
  }
  for (const [at, { step }] of (truth?.expected_instructions ?? []).entries()) {
    if (step !== undefined && flow.length > 0 && !numbers.has(step)) reportUnknown(['ground_truth', 'expected_instructions', at, 'step'], toResultId(step));
  }
  return findings;
}
