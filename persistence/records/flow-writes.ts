import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { Write, WriteShape } from '../contract.ts';
import type { ExecutionRecord, StepRecord } from '../records.ts';
import type { CommitBatch } from '../store.ts';
import type { Table, Value } from '../table.ts';
import { inputPosition } from './execution-reads.ts';
import { attempts, consolidations, definitions, executions, inputs, signals, steps } from './flow-tables.ts';
import { toJson } from './reading.ts';

export const insertInto = (table: Table, more: Pick<WriteShape, 'keep'> = {}): WriteShape => ({ table, kind: 'insert', columns: Object.keys(table.columns), ...more });

/** A row's values in the order of its table's columns, where the record's names are the columns'. */
export const toValues = ({ columns }: WriteShape, row: object): Value[] => columns.map(column => (row as { readonly [name: string]: Value })[column] as Value);

const insertDefinition = insertInto(definitions, { keep: true });
const insertAttempt = insertInto(attempts);
const insertInput = insertInto(inputs);
const insertSignal = insertInto(signals);
const insertConsolidated = insertInto(consolidations);
const removeSignal: WriteShape = { table: signals, kind: 'remove', columns: ['executionKey', 'number'] };

// What is settled stays.
const insertExecution = insertInto(executions);
const once = ['executionId', 'generation', 'flowId', 'flowVersion', 'digest', 'priority', 'idempotencyKey', 'parentId', 'parentStep', 'createdAt'];
const putExecution: WriteShape = { table: executions, kind: 'put', columns: Object.keys(executions.columns), once, unless: 'settledAt' };
// Touches no column that an index holds: a database rewrites the index entry of a column that is set, changed or not.
const updateProgress: WriteShape = { table: executions, kind: 'update', columns: ['context', 'seq'], unless: 'settledAt' };
/** A flow that works and goes on working: no column but these moves. */
const updateStatus: WriteShape = { table: executions, kind: 'update', columns: ['status', 'context', 'seq', 'startedAt'], unless: 'settledAt' };

const putStep: WriteShape = { table: steps, kind: 'put', columns: Object.keys(steps.columns), once: ['stepId'], unless: 'settledAt' };
/** The way of nearly every step: it begins, and its first run completes it. A third of the values need not be bound. */
const putFirstRun: WriteShape = {
  ...putStep,
  columns: ['executionKey', 'position', 'item', 'stepId', 'status', 'run', 'attempt', 'interruptions', 'runAt', 'startedAt', 'settledAt'],
};
/** A result of an earlier generation is written once, with the generation that keeps it. */
const putKeptStep: WriteShape = { ...putStep, unless: 'status' };

/** What is known of executions because this owner wrote them last: a write can then be shorter. */
export class KnownExecutions {
  /** The highest key that was ever written: what is above is new. */
  newestKey = 0;
  /** Keys of those that work, with the time of their start. */
  readonly #working = new Map<number, number>();

  /** What was noted may not have been stored. */
  forget(): void {
    this.#working.clear();
  }

  isWorking({ key, wakeAt, startedAt }: ExecutionRecord): boolean {
    return wakeAt === 0 && this.#working.get(key) === startedAt;
  }

  note({ key, wakeAt, startedAt }: ExecutionRecord): void {
    this.newestKey = Math.max(this.newestKey, key);
    if (wakeAt === 0 && startedAt !== null) this.#working.set(key, startedAt);
    else this.#working.delete(key);
  }
}

/** The writes of a batch that flows make, in the order in which they are stored. */
export function listFlowWrites(batch: CommitBatch, known: KnownExecutions, writes: Write[]): void {
  for (const row of batch.definitions) writes.push({ shape: insertDefinition, values: toValues(insertDefinition, row) });
  for (const row of batch.executions) listExecution(row, known, writes);
  for (const { key, context, seq } of batch.progress) writes.push({ shape: updateProgress, values: [context, seq, key] });
  for (const row of batch.steps) writes.push(toStepWrite(row));
  for (const row of batch.attempts) {
    const { executionKey, position, item, run, attempt, status, startedAt, endedAt, failure, output } = row;
    writes.push({ shape: insertAttempt, values: [executionKey, position, item, run, attempt, status, startedAt, endedAt, toJson(failure), output] });
  }
  for (const { executionKey, position, item, input } of batch.inputs) writes.push({ shape: insertInput, values: [executionKey, position, item, input] });
  for (const row of batch.consolidated ?? []) writes.push(toConsolidatedWrite(row));
  for (const { executionKey, number, name, payload, receivedAt } of batch.signals.received) writes.push({ shape: insertSignal, values: [executionKey, number, name, payload, receivedAt] });
  for (const { executionKey, number } of batch.signals.consumed) writes.push({ shape: removeSignal, values: [executionKey, number] });
}

function listExecution(row: ExecutionRecord, known: KnownExecutions, writes: Write[]): void {
  const isNew = row.key > known.newestKey;
  if (known.isWorking(row)) {
    writes.push({ shape: updateStatus, values: [row.status, row.context, row.seq, row.startedAt, row.key] });
  } else {
    const passed = row.passed === null ? null : Number(row.passed);
    const values = [
      row.key, row.executionId, row.generation, row.flowId, row.flowVersion, row.digest, row.priority, row.idempotencyKey, row.parentId, row.parentStep,
      row.context, row.seq, row.createdAt, row.status, row.wakeAt, row.startedAt, row.settledAt, row.score, passed, toJson(row.failure),
    ];
    writes.push({ shape: isNew ? insertExecution : putExecution, values });
    writes.push({ shape: isNew ? insertInput : keepInput, values: [row.key, inputPosition, inputPosition, row.input] });
  }
  known.note(row);
}

/** Of a row that is there already, the input is, too. */
const keepInput = insertInto(inputs, { keep: true });

/** Whether it runs for the first time, or was completed by its first run. */
const isFirstRun = (row: StepRecord): boolean =>
  row.run === 1 && row.attempt === 1 && row.interruptions === 0 && row.runAt === row.startedAt
  && row.failure === null && row.dueAt === null && row.counters === null && row.recovery === null && row.originKey === null;

function toStepWrite(row: StepRecord): Write {
  const { executionKey, position, item, stepId, status, run, attempt, interruptions, runAt, startedAt, settledAt } = row;
  if (isFirstRun(row)) return { shape: putFirstRun, values: [executionKey, position, item, stepId, status, run, attempt, interruptions, runAt, startedAt, settledAt] };
  const values = [
    executionKey, position, item, stepId, status, run, attempt, interruptions, row.counters, row.dueAt, runAt, toJson(row.failure), startedAt, settledAt,
    row.recovery, row.originKey, row.originPosition, Number(row.stale),
  ];
  return { shape: row.originKey === null ? putStep : putKeptStep, values };
}

function toConsolidatedWrite({ executionKey, status, successRate, totalTools, executionDurationMs, createdAt, error, content }: ConsolidatedRecord): Write {
  return { shape: insertConsolidated, values: [executionKey, status, successRate, totalTools, executionDurationMs, createdAt, toJson(error), content] };
}
