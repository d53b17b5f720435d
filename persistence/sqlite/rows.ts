import type { AttemptRecord, ExecutionRecord, StepRecord } from '../records.ts';
import type { StepOutcome } from '../store.ts';
import { readStoredFailure, toRowKey } from '../../src/core/stored-value.ts';

/** A row as it is read: failures are JSON text, booleans are 0 and 1. */
type Row<RecordType> = Omit<RecordType, 'failure' | 'passed' | 'stale'> & { readonly failure: string | null; readonly passed?: number | null; readonly stale?: number };

/** Where an execution's own input is kept among the inputs of its steps. */
export const inputPosition = -1;

const executionColumns = `
  SELECT e.key, e.execution_id AS executionId, e.generation, e.flow_id AS flowId, e.flow_version AS flowVersion, e.digest,
    (SELECT i.input FROM inputs AS i WHERE i.execution_key = e.key AND i.position = -1 AND i.item = -1) AS input, e.priority,
    e.idempotency_key AS idempotencyKey, e.parent_id AS parentId, e.parent_step AS parentStep, e.context, e.seq,
    e.created_at AS createdAt, e.status, e.wake_at AS wakeAt, e.started_at AS startedAt, e.settled_at AS settledAt, e.score,
    e.passed, e.failure`;
const withInput = `JOIN inputs AS i ON i.execution_key = e.key AND i.position = ${inputPosition} AND i.item = ${inputPosition}`;

/** Executions with their inputs. To be followed by conditions on `e`. */
export const selectExecutions = `${executionColumns} FROM executions AS e ${withInput}`;

/** As `selectExecutions`, for those that are pending: SQLite would take them by status and sort them all. */
export const selectPending = `${executionColumns} FROM executions AS e INDEXED BY executions_pending ${withInput} WHERE e.status = 'pending'`;

export const selectSteps = `
  SELECT execution_key AS executionKey, position, item, step_id AS stepId, run, attempt, interruptions, counters, status,
    due_at AS dueAt, run_at AS runAt, failure, started_at AS startedAt, settled_at AS settledAt,
    origin_key AS originKey, origin_position AS originPosition, stale, recovery
  FROM steps`;

export const selectAttempts = `
  SELECT execution_key AS executionKey, position, item, run, attempt, status, started_at AS startedAt, ended_at AS endedAt,
    failure, output
  FROM attempts`;

/** To be added to conditions on `e`: of each execution the newest generation only. */
export const isNewest = 'NOT EXISTS (SELECT 1 FROM executions AS n WHERE n.execution_id = e.execution_id AND n.generation = e.generation + 1)';

/** The steps of one execution, each with the output of the run that completed it, wherever that is kept. */
export const selectResults = `
  SELECT s.execution_key AS executionKey, s.position, s.item, s.step_id AS stepId, s.run, s.attempt, s.interruptions, s.counters, s.status,
    s.due_at AS dueAt, s.run_at AS runAt, s.failure, s.started_at AS startedAt, s.settled_at AS settledAt,
    s.origin_key AS originKey, s.origin_position AS originPosition, s.stale, s.recovery,
    (SELECT a.output FROM attempts AS a
      WHERE a.execution_key = coalesce(s.origin_key, s.execution_key) AND a.position = coalesce(s.origin_position, s.position) AND a.item = s.item
      AND a.run = s.run AND a.status = 'completed') AS output
  FROM steps AS s
  WHERE s.execution_key = ?`;

// The CHECKs of the schema hold what the unions say, so a row is a record.

export function toExecution(row: unknown): ExecutionRecord {
  const { failure, passed, ...rest } = row as Row<ExecutionRecord>;
  return { ...rest, passed: passed === null ? null : passed === 1, failure: readStoredFailure('executions.failure', rest.key, failure) } as ExecutionRecord;
}

export function toStep(row: unknown): StepRecord {
  const { failure, stale, ...rest } = row as Row<StepRecord>;
  return { ...rest, stale: stale === 1, failure: readStoredFailure('steps.failure', toRowKey(rest.executionKey, rest.position, rest.item), failure) } as StepRecord;
}

export function toResult(row: unknown): StepOutcome {
  const { output, ...rest } = row as Row<StepRecord> & { readonly output: string | null };
  return { step: toStep(rest), output };
}

export function toAttempt(row: unknown): AttemptRecord {
  const { failure, ...rest } = row as Row<AttemptRecord>;
  return { ...rest, failure: readStoredFailure('attempts.failure', toRowKey(rest.executionKey, rest.position, rest.item), failure) };
}

interface Place {
  readonly position: number;
  readonly item: number;
}

/** Orders steps by their place; they mostly come in order already. */
export const byPlace = (a: Place, b: Place): number => a.position - b.position || a.item - b.item;
