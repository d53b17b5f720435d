import type { ExecutionRecord, StepRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { computeFlowProgress, learnDuration, type ExpectedDuration, type ProgressStep } from '../../core/flow-progress.ts';
import { readSleepMs } from '../../definition/step-kinds.ts';
import type { FlowPlan, PlannedStep } from '../../definition/plan.ts';
import type { FlowProgress } from './execution-api.ts';
import { noItem } from '../../core/address.ts';
import { readCounters } from '../../core/stored-value.ts';

/** Earlier executions that durations are learned from, at most. */
const maxExecutions = 20;
/** Rows read to learn them, at most. */
const maxRows = 20_000;

/** How long the steps of a flow are taken to need, by step id: as declared, else as in earlier executions. */
export type ExpectedDurations = ReadonlyMap<string, ExpectedDuration>;

/**
 * Reads how long each step of an execution is expected to take.
 *
 * Only executions begun before it count, so that the answer stays the same while it runs.
 */
export async function readExpectedDurations(reader: RecordReader, plan: FlowPlan, { flowId, key }: Pick<ExecutionRecord, 'flowId' | 'key'>): Promise<ExpectedDurations> {
  const expected = new Map<string, ExpectedDuration>();
  const steps = plan.steps.length;
  if (plan.steps.some(({ expectedMs }) => expectedMs === null)) {
    const executions = Math.max(1, Math.min(maxExecutions, Math.floor(maxRows / steps)));
    const known = Map.groupBy(await reader.listDurations({ flowId, before: key, executions, steps }), ({ stepId }) => stepId);
    for (const [stepId, rows] of known) {
      const learned = learnDuration(rows.map(({ durationMs }) => durationMs));
      if (learned) expected.set(stepId, learned);
    }
  }
  for (const step of plan.steps) {
    const { id } = step;
    const expectedMs = step.expectedMs ?? readSleepMs(step);
    if (expectedMs !== null) expected.set(id, { expectedMs, stalledAfterMs: expectedMs });
  }
  return expected;
}

function toProgressStep(step: PlannedStep, row: StepRecord | undefined, expected: ExpectedDuration | null): ProgressStep {
  const { status = 'pending', startedAt = null, runAt = null, settledAt = null, dueAt = null } = row ?? {};
  const counters = row ? readCounters(row) : null;
  const began = runAt ?? startedAt;
  return {
    dependsOn: step.dependsOn,
    expected,
    state: settledAt !== null ? 'settled' : status === 'running' || status === 'waiting' || status === 'retrying' ? status : 'pending',
    runAt: began,
    endsAt: status === 'retrying' || step.role === 'sleep' ? dueAt : null,
    isAwaited: status === 'waiting' && (step.role === 'signal' || row?.recovery === 'ask'),
    tookMs: status === 'completed' && settledAt !== null && began !== null ? settledAt - began : null,
    items: counters,
  };
}

/** Says how far an execution is, from its rows. */
export async function readProgress(reader: RecordReader, plan: FlowPlan, record: ExecutionRecord, now: number, known?: ExpectedDurations): Promise<FlowProgress> {
  const rows = new Map((await reader.listSteps(record.key)).filter(({ item }) => item === noItem).map(row => [row.position, row]));
  const expected = known ?? (record.settledAt === null ? await readExpectedDurations(reader, plan, record) : new Map<string, ExpectedDuration>());
  const steps = plan.steps.map(step => toProgressStep(step, rows.get(step.position), expected.get(step.id) ?? null));
  const { share, remainingMs, stalled } = computeFlowProgress({ steps, concurrency: plan.concurrency, settled: record.settledAt !== null, now });
  const begun = record.startedAt;
  return {
    share,
    settledSteps: steps.filter(({ state }) => state === 'settled').length,
    totalSteps: steps.length,
    elapsedMs: begun === null ? 0 : Math.max(0, (record.settledAt ?? now) - begun),
    remainingMs,
    stalled: stalled.flatMap(position => {
      const { expected: of, runAt } = steps[position] as ProgressStep;
      return of && runAt !== null ? [{ stepId: plan.steps[position]?.id ?? '', runningMs: now - runAt, expectedMs: of.expectedMs }] : [];
    }),
  };
}
