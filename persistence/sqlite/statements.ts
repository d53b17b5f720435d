import type { SqliteConnection } from './connection.ts';
import { prepareInsertConsolidated } from './consolidated.ts';
import type { SqliteStatement } from './driver.ts';
import { JournalNumbers } from './journal.ts';

const insertExecution = `
  INSERT INTO executions (key, execution_id, generation, flow_id, flow_version, digest, priority, idempotency_key, parent_id, parent_step,
    created_at, status, wake_at, context, seq, started_at, settled_at, score, passed, failure)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

// Every write to a row with a life of its own ends in this: what is settled stays. No row changed: it was settled.
const unlessSettled = 'settled_at IS NULL';

const updateExecution = `
  UPDATE executions SET status = ?, wake_at = ?, context = ?, seq = ?, started_at = ?, settled_at = ?, score = ?, passed = ?, failure = ?
  WHERE key = ? AND ${unlessSettled}`;

// Touches no column that an index holds: SQLite rewrites the index entry of a column that is set, changed or not.
const updateProgress = `UPDATE executions SET context = ?, seq = ? WHERE key = ? AND ${unlessSettled}`;

// A flow that works and goes on working: no column but these has moved, and one index entry in place of three is written.
const updateStatus = `UPDATE executions SET status = ?, context = ?, seq = ? WHERE key = ? AND wake_at = 0 AND started_at = ? AND ${unlessSettled}`;

// The way of nearly every step: it begins, and its first run completes it. A third of the values, and 4 µs in place of 7.
const beginFirstRun = `
  INSERT INTO steps (execution_key, position, item, step_id, status, run, attempt, interruptions, run_at, started_at)
  VALUES (?, ?, ?, ?, 'running', 1, 1, 0, ?, ?) ON CONFLICT DO NOTHING`;

const completeFirstRun = `
  UPDATE steps SET status = 'completed', settled_at = ?, failure = NULL, recovery = NULL
  WHERE execution_key = ? AND position = ? AND item = ? AND status = 'running' AND run = 1 AND attempt = 1 AND interruptions = 0
    AND started_at = ? AND run_at = started_at AND counters IS NULL AND ${unlessSettled}`;

const insertStep = `
  INSERT INTO steps (execution_key, position, item, step_id, status, run, attempt, interruptions, counters, due_at, run_at, failure, started_at,
    settled_at, recovery)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (execution_key, position, item) DO UPDATE SET status = excluded.status, run = excluded.run, attempt = excluded.attempt,
    interruptions = excluded.interruptions, counters = excluded.counters, due_at = excluded.due_at, run_at = excluded.run_at,
    failure = excluded.failure,
    started_at = excluded.started_at, settled_at = excluded.settled_at, recovery = excluded.recovery
  WHERE ${unlessSettled}`;

// Result of an earlier generation: written once, with the generation that keeps it.
const insertKeptStep = `
  INSERT INTO steps (execution_key, position, item, step_id, status, run, attempt, interruptions, counters, due_at, run_at, failure, started_at,
    settled_at, recovery, origin_key, origin_position, stale)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (execution_key, position, item) DO NOTHING`;

const updateStep = `
  UPDATE steps SET status = ?, run = ?, attempt = ?, interruptions = ?, counters = ?, due_at = ?, run_at = ?, failure = ?, started_at = ?, settled_at = ?, recovery = ?
  WHERE execution_key = ? AND position = ? AND item = ? AND ${unlessSettled}`;

const insertAttempt = `
  INSERT INTO attempts (execution_key, position, item, run, attempt, status, started_at, ended_at, failure, output)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** What a commit is made of, prepared once. */
export interface CommitStatements {
  readonly readEpoch: SqliteStatement;
  readonly insertDefinition: SqliteStatement;
  readonly insertExecution: SqliteStatement;
  readonly updateExecution: SqliteStatement;
  readonly updateStatus: SqliteStatement;
  readonly updateProgress: SqliteStatement;
  readonly hasExecution: SqliteStatement;
  readonly beginFirstRun: SqliteStatement;
  readonly completeFirstRun: SqliteStatement;
  readonly insertStep: SqliteStatement;
  readonly insertKeptStep: SqliteStatement;
  readonly updateStep: SqliteStatement;
  readonly insertAttempt: SqliteStatement;
  readonly insertInput: SqliteStatement;
  readonly journal: JournalNumbers;
  readonly insertConsolidated: SqliteStatement;
  readonly insertSignal: SqliteStatement;
  readonly deleteSignal: SqliteStatement;
  /** The highest key of an execution that may be there: what is above is new. */
  newestKey: number;
}

export function prepareCommit(connection: SqliteConnection): CommitStatements {
  return {
    readEpoch: connection.prepare('SELECT epoch FROM meta WHERE id = 1'),
    insertDefinition: connection.prepare(
      'INSERT INTO definitions (digest, flow_id, version, definition, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING',
    ),
    insertExecution: connection.prepare(insertExecution),
    updateExecution: connection.prepare(updateExecution),
    updateStatus: connection.prepare(updateStatus),
    updateProgress: connection.prepare(updateProgress),
    hasExecution: connection.prepare('SELECT 1 FROM executions WHERE key = ?'),
    beginFirstRun: connection.prepare(beginFirstRun),
    completeFirstRun: connection.prepare(completeFirstRun),
    insertStep: connection.prepare(insertStep),
    insertKeptStep: connection.prepare(insertKeptStep),
    updateStep: connection.prepare(updateStep),
    insertAttempt: connection.prepare(insertAttempt),
    insertInput: connection.prepare('INSERT INTO inputs (execution_key, position, item, input) VALUES (?, ?, ?, ?)'),
    journal: new JournalNumbers(connection),
    insertConsolidated: prepareInsertConsolidated(connection),
    insertSignal: connection.prepare('INSERT INTO signals (execution_key, number, name, payload, received_at) VALUES (?, ?, ?, ?, ?)'),
    deleteSignal: connection.prepare('DELETE FROM signals WHERE execution_key = ? AND number = ?'),
    newestKey: 0,
  };
}
