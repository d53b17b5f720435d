import type { StepRecord, StepStatus } from '../../persistence/records.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import { conditionFalse } from './messages.ts';
import type { Evaluation, ScoredStep } from '../core/score.ts';
import { noItem } from '../core/address.ts';

/** What a score needs of steps that have settled: kept with the tree, so that it is known in the tick of the last one. */
export interface Tally {
  /** Positions of steps that their own condition excluded. */
  readonly excluded: Set<number>;
  /** Calls of tools, every attempt counted. */
  totalTools: number;
  /** When the last of them settled, epoch ms. */
  lastSettledAt: number;
}

export const createTally = (): Tally => ({ excluded: new Set(), totalTools: 0, lastSettledAt: 0 });

export const copyTally = (tally: Tally): Tally => ({ ...tally, excluded: new Set(tally.excluded) });

/** What is counted of a step or an item that has settled. */
export type SettledStep = Pick<StepRecord, 'status' | 'failure' | 'recovery'> & { readonly run: number; readonly settledAt: number | null };

/** @param isItem it is one of the items of a `for_each` step */
export function countSettled(tally: Tally, step: PlannedStep, isItem: boolean, settled: SettledStep): void {
  tally.lastSettledAt = Math.max(tally.lastSettledAt, settled.settledAt ?? 0);
  if (step.role === 'task' && (isItem || !step.forEach)) tally.totalTools += settled.run - (isStoodIn(settled) ? 1 : 0);
  if (!isItem && settled.status === 'skipped' && settled.failure?.code === conditionFalse) tally.excluded.add(step.position);
}

/** The steps of a tree as its score sees them, once all have settled. */
export function* listSettled({ steps }: FlowPlan, settled: readonly (StepStatus | null)[], { excluded }: Tally): Iterable<ScorableStep> {
  for (const { position } of steps) {
    const status = settled[position];
    if (status) yield { position, item: -1, status, failure: excluded.has(position) ? { code: conditionFalse } : null };
  }
}

export type ScorableStep = Pick<StepRecord, 'position' | 'item' | 'status'> & { readonly failure: { readonly code: string } | null };

/** Whether its output came from another step, or from a person: then its last run is no call of its tool. */
export function isStoodIn({ status, recovery }: Pick<StepRecord, 'status' | 'recovery'>): boolean {
  return status === 'completed' && (recovery === 'alternative' || recovery === 'output');
}

/**
 * How a step that has settled counts. One that its own condition excluded does not, nor one that stands in for another: that one
 * counts. One that others kept from running has earned nothing.
 */
export function toEvaluation({ alternativeOf }: Pick<PlannedStep, 'alternativeOf'>, { status, failure }: Pick<ScorableStep, 'status' | 'failure'>): Evaluation {
  if (alternativeOf !== null) return 'not_evaluated';
  if (status === 'completed') return 'passed';
  return status === 'skipped' && failure?.code === conditionFalse ? 'not_evaluated' : 'failed';
}

/** The steps of an execution as its score sees them, in the definition's order. Items count with their step. */
export function toScoredSteps({ steps }: FlowPlan, rows: Iterable<ScorableStep>): ScoredStep[] {
  const scored: ScoredStep[] = [];
  for (const row of rows) {
    const step = row.item === noItem ? steps[row.position] : undefined;
    if (step && step.alternativeOf === null) scored[row.position] = { id: step.id, weight: step.weight, result: toEvaluation(step, row), critical: step.critical && row.status === 'failed' };
  }
  // Steps that stand in for others leave holes.
  return scored.flat();
}
