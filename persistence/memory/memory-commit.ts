import type { z } from 'zod';
import { attemptRecord, executionRecord, stepRecord } from '../records.ts';
import type { ExecutionRecord, StepRecord } from '../records.ts';
import { createSettledError } from '../store-errors.ts';
import type { CommitBatch } from '../store.ts';
import { applyArtifacts, removeArtifacts } from './memory-artifacts.ts';
import { applyActors } from './memory-actors.ts';
import { applyCatalog } from './memory-catalog.ts';
import { applyJournalRows } from './feed-memory.ts';
import { applyInteractions, removeInteractions } from './memory-interactions.ts';
import { applyQueueBatch } from './queue-memory.ts';
import { applyIsolations } from './memory-isolations.ts';
import { putConsolidated } from './consolidated.ts';
import { toAttemptPlace, toStepPlace } from './memory-state.ts';
import type { MemoryState } from './memory-state.ts';
import type { UndoLog } from './undo-log.ts';

/** Writes a batch, row by row, in the order in which a database would. Throws at the first row that may not be. */
export function applyBatch(state: MemoryState, log: UndoLog, batch: CommitBatch): void {
  for (const row of batch.definitions) if (!state.definitions.has(row.digest)) log.set(state.definitions, row.digest, Object.freeze({ ...row }));
  for (const row of batch.executions) putExecution(state, log, requireValid('execution', executionRecord, row));
  for (const row of batch.progress) putProgress(state, log, row);
  for (const row of batch.steps) putStep(state, log, requireValid('step', stepRecord, row));
  for (const row of batch.attempts) insert(log, state.attempts, toAttemptPlace(row), requireValid('attempt', attemptRecord, row), 'attempt');
  for (const row of batch.inputs) insert(log, state.inputs, toStepPlace(row), { ...row }, 'input');
  for (const row of batch.journal) insert(log, state.journal, String(row.seq), { ...row }, 'journal row');
  for (const row of batch.consolidated ?? []) putConsolidated(state.consolidated, log, row);
  for (const row of batch.signals.received) insert(log, state.signals, String(row.number), { ...row }, 'signal');
  for (const row of batch.signals.consumed) {
    const signals = state.signals.get(row.executionKey);
    if (signals) log.delete(signals, String(row.number));
  }
  if (batch.artifacts) applyArtifacts(state, log, batch.artifacts);
  if (batch.interactions) applyInteractions(state, log, batch.interactions);
  if (batch.queues) applyQueueBatch(state.queues, log, batch.queues);
  if (batch.isolations) applyIsolations(state, log, batch.isolations);
  if (batch.catalog) applyCatalog(state, log, batch.catalog);
  if (batch.actors) applyActors(state, log, batch.actors);
  applyJournalRows(state.feed, log, batch);
}

/** Removes an execution, all its generations and everything of theirs. */
export function removeExecution(state: MemoryState, log: UndoLog, row: ExecutionRecord): void {
  for (const key of state.keysById.get(row.executionId) ?? []) {
    for (const rows of [state.steps, state.attempts, state.inputs, state.journal, state.signals]) log.delete(rows as Map<number, unknown>, key);
    removeArtifacts(state, log, row.executionId, key);
    removeInteractions(state, log, row.executionId, key);
    log.delete(state.isolations, key);
    log.delete(state.consolidated, key);
    log.delete(state.executions, key);
    log.delete(state.unsettled, key);
  }
  log.delete(state.keysById, row.executionId);
  log.delete(state.labels, row.executionId);
  if (row.idempotencyKey !== null) log.delete(state.keysByIdempotencyKey, row.idempotencyKey);
}

/** The row as the schema has it: its own copy, frozen, without anything JSON could not keep. */
function requireValid<Row extends { failure: unknown }>(what: string, schema: z.ZodType<Row>, row: Row): Row {
  const result = schema.safeParse(row);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new TypeError(`The ${what} breaks the lifecycle at \`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'not valid'}`);
  }
  const copy = result.data;
  if (copy.failure !== null) copy.failure = JSON.parse(JSON.stringify(copy.failure));
  return Object.freeze(copy);
}

function putProgress(state: MemoryState, log: UndoLog, { key, executionId, context, seq }: CommitBatch['progress'][number]): void {
  const before = state.executions.get(key);
  if (!before || before.settledAt !== null) throw createSettledError('execution', executionId);
  const after = Object.freeze({ ...before, context, seq });
  log.set(state.executions, key, after);
  log.set(state.unsettled, key, after);
}

function putExecution(state: MemoryState, log: UndoLog, row: ExecutionRecord): void {
  const before = state.executions.get(row.key);
  if (before && before.settledAt !== null) throw createSettledError('execution', before.executionId);
  if (!before) {
    const keys = state.keysById.get(row.executionId) ?? [];
    if (keys.some(key => state.executions.get(key)?.generation === row.generation)) throw new TypeError(`The generation ${row.generation} of the execution ${row.executionId} is in use already`);
    log.set(state.keysById, row.executionId, [...keys, row.key]);
    if (row.idempotencyKey !== null && row.generation === 1) {
      requireFree(state.keysByIdempotencyKey, row.idempotencyKey, 'idempotency key');
      log.set(state.keysByIdempotencyKey, row.idempotencyKey, row.key);
    }
  }
  const { status, wakeAt, context, seq, startedAt, settledAt, score, passed, failure } = row;
  const after = before ? (Object.freeze({ ...before, status, wakeAt, context, seq, startedAt, settledAt, score, passed, failure }) as ExecutionRecord) : row;
  log.set(state.executions, row.key, after);
  if (settledAt === null) log.set(state.unsettled, row.key, after);
  else log.delete(state.unsettled, row.key);
}

function putStep(state: MemoryState, log: UndoLog, row: StepRecord): void {
  const place = toStepPlace(row);
  const before = state.steps.get(row.executionKey)?.get(place);
  if (before && (before.settledAt !== null || row.originKey !== null)) throw createSettledError('step', `${before.stepId} (${row.executionKey}/${place})`);
  if ((row.originKey === null) !== (row.originPosition === null) || (row.originKey === null ? row.stale : row.settledAt === null)) {
    throw new TypeError(`The step ${row.stepId} (${row.executionKey}/${place}) is kept from nowhere, or has not settled`);
  }
  set(log, state.steps, row.executionKey, place, before ? Object.freeze({ ...row, stepId: before.stepId }) : row);
}

function insert<Row extends { readonly executionKey: number }>(log: UndoLog, rows: Map<number, Map<string, Row>>, place: string, row: Row, what: string): void {
  if (rows.get(row.executionKey)?.has(place)) throw new TypeError(`The ${what} ${row.executionKey}/${place} is stored already, and is written once`);
  set(log, rows, row.executionKey, place, Object.freeze(row));
}

function set<Row>(log: UndoLog, rows: Map<number, Map<string, Row>>, executionKey: number, place: string, row: Row): void {
  let of = rows.get(executionKey);
  if (!of) log.set(rows, executionKey, (of = new Map<string, Row>()));
  log.set(of, place, row);
}

function requireFree(keys: ReadonlyMap<string, number>, value: string, what: string): void {
  if (keys.has(value)) throw new TypeError(`The ${what} ${value} is in use already`);
}
