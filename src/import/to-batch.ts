import type { ConsolidatedRecord } from '../../persistence/consolidation-store.ts';
import type { ExecutionRecord, StepRecord } from '../../persistence/records.ts';
import { importPrefix } from '../../persistence/records.ts';
import type { CommitBatch } from '../../persistence/store.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import { toConsolidatedSessionId, toStepSessionId } from '../core/ids.ts';
import { computeScore, decidePassed } from '../core/score.ts';
import { compileFlow } from '../definition/compile-flow.ts';
import { defineFlow } from '../definition/define-flow.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { ConsolidatedSession, ConsolidatedStep } from '../kinds/flows/consolidation/session.ts';
import { toEvaluation, toScoredSteps } from '../kernel/tally.ts';
import type { ImportedRun, ImportedStep } from './imported-run.ts';
import { toFlowId, toStepIds, toToolName } from './import-names.ts';

/** An imported run as the store will have it. */
export interface ImportedExecution {
  readonly record: ExecutionRecord;
  readonly session: ConsolidatedSession;
  readonly batch: CommitBatch;
}

const noItem = -1;
const imported = { generation: 1, item: noItem, run: 1, attempt: 1 } as const;

/**
 * Makes an ordinary, settled execution of a run.
 *
 * Its score is the formula's over its steps; what the log says of itself is kept beside it. It has no journal: which
 * transitions led there, nobody has recorded.
 */
export function toExecution(run: ImportedRun, executionId: string, key: number, now: number): ImportedExecution {
  const plan = toPlan(run);
  const rows = run.steps.map((step, position) => toStepRow(key, plan, step, position));
  const scored = computeScore(toScoredSteps(plan, rows));
  const failure = findFailure(run, rows);
  const score = failure ? 0 : scored.score;
  const passed = !failure && decidePassed({ score, zeroedBy: scored.zeroedBy }, { lenient: false, minScore: plan.minScore });
  const session = toSession(run, { executionId, plan, rows, scored: { ...scored, score }, passed, failure });
  const { startedAt, settledAt } = run;
  const shared = {
    key, executionId, generation: 1, flowId: plan.definition.id, flowVersion: plan.definition.version, digest: plan.digest,
    input: JSON.stringify(session.input), priority: 0, idempotencyKey: toImportKey(executionId), parentId: null, parentStep: null,
    context: toCounters(rows), seq: 0, createdAt: startedAt, startedAt, settledAt, wakeAt: null, score, passed, failure,
  };
  const record = { ...shared, status: failure ? 'failed' : 'scored' } as ExecutionRecord;
  return { record, session, batch: toBatch(run, record, plan, rows, session, now) };
}

/** The key that marks an execution as imported; a second import of the same run meets it. */
const toImportKey = (executionId: string): string => `${importPrefix}${executionId}`;

function toPlan({ flow, prompt, steps }: ImportedRun): FlowPlan {
  const ids = toStepIds(steps.map(({ name }) => name));
  const listed = steps.map(({ calls, name }, index) => ({ id: ids[index] as string, uses: `tool:${toToolName(calls[0]?.tool ?? name)}` as const }));
  // A run that never got to a step has one that never began.
  const whole = listed.length > 0 ? listed : [{ id: 'nothing', uses: 'tool:unknown' as const }];
  return compileFlow(defineFlow({ id: toFlowId(flow), version: 'imported', ...(prompt !== undefined && { description: prompt }), steps: whole }));
}

function toStepRow(executionKey: number, { steps }: FlowPlan, step: ImportedStep, position: number): StepRecord {
  const { startedAt, error } = step;
  const settledAt = Math.max(startedAt, step.settledAt);
  const base = { executionKey, position, stepId: steps[position]?.id ?? '', ...imported, interruptions: 0, runAt: startedAt, counters: null, dueAt: null, startedAt, settledAt, originKey: null, originPosition: null, stale: false, recovery: null };
  const { generation: _generation, ...row } = base;
  return (error === undefined ? { ...row, status: 'completed', failure: null } : { ...row, status: 'failed', failure: createFailure('imported_failure', error) }) as StepRecord;
}

/** A run failed when a step of it did, when it says so itself, or when it never came to its end. */
function findFailure({ steps, reported, planned }: ImportedRun, rows: readonly StepRecord[]): StepFailure | null {
  const failed = rows.filter(({ status }) => status !== 'completed');
  const why =
    failed.length > 0
      ? `${failed.length} of ${rows.length} steps failed: ${failed.map(({ stepId }) => stepId).join(', ')}`
      : steps.length === 0
        ? 'the log has no steps'
        : reported.success === false
          ? 'the log says so'
          : planned !== undefined && planned > steps.length
            ? `only ${steps.length} of ${planned} planned steps began`
            : undefined;
  return why === undefined ? null : createFailure('imported_failure', `The imported run failed: ${why}`, { steps: failed.map(({ stepId }) => stepId) });
}

