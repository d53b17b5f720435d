import type { AttemptRecord, ExecutionRecord, StepRecord } from '../records.ts';

/** A row as it is read: failures are JSON text, booleans are 0 and 1. */
type Row<RecordType> = Omit<RecordType, 'failure' | 'passed'> & { readonly failure: string | null; readonly passed?: number | null };

/** The columns of an execution, its input from the row that holds it. To be followed by conditions on `e`. */
export const selectExecutions = `
  SELECT e.key, e.execution_id AS executionId, e.flow_id AS flowId, e.flow_version AS flowVersion, e.digest, i.input, e.priority,
    e.idempotency_key AS idempotencyKey, e.parent_id AS parentId, e.parent_step AS parentStep, e.context, e.seq,
    e.created_at AS createdAt, e.status, e.wake_at AS wakeAt, e.started_at AS startedAt, e.settled_at AS settledAt, e.score,
    e.passed, e.failure
  FROM executions AS e JOIN inputs AS i ON i.execution_key = e.key AND i.position = -1 AND i.item = -1`;

export const selectSteps = `
  SELECT execution_key AS executionKey, position, item, step_id AS stepId, run, attempt, interruptions, counters, status,
    due_at AS dueAt, run_at AS runAt, failure, started_at AS startedAt, settled_at AS settledAt
  FROM steps`;

export const selectAttempts = `
  SELECT execution_key AS executionKey, position, item, run, attempt, status, started_at AS startedAt, ended_at AS endedAt,
    failure, output
  FROM attempts`;

// The CHECKs of the schema hold what the unions say, so a row is a record.

export function toExecution(row: unknown): ExecutionRecord {
  const { failure, passed, ...rest } = row as Row<ExecutionRecord>;
  return { ...rest, passed: passed === null ? null : passed === 1, failure: parseFailure(failure) } as ExecutionRecord;
}

export function toStep(row: unknown): StepRecord {
  const { failure, ...rest } = row as Row<StepRecord>;
  return { ...rest, failure: parseFailure(failure) } as StepRecord;
}

export function toAttempt(row: unknown): AttemptRecord {
  const { failure, ...rest } = row as Row<AttemptRecord>;
  return { ...rest, failure: parseFailure(failure) };
}

function parseFailure(text: string | null): AttemptRecord['failure'] {
  return text === null ? null : (JSON.parse(text) as AttemptRecord['failure']);
}
