import type { ConsolidationSummary } from '../../persistence/consolidation-store.ts';
import type { StepFailure } from '../core/failure.ts';
import type { AssertionResult } from '../core/score.ts';
import { computeScore, decidePassed } from '../core/score.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { Message } from './messages.ts';
import { toFailure } from '../core/thrown-failure.ts';
import type { FlowTree } from './tree.ts';
import { listSettled, toScoredSteps } from './tally.ts';

/** How a consolidation came out. */
export interface Outcome {
  readonly assertions: readonly AssertionResult[];
  /** JSON text of the state that they looked at. */
  readonly state?: string | undefined;
  /** In place of the formula's. */
  readonly score?: number | undefined;
  /** JSON text. */
  readonly extra?: string | undefined;
  readonly error?: { readonly status: 'failed' | 'timeout'; readonly failure: StepFailure } | undefined;
}

type Answer = Extract<Message, { to: 'consolidated' }>;

/** Whether the score follows from the steps alone: then it is known in the tick of the last one. */
export const isBuiltIn = ({ consolidation, assertions, state }: FlowPlan): boolean => consolidation.uses === null && assertions.length === 0 && state === null;

/** Scores a tree whose steps have all settled by the built-in formula. It cannot throw: then it has failed, with the score 0. */
export function scoreBuiltIn(tree: FlowTree): Answer {
  try {
    return toConsolidated(tree, { assertions: [] });
  } catch (error) {
    const failure = toFailure(error, false);
    const summary = { status: 'failed', successRate: 0, totalTools: tree.tally.totalTools, content: null, error: failure } as ConsolidationSummary;
    return { to: 'consolidated', event: { type: 'consolidation.failed', failure }, summary };
  }
}

/** Sums up what a tree came to, and what its flow is told. */
export function toConsolidated({ plan, settled, tally }: FlowTree, outcome: Outcome): Answer {
  const { assertions, error } = outcome;
  const steps = [...listSettled(plan, settled, tally)];
  const scored = toScoredSteps(plan, steps);
  const { score: computed, zeroedBy } = computeScore(scored, assertions);
  const score = error || zeroedBy.length > 0 ? 0 : (outcome.score ?? computed);
  const passed = !error && decidePassed({ score, zeroedBy }, { lenient: plan.mode === 'lenient', minScore: plan.minScore });
  let completed = 0;
  let counted = 0;
  for (const { result } of scored) {
    if (result !== 'not_evaluated') counted++;
    if (result === 'passed') completed++;
  }
  const summary = {
    status: error?.status ?? 'completed', successRate: counted === 0 ? 0 : completed / counted, totalTools: tally.totalTools, content: toContent(outcome), error: error?.failure ?? null,
  } as ConsolidationSummary;
  return { to: 'consolidated', event: error ? { type: 'consolidation.failed', failure: error.failure } : { type: 'consolidation.completed', score, passed }, summary };
}

/** What follows from nothing that is stored. */
function toContent({ assertions, state, extra }: Outcome): string | null {
  const parts = [
    ...(assertions.length > 0 ? [`"assertions":${JSON.stringify(assertions)}`] : []),
    ...(state === undefined ? [] : [`"state":${state}`]),
    ...(extra === undefined ? [] : [`"extra":${extra}`]),
  ];
  return parts.length === 0 ? null : `{${parts.join(',')}}`;
}
