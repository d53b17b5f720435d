import type { StepRecord } from '../../persistence/records.ts';
import { noItem, toLocalAddress } from '../core/address.ts';
import { FlowError } from '../core/errors.ts';
import { createFailure, type StepFailure } from '../core/failure.ts';
import { toIdempotencyKey } from '../core/ids.ts';
import { encodeJson } from '../core/json.ts';
import { toFailure } from '../core/thrown-failure.ts';
import type { CompiledValue, ExpressionScope, PlannedStep, RecordedValues } from '../definition/plan.ts';
import { startWait } from '../definition/step-kinds.ts';
import { conditionFalse, type Evaluated, type Prepared } from './messages.ts';
import { countPostponed } from './back-off.ts';
import type { FlowTree } from './tree.ts';

export interface Preparation {
  readonly tree: FlowTree;
  readonly position: number;
  readonly item: number;
  readonly now: number;
  /** Most CPU one evaluation may take, ms. */
  readonly timeLimitMs: number;
  /** Most that its values may come to, bytes of JSON. */
  readonly maxBytes: number;
  /** Where what may be much is evaluated; left out: here. */
  readonly apart?: RecordedValues['apart'];
  /** What the expressions of these values can see. */
  readonly readScope: (step: PlannedStep, values: readonly (CompiledValue | null)[]) => ExpressionScope | Promise<ExpressionScope>;
  /** Items that need not run again, given what `for_each` came to, JSON text. Left out: all run. */
  readonly findKept?: (step: PlannedStep, list: string) => Promise<readonly StepRecord[]>;
}

/** Failures of an expression that another attempt may not meet. */
const limitCodes: ReadonlySet<string> = new Set(['expression_timeout', 'expression_too_large', 'evaluator_unavailable']);
/** Largest list of a `for_each`. */
const maxItems = 1_000_000;

/**
 * Evaluates a step's `when`, `for_each` and `with`. Never throws: an expression that fails, fails its step.
 *
 * `$now`, `$millis` and `$random` are bound to the time of the evaluation and the step's idempotency key; the result is
 * stored with the step's start, so that a resumed step sees the same values.
 */
export async function prepare({ tree, position, item, now, timeLimitMs, maxBytes, apart, readScope, findKept }: Preparation): Promise<Prepared> {
  const step = tree.plan.steps[position] as PlannedStep;
  const address = toLocalAddress(step.id, item);
  const recorded: RecordedValues = { now, seed: toIdempotencyKey(tree.executionId, address, tree.generation), timeLimitMs, room: { maxBytes, used: 0 }, apart };
  try {
    const scope = await readScope(step, [step.with, step.when, step.forEach]);
    const evaluate = async (value: CompiledValue): Promise<unknown> => (value.constant ? value.value : value.evaluate(scope, recorded));
    if (item === noItem && step.when && !isMet(step, await evaluate(step.when))) {
      return { type: 'skip', failure: createFailure(conditionFalse, 'Its condition `when` is not met') };
    }
    if (item === noItem && step.forEach) {
      const value = await evaluate(step.forEach);
      if (!Array.isArray(value)) throw mismatch('for_each_invalid', step, '`for_each`', 'a list', value);
      if (value.length > maxItems) throw mismatch('for_each_invalid', step, '`for_each`', `at most ${maxItems} items`, value.length);
      const json = encodeJson(value, { maxBytes, name: 'for_each' });
      const kept = (await findKept?.(step, json)) ?? [];
      return { type: 'start', list: { value, json }, ...(kept.length > 0 && { kept }) };
    }
    const value = step.with ? await evaluate(step.with) : scope.item;
    const input: Evaluated | undefined =
      value === undefined ? undefined : { value, json: step.with && !step.with.constant ? encodeJson(value, { maxBytes, name: 'with' }) : null };
    return toStart(step, input, now);
  } catch (error) {
    const failure = toFailure(error, false);
    return { type: mayTryAgain(failure, step.retry, countPostponed(tree, position, item) + 1) ? 'again' : 'fail', failure };
  }
}

/** What met a limit is tried as often as the step says. */
const mayTryAgain = ({ code }: StepFailure, { maxAttempts, nonRetryable }: PlannedStep['retry'], attempt: number): boolean =>
  limitCodes.has(code) && !nonRetryable.includes(code) && attempt < maxAttempts;

function toStart(step: PlannedStep, input: Evaluated | undefined, now: number): Prepared {
  const base = input === undefined ? { type: 'start' as const } : { type: 'start' as const, input };
  const dueAt = startWait(step, input?.value ?? step.with?.value, now);
  return dueAt === undefined ? base : { ...base, dueAt };
}

/** A condition is true or false; nothing (a missing value) counts as false, a text or a number is a mistake. */
function isMet(step: PlannedStep, value: unknown): boolean {
  if (value === true) return true;
  if (value === false || value === null || value === undefined) return false;
  throw mismatch('when_invalid', step, '`when`', 'true or false', value);
}

function mismatch(code: string, step: PlannedStep, what: string, expected: string, found: unknown): FlowError {
  return new FlowError(code, `Expected ${what} of the step "${step.id}" to be ${expected}, got ${JSON.stringify(found) ?? 'nothing'}`);
}
