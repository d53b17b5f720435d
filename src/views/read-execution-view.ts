import type { AttemptRecord, ExecutionRecord, StepRecord } from '../../persistence/records.ts';
import type { StepOutcome, StoreReader } from '../../persistence/store.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';
import type { CallView, ExecutionView, StepView } from './execution-view.ts';

function toCall(step: PlannedStep, attempt: AttemptRecord): CallView {
  const { item, status, failure, startedAt, endedAt } = attempt;
  return { tool: step.target, item: item === -1 ? null : item, status, failure, startedAt, endedAt };
}

function readCounts(row: StepRecord | undefined): StepView['items'] {
  if (!row || row.counters === null) return null;
  const { total, settled, completed } = JSON.parse(row.counters) as { total: number; settled: number; completed: number };
  return { total, settled, failed: settled - completed };
}

function readOutput(step: PlannedStep, own: StepOutcome | undefined, items: readonly StepOutcome[]): { output?: unknown } {
  if (own?.step.status !== 'completed') return {};
  const parse = ({ output }: StepOutcome): unknown => (output === null ? null : JSON.parse(output));
  return { output: step.forEach ? items.map(parse) : parse(own) };
}

/** Gathers what is known of one step from its rows; it has none before it begins. */
function toStepView(execution: ExecutionRecord, plan: FlowPlan, step: PlannedStep, rows: readonly StepOutcome[], attempts: readonly AttemptRecord[], input: string | undefined): StepView {
  // In the order of their items; the step itself, -1, comes first.
  const [own, ...items] = rows;
  const definition = plan.definition.steps[step.position];
  const { status = 'pending', failure = null, dueAt = null, startedAt = null, settledAt = null } = own?.step ?? {};
  return {
    index: step.position,
    stepId: step.id,
    sessionId: `${execution.executionId}_step_${step.position}`,
    description: definition?.description ?? null,
    uses: step.uses,
    dependsOn: step.dependsOn.map(position => plan.steps[position]?.id ?? ''),
    critical: step.critical,
    weight: step.weight,
    maxAttempts: step.retry.maxAttempts,
    status,
    attempts: Math.max(0, ...rows.map(row => row.step.attempt)),
    interruptions: rows.reduce((sum, row) => sum + row.step.interruptions, 0),
    items: readCounts(own?.step),
    ...(input !== undefined ? { input: JSON.parse(input) as unknown } : step.with?.constant ? { input: step.with.value } : {}),
    ...readOutput(step, own, items),
    failure,
    dueAt,
    startedAt,
    settledAt,
    calls: attempts.map(attempt => toCall(step, attempt)),
  };
}

/** Reads an execution for drawing, from the rows of its steps. */
export async function readExecutionView(reader: StoreReader, plan: FlowPlan, record: ExecutionRecord): Promise<ExecutionView> {
  const rows = Map.groupBy(await reader.listResults(record.key), ({ step }) => step.position);
  const attempts = Map.groupBy(await reader.listAttempts(record.key), ({ position }) => position);
  const steps: StepView[] = [];
  for (const step of plan.steps) {
    const own = rows.get(step.position) ?? [];
    const input = own.length > 0 ? await reader.getInput(record.key, step.position, -1) : undefined;
    steps.push(toStepView(record, plan, step, own, attempts.get(step.position) ?? [], input));
  }
  const { executionId, generation, flowId, flowVersion, status, passed, score, failure, createdAt, startedAt, settledAt } = record;
  return {
    executionId, generation, flowId, flowVersion,
    description: plan.definition.description ?? null,
    mode: plan.mode,
    status, passed, score, failure, createdAt, startedAt, settledAt,
    input: JSON.parse(record.input) as unknown,
    steps,
    consolidation: null,
  };
}
