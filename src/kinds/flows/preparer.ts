import type { StoreReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { createFailure, type StepFailure } from '../../core/failure.ts';
import { toIdempotencyKey } from '../../core/ids.ts';
import { encodeJson } from '../../core/json.ts';
import type { CompiledValue, ExpressionScope, PlannedStep, RecordedValues } from '../../definition/plan.ts';
import { computeWakeAt, requireMessageWait, requireSignalName } from '../../definition/wait.ts';
import { readStepArtifacts } from './artifacts/step-artifacts.ts';
import { readItemList } from './item-list.ts';
import { findKeptItems } from './kept-items.ts';
import { conditionFalse } from '../../kernel/messages.ts';
import type { Evaluated, Prepared } from '../../kernel/messages.ts';
import { countPostponed } from '../../kernel/postpone.ts';
import { toFailure } from '../../core/thrown-failure.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { isFanOut } from '../../kernel/tree.ts';
import { noItem, toLocalAddress } from '../../core/address.ts';
import { readStored, toRowKey } from '../../core/stored-value.ts';

export interface PrepareParams {
  readonly tree: FlowTree;
  readonly executionKey: number;
  /** The flow's input, parsed. */
  readonly input: unknown;
  readonly position: number;
  readonly item: number;
  /** Outputs read before, by position; kept for the next item. */
  readonly outputs: Map<number, unknown>;
  readonly now: number;
  readonly timeLimitMs: number;
  readonly maxBytes: number;
}

/** Outputs kept in memory per flow: a long flow must not collect all of its own. */
const maxOutputs = 32;
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
export async function prepareStep(reader: StoreReader, params: PrepareParams): Promise<Prepared> {
  const { tree, position, item, now, timeLimitMs, maxBytes } = params;
  const step = tree.plan.steps[position] as PlannedStep;
  const address = toLocalAddress(step.id, item);
  const recorded: RecordedValues = { now, seed: toIdempotencyKey(tree.executionId, address, tree.generation), timeLimitMs, room: { maxBytes, used: 0 } };
  try {
    const scope = await createScope(reader, params, step, [step.with, step.when, step.forEach]);
    const evaluate = async (value: CompiledValue): Promise<unknown> => (value.constant ? value.value : value.evaluate(scope, recorded));
    if (item === noItem && step.when && !isMet(step, await evaluate(step.when))) {
      return { type: 'skip', failure: createFailure(conditionFalse, 'Its condition `when` is not met') };
    }
    if (item === noItem && step.forEach) {
      const value = await evaluate(step.forEach);
      if (!Array.isArray(value)) throw mismatch('for_each_invalid', step, '`for_each`', 'a list', value);
      if (value.length > maxItems) throw mismatch('for_each_invalid', step, '`for_each`', `at most ${maxItems} items`, value.length);
      const json = encodeJson(value, { maxBytes, name: 'for_each' });
      const kept = await findKeptItems(reader, { tree, executionKey: params.executionKey, step, list: json });
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
  if (step.kind === 'sleep') return { ...base, dueAt: computeWakeAt(input?.value, now) };
  if (step.target === 'await_message') requireMessageWait(input?.value ?? step.with?.value);
  else if (step.kind === 'signal') requireSignalName(input?.value);
  if (step.kind !== 'task' && step.timeoutMs !== null) return { ...base, dueAt: now + step.timeoutMs };
  return base;
}

/** A condition is true or false; nothing (a missing value) counts as false, a text or a number is a mistake. */
function isMet(step: PlannedStep, value: unknown): boolean {
  if (value === true) return true;
  if (value === false || value === null || value === undefined) return false;
  throw mismatch('when_invalid', step, '`when`', 'true or false', value);
}

/** What the expressions of a step can see; `values` are those that will be evaluated. */
export async function createScope(
  reader: StoreReader,
  params: Omit<PrepareParams, 'position' | 'now' | 'timeLimitMs'>,
  step: PlannedStep,
  values: readonly (CompiledValue | null)[],
): Promise<ExpressionScope> {
  const { tree, executionKey, input, item, outputs, maxBytes } = params;
  const names = new Set(values.flatMap(value => value?.references ?? []));
  const withArtifacts = new Set(values.flatMap(value => value?.artifactsOf ?? []));
  const steps: Record<string, { output: unknown; status: string; artifacts?: { readonly [name: string]: unknown } }> = {};
  for (const name of names) {
    const upstream = tree.plan.positions.get(name);
    if (upstream === undefined) continue;
    const status = tree.settled[upstream] ?? 'pending';
    let output: unknown = outputs.get(upstream) ?? null;
    if (status === 'completed' && !outputs.has(upstream)) {
      output = await readOutput(reader, executionKey, tree.plan.steps[upstream] as PlannedStep);
      if (outputs.size >= maxOutputs) outputs.clear();
      outputs.set(upstream, output);
    }
    steps[name] = { output, status, ...(withArtifacts.has(name) && { artifacts: await readStepArtifacts(reader, executionKey, tree.executionId, name, maxBytes) }) };
  }
  const fanOut = item === noItem ? undefined : tree.actors.get(step.position);
  return fanOut && isFanOut(fanOut) ? { input, steps, item: fanOut.list?.[item] ?? null, index: item } : { input, steps };
}

/** The output of a settled step; null when it has none. A `for_each` step's is the list of its items' outputs. */
async function readOutput(reader: StoreReader, executionKey: number, step: PlannedStep): Promise<unknown> {
  if (!step.forEach) {
    const text = await reader.getOutput(executionKey, step.position, noItem);
    return text === undefined ? null : readStored('attempts.output', toRowKey(executionKey, step.position, noItem), text);
  }
  const rows = await reader.listItemOutputs(executionKey, step.position);
  if (step.onItemFailure !== 'collect') return rows.map(({ item, output }) => readStored('attempts.output', toRowKey(executionKey, step.position, item), output));
  const outputs = new Map(rows.map(({ item, output }) => [item, output]));
  const items = (await reader.listSteps(executionKey)).filter(({ position, item }) => position === step.position && item !== noItem);
  return readItemList(step, items.map(({ position, item, status, failure }) => ({ executionKey, position, item, status, failure, output: outputs.get(item) ?? null })));
}

function mismatch(code: string, step: PlannedStep, what: string, expected: string, found: unknown): FlowError {
  return new FlowError(code, `Expected ${what} of the step "${step.id}" to be ${expected}, got ${JSON.stringify(found) ?? 'nothing'}`);
}
