import type { ExecutionRecord, StepRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import { gatherWork } from '../kinds/flows/consolidation/gather.ts';
import { loadSession } from '../kinds/flows/consolidation/read-session.ts';
import type { ConsolidatedSession, ConsolidatedStep, ConsolidatedToolCall } from '../kinds/flows/consolidation/session.ts';
import { readSteps } from '../kinds/flows/consolidation/steps-text.ts';
import type { CallView, ConsolidationView, ExecutionView, StepView } from './execution-view.ts';
import { readCounters, readStored } from '../core/stored-value.ts';

const toCall = ({ tool, item, status, failure, startedAt, endedAt }: ConsolidatedToolCall): CallView => ({ tool, item: item ?? null, status, failure, startedAt, endedAt });

function readCounts(row: StepRecord | undefined): StepView['items'] {
  const counters = row ? readCounters(row) : null;
  if (!counters) return null;
  const { total, settled, completed } = counters;
  return { total, settled, failed: settled - completed };
}

/** Joins what the definition says of a step with what became of it. */
function toStepView(plan: FlowPlan, step: PlannedStep, session: ConsolidatedStep, row: StepRecord | undefined): StepView {
  const { sessionId, status, attempts, interruptions, input, output, success, failure, startedAt, settledAt, toolCalls } = session;
  return {
    index: step.position,
    stepId: step.id,
    sessionId,
    description: plan.definition.steps[step.position]?.description ?? null,
    uses: step.uses,
    dependsOn: step.dependsOn.map(position => plan.steps[position]?.id ?? ''),
    critical: step.critical,
    always: step.always,
    weight: step.weight,
    maxAttempts: step.retry.maxAttempts + (step.recover?.retry?.maxAttempts ?? 0),
    recovery: describeRecovery(plan, step, session),
    status, attempts, interruptions,
    kept: row !== undefined && row.originKey !== null,
    items: readCounts(row),
    ...(input !== null && { input }),
    ...(success && { output }),
    failure,
    dueAt: row?.dueAt ?? null,
    startedAt, settledAt,
    calls: toolCalls.map(toCall),
  };
}

/** How a step is being recovered, or was, in words. */
function describeRecovery({ steps }: FlowPlan, { recover, alternativeOf }: PlannedStep, { status, recovery }: ConsolidatedStep): string | null {
  const original = alternativeOf === null ? undefined : steps[alternativeOf]?.id;
  if (original !== undefined) return `alternative of ${original}`;
  const alternative = steps[recover?.alternative ?? -1]?.id ?? 'its alternative';
  switch (recovery?.how) {
    case 'alternative':
      return status === 'completed' ? `recovered by ${alternative}` : `${alternative} was to stand in`;
    case 'ask':
      return status === 'waiting' ? `asks what to do: signal ${recover?.ask?.signal ?? ''}` : 'a person was asked';
    case 'output':
      return 'recovered: a person gave the output';
    case 'skip':
      return 'a person left it out';
    case 'retry':
      return 'tried again on request';
    case 'further_attempts':
      return 'recovered by further attempts';
    default:
      return null;
  }
}

function toConsolidation(session: ConsolidatedSession): ConsolidationView {
  const { consolidatedSessionId, status, error, score, successRate, totalTools, createdAt, assertions } = session;
  return {
    consolidatedSessionId, status, error, score, successRate, totalTools, createdAt,
    assertions: assertions.map(({ id, type, weight, result, reason }) => ({ id, type, weight, result, reason: reason ?? null })),
  };
}

/** Reads an execution for drawing: from its consolidated session, or, where there is none yet, from the rows of its steps. */
export async function readExecutionView(reader: RecordReader, plan: FlowPlan, record: ExecutionRecord): Promise<ExecutionView> {
  const { key, executionId, generation, flowId, flowVersion, status, passed, score, failure, createdAt, startedAt, settledAt } = record;
  const rows = await reader.listSteps(key);
  const consolidated = settledAt === null ? undefined : await reader.getConsolidated(key);
  const session = consolidated && (await loadSession(reader, record, consolidated));
  const sessions = session?.steps ?? readSteps(executionId, plan, await gatherWork(reader, key, plan, rows));
  const own = new Map(rows.filter(({ item }) => item === -1).map(row => [row.position, row]));
  return {
    executionId, generation, flowId, flowVersion,
    description: plan.definition.description ?? null,
    mode: plan.mode,
    status, passed, score, failure, createdAt, startedAt, settledAt,
    input: readStored('inputs.input', key, record.input),
    steps: sessions.flatMap(step => {
      const planned = plan.steps[step.index];
      return planned ? [toStepView(plan, planned, step, own.get(step.index))] : [];
    }),
    consolidation: session ? toConsolidation(session) : null,
  };
}
