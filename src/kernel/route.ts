import type { StepSettled } from '../../machines/flow.ts';
import type { StepStatus } from '../../persistence/records.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import { conditionFalse } from './messages.ts';
import { leftOut } from './fallback.ts';
import type { FlowTree } from './tree.ts';

export type SettledStatus = StepSettled['status'];

/** What a step's end means for the steps that depend on it. */
export interface Routed {
  /** Steps that became ready; they are in the queue. */
  readonly ready: number;
  readonly skips: readonly { readonly position: number; readonly failure: StepFailure }[];
}

/**
 * Routes the end of a step along the definition's edges.
 *
 * A critical step that failed, and any step that was cancelled or skipped for another's sake, skips what depends on it. A step
 * that is not critical, that its own `when` excluded, or that a person left out, holds nobody up; in a lenient flow no failure does.
 * An always-step is held up by nothing.
 */
export function routeSettled(tree: FlowTree, step: PlannedStep, status: SettledStatus, failure: StepFailure | null): Routed {
  const blocks = blocksDependents(tree.plan, step, { status, failure });
  const reason = blocks ? toUpstreamFailure(step, status, failure) : undefined;
  const skips: { readonly position: number; readonly failure: StepFailure }[] = [];
  let ready = 0;
  for (const position of step.dependents) {
    // A step that stands in for it depends on it, too, but runs only when it is asked to.
    if (tree.settled[position] !== null || position === step.recover?.alternative) continue;
    const { always } = tree.plan.steps[position] as PlannedStep;
    if (reason && !always) {
      skips.push({ position, failure: reason });
      continue;
    }
    const left = (tree.unmet[position] as number) - 1;
    tree.unmet[position] = left;
    if (left > 0 || (tree.flow.context.halted && !always)) continue;
    tree.queue.push(position);
    ready++;
  }
  return { ready, skips };
}

/** Whether a step that ended so keeps those that depend on it from running. */
export function blocksDependents({ mode }: Pick<FlowPlan, 'mode'>, { critical }: PlannedStep, { status, failure }: { readonly status: StepStatus; readonly failure: StepFailure | null }): boolean {
  if (status === 'cancelled') return true;
  if (status === 'failed') return critical && mode !== 'lenient';
  return status === 'skipped' && failure?.code !== conditionFalse && failure?.code !== leftOut;
}

export function toUpstreamFailure(step: PlannedStep, status: SettledStatus, failure: StepFailure | null): StepFailure {
  const cause = status === 'skipped' ? (failure?.details?.['cause'] ?? step.id) : step.id;
  const happened = status === 'cancelled' ? 'was cancelled' : 'failed';
  return createFailure('upstream_failed', `Skipped because the step "${String(cause)}" ${happened}`, { upstream: step.id, cause });
}

/** What its flow is told; what is usual is left out. */
export function toSettled({ critical }: PlannedStep, status: SettledStatus, ready: number, freed: number): StepSettled {
  const event: StepSettled = { type: 'step.settled', status };
  if (!critical) event.critical = false;
  if (ready > 0) event.ready = ready;
  if (freed > 0) event.freed = freed;
  return event;
}
