import { FlowError } from '../core/errors.ts';
import { maxEvaluationMemoryMb } from '../evaluator/evaluation-task.ts';
import { canEvaluateApart, evaluateApart } from '../evaluator/evaluator.ts';
import type { InputProblem } from './input-problems.ts';
import { computeSchemaCost, isQuicklyChecked, type SchemaCost } from './schema-cost.ts';
import { findProblems } from './schema-validator.ts';

const costs = new WeakMap<object, { readonly cost: SchemaCost | undefined }>();

/**
 * Lists what is wrong with a JSON value by a JSON Schema (2020-12), `format` included.
 *
 * Here, when that is sure to be quick; else in a process of its own: a pattern can take for ever over a short text.
 *
 * @param timeLimitMs most CPU it may take, ms
 * @throws a `FlowError` with code `input_schema_invalid` or `input_check_timeout`
 */
export async function checkBySchema(schema: object | boolean, value: unknown, timeLimitMs: number): Promise<readonly InputProblem[]> {
  const cost = getCost(schema);
  if (!canEvaluateApart() || (cost && isQuicklyChecked(cost, value))) return findProblems(schema, value);
  const outcome = await evaluateApart({ kind: 'schema', schema: JSON.stringify(schema), value: JSON.stringify(value) }, timeLimitMs);
  if ('value' in outcome) return JSON.parse(outcome.value) as InputProblem[];
  if ('error' in outcome) throw new FlowError(outcome.error.code, outcome.error.message);
  const limit = outcome.overrun === 'time' ? `${timeLimitMs} ms` : `${maxEvaluationMemoryMb} MiB of memory`;
  throw new FlowError('input_check_timeout', `Expected its schema to be checked within ${limit}; it was stopped. A pattern with a repetition in a repetition, or a format, may take for ever over a long text`);
}

function getCost(schema: object | boolean): SchemaCost | undefined {
  if (typeof schema !== 'object' || schema === null) return computeSchemaCost(schema);
  const known = costs.get(schema);
  if (known) return known.cost;
  const cost = computeSchemaCost(schema);
  costs.set(schema, { cost });
  return cost;
}
