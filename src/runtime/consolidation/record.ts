import type { ConsolidatedRecord } from '../../../persistence/consolidation-store.ts';
import type { StepRecord } from '../../../persistence/records.ts';
import type { StepFailure } from '../../core/failure.ts';
import { toConsolidatedSessionId, toStepSessionId } from '../../core/ids.ts';
import type { AssertionResult } from '../../core/score.ts';
import { computeScore, decidePassed } from '../../core/score.ts';
import type { FlowPlan } from '../../definition/plan.ts';
import type { Message } from '../messages.ts';
import type { ExecutionHeader } from '../rows.ts';
import { noItem } from '../tree.ts';
import { isStoodIn, toEvaluation, toScoredSteps } from './scored-steps.ts';

/** A longer input of an execution stays with it, characters. */
const maxInputLength = 32_768;

/** An execution whose steps have settled. */
export interface Finished {
  readonly header: ExecutionHeader;
  readonly plan: FlowPlan;
  readonly rows: readonly StepRecord[];
}

/** How a consolidation came out. */
export interface Outcome {
  /** JSON text; undefined: they stay where they are kept, and are read from there. */
  readonly steps?: string | undefined;
  readonly assertions: readonly AssertionResult[];
  /** JSON text of the state that they looked at. */
  readonly state?: string | undefined;
  /** In place of the formula's. */
  readonly score?: number | undefined;
  /** JSON text. */
  readonly extra?: string | undefined;
  readonly error?: { readonly status: 'failed' | 'timeout'; readonly failure: StepFailure } | undefined;
}

/** Makes the row of a session, and what the flow is told. @param now epoch ms */
export function toConsolidated(finished: Finished, outcome: Outcome, now: number): Extract<Message, { to: 'consolidated' }> {
  const { header, plan, rows } = finished;
  const { steps, assertions, state, error, extra } = outcome;
  const { score: computed, ...parts } = computeScore(toScoredSteps(plan, rows), assertions);
  const score = error || parts.zeroedBy.length > 0 ? 0 : (outcome.score ?? computed);
  const passed = !error && decidePassed({ score, zeroedBy: parts.zeroedBy }, { lenient: plan.mode === 'lenient', minScore: plan.minScore });
  const startedAt = header.startedAt ?? header.createdAt;
  const { generation } = header;
  const shared = { consolidatedSessionId: toConsolidatedSessionId(header.executionId, generation), executionId: header.executionId, generation };
  const totals = {
    score, ...summarize(finished), executionDurationMs: rows.reduce((longest, { settledAt }) => Math.max(longest, (settledAt ?? startedAt) - startedAt), 0),
    error: error?.failure ?? null, createdAt: Math.max(now, startedAt),
  };
  const status = error?.status ?? 'completed';
  const head = JSON.stringify({ ...shared, status, flowId: header.flowId, flowVersion: header.flowVersion, flowType: plan.flowType, mode: plan.mode });
  const tail = JSON.stringify({ assertions, passed, minScore: plan.minScore, ...parts, consolidator: plan.consolidation.uses, ...totals });
  const kept: Kept = { executionKey: header.key, digest: plan.digest };
  const middle = steps === undefined ? `"stepsKept":${JSON.stringify(kept)}` : `"steps":${steps}`;
  const input = header.input.length > maxInputLength ? '' : `,"input":${header.input}`;
  const content = `${head.slice(0, -1)}${input},${middle},${tail.slice(1, -1)}${state === undefined ? '' : `,"state":${state}`}${extra === undefined ? '' : `,"extra":${extra}`}}`;
  const record = { ...shared, status, content, originalSessionIds: listSessions(finished), ...totals } as ConsolidatedRecord;
  return { to: 'consolidated', event: error ? { type: 'consolidation.failed', failure: error.failure } : { type: 'consolidation.completed', score, passed }, record };
}

/** Where the steps of a session are kept that are too many, or too long, to be repeated in it. */
export interface Kept {
  readonly executionKey: number;
  readonly digest: string;
}

function summarize({ plan, rows }: Finished): { successRate: number; totalTools: number } {
  let totalTools = 0;
  let completed = 0;
  let counted = 0;
  for (const row of rows) {
    const step = plan.steps[row.position];
    if (!step) continue;
    if (row.counters === null && step.kind === 'task') totalTools += row.run - (isStoodIn(row) ? 1 : 0);
    if (row.item !== noItem) continue;
    const result = toEvaluation(step, row);
    if (result !== 'not_evaluated') counted++;
    if (result === 'passed') completed++;
  }
  return { successRate: counted === 0 ? 0 : completed / counted, totalTools };
}

/** The steps that began, as JSON text. */
function listSessions({ header: { executionId }, rows }: Finished): string {
  return JSON.stringify(rows.filter(({ item, startedAt }) => item === noItem && startedAt !== null).map(({ position }) => toStepSessionId(executionId, position)));
}
