import type { ExecutionRecord, StepRecord } from '../records.ts';
import { createSettledError } from '../store-errors.ts';
import type { CommitBatch } from '../store.ts';
import { writeConsolidated } from './consolidated.ts';
import { inputPosition } from './rows.ts';
import type { CommitStatements } from './statements.ts';

const toText = (failure: object | null): string | null => (failure === null ? null : JSON.stringify(failure));

/** Writes a batch inside the open transaction. The hot path: values are bound by place, nothing is made per row. */
export function writeBatch(statements: CommitStatements, batch: CommitBatch): void {
  for (const row of batch.definitions) statements.insertDefinition.run(row.digest, row.flowId, row.version, row.definition, row.createdAt);
  for (const row of batch.executions) writeExecution(statements, row);
  for (const row of batch.progress) {
    const { changes } = statements.updateProgress.run(row.context, row.seq, row.key);
    if (Number(changes) === 0) throw createSettledError('execution', row.executionId);
  }
  for (const row of batch.steps) writeStep(statements, row);
  for (const row of batch.attempts) {
    statements.insertAttempt.run(
      row.executionKey, row.position, row.item, row.run, row.attempt, row.status, row.startedAt, row.endedAt, toText(row.failure), row.output,
    );
  }
  for (const row of batch.inputs) statements.insertInput.run(row.executionKey, row.position, row.item, row.input);
  if (batch.consolidated) for (const row of batch.consolidated) writeConsolidated(statements.insertConsolidated, row);
  for (const row of batch.signals.received) statements.insertSignal.run(row.executionKey, row.number, row.name, row.payload, row.receivedAt);
  for (const row of batch.signals.consumed) statements.deleteSignal.run(row.executionKey, row.number);
}

function writeExecution(statements: CommitStatements, row: ExecutionRecord): void {
  const passed = row.passed === null ? null : Number(row.passed);
  const failure = toText(row.failure);
  if (row.key <= statements.newestKey && (moveExecution(statements, row) || replaceExecution(statements, row, passed, failure))) return;
  // Should the transaction fail, one that is new is looked for in vain the next time, and inserted all the same.
  statements.newestKey = Math.max(statements.newestKey, row.key);
  statements.insertExecution.run(
    row.key, row.executionId, row.generation, row.flowId, row.flowVersion, row.digest, row.priority, row.idempotencyKey, row.parentId, row.parentStep,
    row.createdAt, row.status, row.wakeAt, row.context, row.seq, row.startedAt, row.settledAt, row.score, passed, failure,
  );
  statements.insertInput.run(row.key, inputPosition, inputPosition, row.input);
}

function moveExecution({ updateStatus }: CommitStatements, row: ExecutionRecord): boolean {
  if (row.wakeAt !== 0) return false;
  const { changes } = updateStatus.run(row.status, row.context, row.seq, row.key, row.startedAt);
  return Number(changes) > 0;
}

function replaceExecution({ updateExecution, hasExecution }: CommitStatements, row: ExecutionRecord, passed: number | null, failure: string | null): boolean {
  const { changes } = updateExecution.run(
    row.status, row.wakeAt, row.context, row.seq, row.startedAt, row.settledAt, row.score, passed, failure, row.key,
  );
  if (Number(changes) > 0) return true;
  if (hasExecution.get(row.key) !== undefined) throw createSettledError('execution', row.executionId);
  return false;
}

function writeStep(statements: CommitStatements, row: StepRecord): void {
  if (isFirstRun(row) && writeFirstRun(statements, row)) return;
  const failure = toText(row.failure);
  if (row.originKey !== null) return writeKeptStep(statements, row, failure);
  if (!isLikelyNew(row)) {
    const { changes } = statements.updateStep.run(
      row.status, row.run, row.attempt, row.interruptions, row.counters, row.dueAt, row.runAt, failure, row.startedAt, row.settledAt, row.recovery,
      row.executionKey, row.position, row.item,
    );
    if (Number(changes) > 0) return;
  }
  const { changes } = statements.insertStep.run(
    row.executionKey, row.position, row.item, row.stepId, row.status, row.run, row.attempt, row.interruptions, row.counters, row.dueAt, row.runAt,
    failure, row.startedAt, row.settledAt, row.recovery,
  );
  if (Number(changes) === 0) throw createSettledError('step', `${row.stepId} (${row.executionKey}/${row.position}/${row.item})`);
}

/** Whether it runs for the first time, or was completed by its first run. */
const isFirstRun = (row: StepRecord): boolean =>
  row.run === 1 && row.attempt === 1 && row.interruptions === 0 && row.runAt === row.startedAt
  && row.failure === null && row.dueAt === null && row.counters === null && row.recovery === null && row.originKey === null;

/** False: the row that is there says something else. */
function writeFirstRun(statements: CommitStatements, row: StepRecord): boolean {
  if (row.status === 'running' && row.settledAt === null) {
    return Number(statements.beginFirstRun.run(row.executionKey, row.position, row.item, row.stepId, row.runAt, row.startedAt).changes) > 0;
  }
  if (row.status !== 'completed') return false;
  return Number(statements.completeFirstRun.run(row.settledAt, row.executionKey, row.position, row.item, row.startedAt).changes) > 0;
}

function writeKeptStep(statements: CommitStatements, row: StepRecord, failure: string | null): void {
  const { changes } = statements.insertKeptStep.run(
    row.executionKey, row.position, row.item, row.stepId, row.status, row.run, row.attempt, row.interruptions, row.counters, row.dueAt, row.runAt,
    failure, row.startedAt, row.settledAt, row.recovery, row.originKey, row.originPosition, Number(row.stale),
  );
  if (Number(changes) === 0) throw createSettledError('step', `${row.stepId} (${row.executionKey}/${row.position}/${row.item})`);
}

/** Guesses which of two statements will do at once; a wrong guess costs time, not truth. */
function isLikelyNew(row: StepRecord): boolean {
  if (row.status === 'running') return row.run === 1 && row.attempt === 1;
  return row.status === 'waiting' || (row.settledAt !== null && row.run === 0 && row.counters === null);
}
