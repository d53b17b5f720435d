import type { RecordReader } from '../../../persistence/store.ts';
import type { CompiledValue, ExpressionScope, PlannedStep } from '../../definition/plan.ts';
import { evaluatorProcess } from '../../evaluator/evaluator.ts';
import { readStepArtifacts } from './artifacts/step-artifacts.ts';
import { readItemList } from '../../kernel/item-list.ts';
import { findKeptItems } from './kept-items.ts';
import type { Prepared } from '../../kernel/messages.ts';
import { prepare } from '../../kernel/prepare.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { isFanOut } from '../../kernel/tree.ts';
import { noItem } from '../../core/address.ts';
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
/** Evaluates a step's `when`, `for_each` and `with`, with what the store has. Never throws: an expression that fails, fails its step. */
export function prepareStep(reader: RecordReader, params: PrepareParams): Promise<Prepared> {
  const { tree, executionKey } = params;
  return prepare({
    ...params,
    apart: evaluatorProcess,
    readScope: (step, values) => createScope(reader, params, step, values),
    findKept: (step, list) => findKeptItems(reader, { tree, executionKey, step, list }),
  });
}

/** What the expressions of a step can see; `values` are those that will be evaluated. */
export async function createScope(
  reader: RecordReader,
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
async function readOutput(reader: RecordReader, executionKey: number, step: PlannedStep): Promise<unknown> {
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
