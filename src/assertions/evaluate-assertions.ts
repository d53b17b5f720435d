import { isDeepStrictEqual } from 'node:util';
import type { StepFailure } from '../core/failure.ts';
import type { AssertionResult } from '../core/score.ts';
import { describeValue, didYouMean, formatPath } from '../core/wording.ts';
import { type AssertionDefinition, assertionTypes, isAssertionType, isChangeType } from '../definition/assertion-schema.ts';
import { follow } from '../definition/json-pointer.ts';
import type { Path } from '../definition/problem.ts';
import { parseValuePath } from '../definition/value-path.ts';
import { findMismatch } from './find-mismatch.ts';
import { showValue } from './show-value.ts';

/** A tool that was called, as assertions see it. */
export interface AssertedToolCall {
  readonly tool: string;
  readonly status: string;
  readonly input?: unknown;
  readonly output?: unknown;
}

/** A step, as assertions see it. */
export interface AssertedStep {
  readonly status: string;
  readonly output?: unknown;
  readonly failure?: StepFailure | null;
}

/** What came of a flow, for its assertions to look at. */
export interface Evidence {
  readonly steps: { readonly [stepId: string]: AssertedStep };
  /** In the order in which they were made. */
  readonly toolCalls: readonly AssertedToolCall[];
  /** The last reading of the state; undefined: nothing reads it. */
  readonly state?: Reading | undefined;
  /** The first one. */
  readonly initial?: Reading | undefined;
}

/** A reading of the state, or why there is none. */
export type Reading = { readonly value: unknown } | { readonly failure: string };

type Verdict = Omit<AssertionResult, 'id' | 'type' | 'weight'>;

/**
 * Evaluates assertions against what came of a flow, in their order.
 *
 * What cannot be evaluated says so. A value that is missing is not a pass.
 *
 * @param timeLimitMs most CPU that one schema may take, ms
 */
export async function evaluateAssertions(assertions: readonly AssertionDefinition[], evidence: Evidence, timeLimitMs: number): Promise<AssertionResult[]> {
  const results: AssertionResult[] = [];
  for (const assertion of assertions) {
    const { id, type, weight } = assertion;
    results.push({ id, type, weight, ...(await evaluate(assertion, evidence, timeLimitMs)) });
  }
  return results;
}

const passed = (expected: unknown, actual: unknown): Verdict => ({ result: 'passed', ...show(expected, actual) });
const failed = (reason: string, expected: unknown, actual: unknown): Verdict => ({ result: 'failed', reason, ...show(expected, actual) });
const notEvaluated = (reason: string): Verdict => ({ result: 'not_evaluated', reason });

function show(expected: unknown, actual: unknown): Pick<AssertionResult, 'expected' | 'actual'> {
  return { ...(expected !== undefined && { expected: showValue(expected) }), ...(actual !== undefined && { actual: showValue(actual) }) };
}

async function evaluate(assertion: AssertionDefinition, evidence: Evidence, timeLimitMs: number): Promise<Verdict> {
  const { type, reason } = assertion;
  if (!isAssertionType(type)) {
    // Whoever wrote the definition may know better why nobody can tell.
    return notEvaluated(typeof reason === 'string' ? reason : `Nothing knows how to evaluate \`${type}\`${didYouMean(type, Object.keys(assertionTypes))}`);
  }
  const path = assertion.path === undefined ? undefined : parseValuePath(assertion.path);
  if (!path) return notEvaluated('It has no path that can be followed');
  return isChangeType(type) ? evaluateChange(assertion, path, evidence) : evaluateValue(assertion, path, evidence, timeLimitMs);
}

/** Where a path begins; or why there is nothing to look at. */
function findRoot(path: Path, evidence: Evidence): { readonly value: unknown; readonly rest: Path } | { readonly missing: string } | { readonly unknown: string } {
  const [root, second, third, ...deeper] = path;
  if (root === 'tool_calls') return { value: evidence.toolCalls, rest: path.slice(1) };
  if (root === 'state') return readState(evidence.state, 'state', path.slice(1));
  if (root !== 'steps') return { unknown: `Nothing is known of \`${String(root)}\`` };
  if (second === undefined) return { value: evidence.steps, rest: [] };
  const id = String(second);
  const step = Object.hasOwn(evidence.steps, id) ? evidence.steps[id] : undefined;
  if (!step) return { unknown: `There is no step \`${id}\`` };
  if (third === 'status') return { value: step.status, rest: deeper };
  if (third === 'failure') return { value: step.failure ?? undefined, rest: deeper };
  if (step.status === 'completed') return { value: step.output, rest: deeper };
  return { missing: `\`${id}\` has no output: it is ${step.status}${step.failure ? ` (${step.failure.code})` : ''}` };
}

