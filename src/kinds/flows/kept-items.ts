import type { ExecutionRecord, StepRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { compareDefinitions } from '../../definition/compare-definitions.ts';
import { compileStored } from '../../definition/compile-stored.ts';
import type { FlowPlan, PlannedStep } from '../../definition/plan.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { noItem } from '../../core/address.ts';
import { readCounters } from '../../core/stored-value.ts';

export interface KeptItemsParams {
  readonly tree: Pick<FlowTree, 'plan' | 'executionId' | 'generation'>;
  readonly executionKey: number;
  readonly step: PlannedStep;
  /** What `for_each` came to now, JSON text. */
  readonly list: string;
}

/**
 * Finds the items of a `for_each` step that a new generation need not run again, as rows of that generation.
 *
 * These are the ones that completed in the generation before, if others did not: when the list is the same, nothing
 * upstream ran again, and the step's definition makes the same of an item. Otherwise there is none.
 */
export async function findKeptItems(reader: RecordReader, { tree, executionKey, step, list }: KeptItemsParams): Promise<StepRecord[]> {
  if (tree.generation === 1) return [];
  const before = await reader.getExecution(tree.executionId, tree.generation - 1);
  if (!before) return [];
  const rows = (await reader.listSteps(before.key)).filter(({ stepId }) => stepId === step.id);
  const own = rows.find(({ item }) => item === noItem);
  const completed = rows.filter(({ item, status }) => item !== noItem && status === 'completed');
  if (!own || completed.length === 0 || completed.length === countItems(own)) return [];
  if ((await reader.getInput(before.key, own.position, noItem)) !== list) return [];
  if (!(await isUpstreamKept(reader, executionKey, step)) || !(await isSameStep(reader, before, tree.plan, step))) return [];
  return completed.map(row => ({
    ...row, executionKey, position: step.position, originKey: row.originKey ?? row.executionKey, originPosition: row.originPosition ?? row.position, stale: false,
  }));
}

const countItems = (row: StepRecord): number => readCounters(row)?.total ?? 0;

/** Whether what its expressions see is what they saw before. */
async function isUpstreamKept(reader: RecordReader, executionKey: number, { dependsOn }: PlannedStep): Promise<boolean> {
  if (dependsOn.length === 0) return true;
  const kept = new Set((await reader.listSteps(executionKey)).filter(({ item, originKey }) => item === noItem && originKey !== null).map(({ position }) => position));
  return dependsOn.every(position => kept.has(position));
}

async function isSameStep(reader: RecordReader, { digest }: ExecutionRecord, plan: FlowPlan, { id }: PlannedStep): Promise<boolean> {
  if (digest === plan.digest) return true;
  const stored = await reader.getDefinition(digest);
  if (!stored) return false;
  const { changed, added } = compareDefinitions(compileStored(stored).definition, plan.definition);
  return !added.includes(id) && !changed.some(({ stepId, affectsResult }) => stepId === id && affectsResult);
}
