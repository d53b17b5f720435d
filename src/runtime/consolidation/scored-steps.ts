import type { StepRecord } from '../../../persistence/records.ts';
import type { Evaluation, ScoredStep } from '../../core/score.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import { conditionFalse } from '../messages.ts';
import { noItem } from '../tree.ts';

/** How a step that has settled counts. One that its own condition excluded does not; one that others kept from running has earned nothing. */
export function toEvaluation({ status, failure }: Pick<StepRecord, 'status' | 'failure'>): Evaluation {
  if (status === 'completed') return 'passed';
  return status === 'skipped' && failure?.code === conditionFalse ? 'not_evaluated' : 'failed';
}

/** The steps of an execution as its score sees them, in the definition's order. Items count with their step. */
export function toScoredSteps({ steps }: FlowPlan, rows: Iterable<StepRecord>): ScoredStep[] {
  const scored: ScoredStep[] = [];
  for (const row of rows) {
    const step = row.item === noItem ? steps[row.position] : undefined;
    if (step) scored[row.position] = { id: step.id, weight: step.weight, result: toEvaluation(row), critical: step.critical && row.status === 'failed' };
  }
  return scored.filter(step => step !== undefined);
}
