import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { Write, WriteShape } from '../contract.ts';
import type { ExecutionRecord } from '../records.ts';
import type { CommitBatch } from '../store.ts';
import type { Value } from '../table.ts';
import { inputPosition } from './execution-reads.ts';
import { consolidations, definitions, executions, inputs, signals } from './flow-tables.ts';
import { toJson } from './reading.ts';
import { insertInto } from './shapes.ts';

/** A row's values in the order of its table's columns, where the record's names are the columns'. */
export const toValues = ({ columns }: WriteShape, row: object): Value[] => columns.map(column => (row as { readonly [name: string]: Value })[column] as Value);

const insertDefinition = insertInto(definitions, { keep: true });
const insertInput = insertInto(inputs);
const insertSignal = insertInto(signals);
const insertConsolidated = insertInto(consolidations);
const removeSignal: WriteShape = { table: signals, kind: 'remove', columns: ['executionKey', 'number'] };

// What is settled stays.
const insertExecution = insertInto(executions);
const once = ['executionId', 'generation', 'flowId', 'flowVersion', 'digest', 'priority', 'idempotencyKey', 'parentId', 'parentStep', 'createdAt'];
const putExecution: WriteShape = { table: executions, kind: 'put', columns: Object.keys(executions.columns), once, unless: 'settledAt' };
// Touches no more columns that an index holds than it must: a database rewrites the index entry of a column that is set, changed or not.
/** A flow that works and goes on working: no column but these moves. */
const updateStatus: WriteShape = { table: executions, kind: 'update', columns: ['status', 'context', 'seq', 'startedAt'], unless: 'settledAt' };
/** What is not written once, of a flow whose row is known to be there: half the price of a row that may have to be inserted. */
const updateExecution: WriteShape = {
  table: executions, kind: 'update', unless: 'settledAt',
  columns: ['status', 'wakeAt', 'context', 'seq', 'startedAt', 'settledAt', 'score', 'passed', 'failure'],
};

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

  /** Whether its row is there: it worked when this owner wrote it last. */
  isThere({ key }: ExecutionRecord): boolean {
    return this.#working.has(key);
  }

  note({ key, wakeAt, startedAt }: ExecutionRecord): void {
    this.newestKey = Math.max(this.newestKey, key);
    if (wakeAt === 0 && startedAt !== null) this.#working.set(key, startedAt);
    else this.#working.delete(key);
  }
}

/** The writes of a batch that flows make, but for what is in the journal. */
export function listFlowWrites(batch: CommitBatch, known: KnownExecutions, writes: Write[]): void {
  for (const row of batch.definitions) writes.push({ shape: insertDefinition, values: toValues(insertDefinition, row) });
  for (const row of batch.executions) listExecution(row, known, writes);
  for (const { executionKey, position, item, input } of batch.inputs) writes.push({ shape: insertInput, values: [executionKey, position, item, input] });
  for (const row of batch.consolidated ?? []) writes.push(toConsolidatedWrite(row));
  for (const { executionKey, number, name, payload, receivedAt } of batch.signals.received) writes.push({ shape: insertSignal, values: [executionKey, number, name, payload, receivedAt] });
  for (const { executionKey, number } of batch.signals.consumed) writes.push({ shape: removeSignal, values: [executionKey, number] });
}

function listExecution(row: ExecutionRecord, known: KnownExecutions, writes: Write[]): void {
  const isNew = row.key > known.newestKey;
  if (known.isWorking(row)) {
    writes.push({ shape: updateStatus, values: [row.status, row.context, row.seq, row.startedAt, row.key] });
  } else if (known.isThere(row)) {
    const { status, wakeAt, context, seq, startedAt, settledAt, score, key } = row;
    writes.push({ shape: updateExecution, values: [status, wakeAt, context, seq, startedAt, settledAt, score, toPassed(row), toJson(row.failure), key] });
  } else {
    const values = [
      row.key, row.executionId, row.generation, row.flowId, row.flowVersion, row.digest, row.priority, row.idempotencyKey, row.parentId, row.parentStep,
      row.context, row.seq, row.createdAt, row.status, row.wakeAt, row.startedAt, row.settledAt, row.score, toPassed(row), toJson(row.failure),
    ];
    writes.push({ shape: isNew ? insertExecution : putExecution, values });
    writes.push({ shape: isNew ? insertInput : keepInput, values: [row.key, inputPosition, inputPosition, row.input] });
  }
  known.note(row);
}

const toPassed = ({ passed }: ExecutionRecord): number | null => (passed === null ? null : Number(passed));

/** Of a row that is there already, the input is, too. */
const keepInput = insertInto(inputs, { keep: true });

function toConsolidatedWrite({ executionKey, status, successRate, totalTools, executionDurationMs, createdAt, error, content }: ConsolidatedRecord): Write {
  return { shape: insertConsolidated, values: [executionKey, status, successRate, totalTools, executionDurationMs, createdAt, toJson(error), content] };
}
