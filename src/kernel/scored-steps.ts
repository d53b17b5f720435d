import type { Evaluation, ScoredStep } from '../core/score.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import { conditionFalse } from './messages.ts';
import { noItem } from '../core/address.ts';
import type { ScorableStep } from './tally.ts';

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
  return scored.filter(step => step !== undefined);
}
