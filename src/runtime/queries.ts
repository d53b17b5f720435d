import type { AttemptRecord, ExecutionRecord, JournalRecord, StepRecord } from '../../persistence/records.ts';
import type { StoreReader } from '../../persistence/store.ts';
import type { StepFailure } from '../core/failure.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { ExecutionDetails, ExecutionSummary, SettledExecution, StepResult, TransitionUpdate } from './api.ts';
import type { JournalEntry } from './changes.ts';
import { noItem, toAddress } from './tree.ts';

export function toSummary(record: ExecutionRecord, blockedBy?: StepFailure): ExecutionSummary {
  const { executionId, flowId, flowVersion, status, passed, score, failure, priority, createdAt, startedAt, settledAt, wakeAt } = record;
  const base = { executionId, flowId, flowVersion, status, passed, score, failure, priority, createdAt, startedAt, settledAt };
  return { ...base, wakeAt: wakeAt === 0 ? null : wakeAt, ...(blockedBy && { blockedBy }) };
}

/** Reads one execution with its steps, in the definition's order; pending steps have no row and are made up here. */
export async function readDetails(
  reader: StoreReader,
  plan: FlowPlan,
  record: ExecutionRecord,
  options: { readonly items?: boolean | undefined } = {},
): Promise<ExecutionDetails> {
  const [rows, attempts] = await Promise.all([reader.listSteps(record.key), reader.listAttempts(record.key)]);
  const outputs = new Map<string, AttemptRecord>();
  for (const attempt of attempts) if (attempt.status === 'completed') outputs.set(`${attempt.position}.${attempt.item}`, attempt);
  const byPosition = new Map<number, StepRecord[]>();
  for (const row of rows) {
    const list = byPosition.get(row.position);
    if (list) list.push(row);
    else byPosition.set(row.position, [row]);
  }
  const steps: StepResult[] = [];
  for (const { position, id, forEach } of plan.steps) {
    const list = byPosition.get(position) ?? [];
    const row = list.find(({ item }) => item === noItem);
    const items = list.filter(({ item }) => item !== noItem).toSorted((a, b) => a.item - b.item);
    const outputOf = (item: number): unknown => {
      const output = outputs.get(`${position}.${item}`)?.output;
      return output === undefined || output === null ? null : JSON.parse(output);
    };
    if (!row) {
      steps.push({ stepId: id, status: 'pending', attempts: 0, interruptions: 0, startedAt: null, settledAt: null });
    } else {
      const output = row.status !== 'completed' ? undefined : forEach ? items.map(({ item }) => outputOf(item)) : outputOf(noItem);
      steps.push(toStepResult(row, output));
    }
    if (options.items) for (const item of items) steps.push(toStepResult(item, item.status === 'completed' ? outputOf(item.item) : undefined));
  }
  return { ...toSummary(record), input: JSON.parse(record.input), steps };
}

function toStepResult(row: StepRecord, output: unknown): StepResult {
  const { stepId, item, status, attempt, interruptions, failure, dueAt, startedAt, settledAt } = row;
  return {
    stepId,
    ...(item !== noItem && { item }),
    status,
    attempts: attempt,
    interruptions,
    ...(failure && { reason: failure }),
    ...(output !== undefined && { output }),
    ...(dueAt !== null && { dueAt }),
    startedAt,
    settledAt,
  };
}

export async function readSettled(reader: StoreReader, plan: FlowPlan, record: ExecutionRecord): Promise<SettledExecution> {
  const details = await readDetails(reader, plan, record);
  const settledAt = record.settledAt ?? record.createdAt;
  return { ...details, durationMs: settledAt - record.createdAt } as SettledExecution;
}

/** Takes a journal row apart. */
export function* toTransitions(executionId: string, row: JournalRecord): Iterable<Extract<TransitionUpdate, { type: 'transition' }>> {
  const entries = JSON.parse(row.entries) as JournalEntry[];
  for (const [index, [address, event, state]] of entries.entries()) {
    yield { type: 'transition', seq: row.seq + index, at: row.at, address: toAddress(executionId, address), event: event as { type: string }, state };
  }
}