function toCounters(rows: readonly StepRecord[]): string {
  const completed = rows.filter(({ status }) => status === 'completed').length;
  const counters = { granted: rows.length, released: rows.length, settled: rows.length, completed, failed: rows.length - completed, weight: rows.length, earned: completed };
  return JSON.stringify(Object.fromEntries(Object.entries(counters).filter(([, value]) => value !== 0)));
}

interface Ended {
  readonly executionId: string;
  readonly plan: FlowPlan;
  readonly rows: readonly StepRecord[];
  readonly scored: ReturnType<typeof computeScore>;
  readonly passed: boolean;
  readonly failure: StepFailure | null;
}

function toSession(run: ImportedRun, { executionId, plan, rows, scored, passed, failure }: Ended): ConsolidatedSession {
  const { files, sessionId, agent, prompt, planned, reported, notes } = run;
  const steps = run.steps.map((step, index) => toConsolidatedStep(executionId, step, rows[index] as StepRecord));
  const importedFrom = { files, sessionId, ...(agent !== undefined && { agent }), ...(planned !== undefined && { plannedSteps: planned }), reported };
  const completed = steps.filter(({ success }) => success).length;
  return {
    consolidatedSessionId: toConsolidatedSessionId(executionId, 1), executionId, generation: 1, status: failure ? 'failed' : 'completed',
    flowId: plan.definition.id, flowVersion: plan.definition.version, flowType: plan.flowType, mode: plan.mode,
    input: { ...(prompt !== undefined && { prompt }), importedFrom },
    steps, assertions: [], ...scored, passed, minScore: plan.minScore, consolidator: null, extra: { importedFrom, notes },
    successRate: steps.length === 0 ? 0 : completed / steps.length,
    totalTools: steps.reduce((sum, { toolCalls }) => sum + toolCalls.length, 0),
    executionDurationMs: Math.max(0, run.settledAt - run.startedAt),
    originalSessionIds: steps.map(({ sessionId: id }) => id), error: failure, createdAt: run.settledAt,
  };
}

function toConsolidatedStep(executionId: string, step: ImportedStep, row: StepRecord): ConsolidatedStep {
  const sessionId = toStepSessionId(executionId, row.position);
  const { startedAt, settledAt, failure } = row as { startedAt: number; settledAt: number; failure: StepFailure | null };
  return {
    index: row.position, stepId: row.stepId, sessionId, status: row.status, success: row.status === 'completed', result: toEvaluation({ alternativeOf: null }, row),
    critical: true, weight: 1, attempts: 1, interruptions: 0, input: step.calls[0]?.input ?? null, output: step.output, failure, recovery: null,
    toolCalls: step.calls.map(({ tool, input, output, error, startedAt: from, endedAt }, number) => ({
      toolCallId: `${sessionId}_call_${number + 1}`, tool, attempt: 1, input, output, status: error === undefined ? ('completed' as const) : ('failed' as const),
      failure: error === undefined ? null : createFailure('imported_failure', error), startedAt: from, endedAt, durationMs: endedAt - from,
    })),
    startedAt, settledAt, durationMs: settledAt - startedAt,
  };
}

function toBatch(run: ImportedRun, record: ExecutionRecord, plan: FlowPlan, rows: readonly StepRecord[], session: ConsolidatedSession, now: number): CommitBatch {
  const { key: executionKey, executionId } = record;
  const { id, version } = plan.definition;
  const { successRate, totalTools, executionDurationMs, error, createdAt, status, steps, extra } = session;
  // Its calls have no rows: a step of a log can have several.
  const content = JSON.stringify({ steps, extra });
  const consolidated = { executionKey, status, content, successRate, totalTools, executionDurationMs, error, createdAt } as ConsolidatedRecord;
  const inputs = run.steps.flatMap(({ calls: [call] }, position) => (call ? [{ executionKey, position, item: noItem, input: JSON.stringify(call.input ?? null) }] : []));
  return {
    definitions: [{ digest: plan.digest, flowId: id, version, definition: JSON.stringify(plan.definition), createdAt: now }],
    executions: [record], progress: [], steps: rows,
    attempts: rows.map((row, index) => {
      const { position, startedAt, settledAt, failure } = row as StepRecord & { startedAt: number; settledAt: number };
      const ended = row.status === 'completed' ? ('completed' as const) : ('failed' as const);
      return { executionKey, position, item: noItem, run: 1, attempt: 1, status: ended, startedAt, endedAt: settledAt, failure, output: ended === 'completed' ? JSON.stringify(run.steps[index]?.output ?? null) : null };
    }),
    inputs, journal: [], signals: { received: [], consumed: [] }, consolidated: [consolidated],
    ...(run.agent !== undefined && { catalog: { labels: [{ executionId, name: 'agent', value: run.agent }] } }),
  };
}