function readState(reading: Reading | undefined, name: string, rest: Path): { readonly value: unknown; readonly rest: Path } | { readonly unknown: string } {
  if (!reading) return { unknown: `Nothing has read the ${name}` };
  return 'failure' in reading ? { unknown: `The ${name} could not be read: ${reading.failure}` } : { value: reading.value, rest };
}

async function evaluateValue(assertion: AssertionDefinition, path: Path, evidence: Evidence, timeLimitMs: number): Promise<Verdict> {
  const { type, value, min, max, schema } = assertion;
  const expected = type === 'range' ? { min, max } : type === 'matches' ? schema : type === 'exists' ? undefined : value;
  const root = findRoot(path, evidence);
  if ('unknown' in root) return notEvaluated(root.unknown);
  if ('missing' in root) return failed(root.missing, expected, undefined);
  const actual = follow(root.value, root.rest);
  if (actual === undefined) return failed(`There is nothing at \`${formatPath(path)}\``, expected, undefined);
  if (type === 'exists') return actual === null ? failed(`The value at \`${formatPath(path)}\` is \`null\``, expected, actual) : passed(expected, actual);
  if (type === 'equals') return isDeepStrictEqual(actual, value) ? passed(expected, actual) : failed(`Expected ${describeValue(value)}, got ${describeValue(actual)}`, expected, actual);
  if (type === 'matches') {
    const mismatch = await findMismatch(schema, actual, timeLimitMs);
    if (mismatch === undefined) return passed(expected, actual);
    return 'unusable' in mismatch ? notEvaluated(`The schema cannot be used: ${mismatch.unusable}`) : failed(mismatch.reason, expected, actual);
  }
  if (!isNumber(actual)) return failed(`Expected a number at \`${formatPath(path)}\`, got ${describeValue(actual)}`, expected, actual);
  const [least, most] = type === 'range' ? [min, max] : type === 'gte' ? [value, Infinity] : [-Infinity, value];
  return compare(actual, least, most, expected);
}

function evaluateChange(assertion: AssertionDefinition, path: Path, evidence: Evidence): Verdict {
  const { type, value } = assertion;
  const rest = path.slice(1);
  const last = readState(evidence.state, 'state', rest);
  const first = readState(evidence.initial, 'first state', rest);
  for (const reading of [first, last]) if ('unknown' in reading) return notEvaluated(reading.unknown);
  const [before, after] = [first, last].map(reading => ('value' in reading ? follow(reading.value, rest) : undefined));
  const expected = type === 'change_not_zero' ? undefined : value;
  for (const [name, read] of [['first', before], ['last', after]] as const) {
    if (!isNumber(read)) return failed(`Expected a number at \`${formatPath(path)}\` in the ${name} reading, got ${describeValue(read)}`, expected, undefined);
  }
  const change = (after as number) - (before as number);
  if (type === 'change_not_zero') return change === 0 ? failed(`It is still ${before as number}`, expected, change) : passed(expected, change);
  const verdict = type === 'change_gte' ? compare(change, value, Infinity, expected) : compare(change, -Infinity, value, expected);
  return verdict.result === 'failed' ? { ...verdict, reason: `${verdict.reason} (from ${before as number} to ${after as number})` } : verdict;
}

function compare(actual: number, least: unknown, most: unknown, expected: unknown): Verdict {
  if (typeof least !== 'number' || typeof most !== 'number') return notEvaluated('It has no bounds that are numbers');
  if (actual < least) return failed(`Expected at least ${least}, got ${actual}`, expected, actual);
  if (actual > most) return failed(`Expected at most ${most}, got ${actual}`, expected, actual);
  return passed(expected, actual);
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
