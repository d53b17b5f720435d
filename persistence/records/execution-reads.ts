import { isFlowError } from '../../src/core/errors.ts';
import { readStoredFailure } from '../../src/core/stored-value.ts';
import type { Answer } from '../answer.ts';
import type { Request, StoreReader } from '../contract.ts';
import type { ListDurationsParams, StepDuration } from '../durations-store.ts';
import type { DefinitionRecord, ExecutionRecord, ExecutionStatus } from '../records.ts';
import type { ExecutionHead, ListExecutionsParams } from '../store.ts';
import type { Row, Value } from '../table.ts';
import { definitions, executions, inputs } from './flow-tables.ts';
import { journalKinds } from './journal-kinds.ts';
import { countEntries } from './journal-reads.ts';
import { asRecord, chain, collect, readOne, readRows } from './reading.ts';
import { readChanges } from './step-changes.ts';
import { listSteps } from './step-reads.ts';
import { journal } from './tables.ts';

/** Where an execution's own input is kept among the inputs of its steps. */
export const inputPosition = -1;

const toExecution = (row: Row, input: Value): ExecutionRecord =>
  ({ ...row, input, passed: row['passed'] === null ? null : row['passed'] === 1, failure: readStoredFailure('executions.failure', row['key'] as number, row['failure'] as string | null) }) as unknown as ExecutionRecord;

const progressColumns = ['number', 'at', 'seq', 'entries', 'changes'];
const toNewest = (key: number): Request => ({
  table: journal, index: 'journal_instance', prefix: [journalKinds.flow, key], order: 'falling', limit: 2, columns: progressColumns,
});

/** Executions with their inputs, as far as the journal says that they are; one that was deleted meanwhile is left out. */
function withInputs(store: StoreReader, rows: readonly Row[]): Answer<ExecutionRecord[]> {
  if (rows.length === 0) return [];
  const keys = rows.map(row => [row['key'] as number, inputPosition, inputPosition]);
  const open = rows.filter(row => row['settledAt'] === null).map(row => row['key'] as number);
  return chain(store.read([{ table: inputs, keys, columns: ['executionKey', 'input'] }, ...open.map(toNewest)]), ([found = [], ...newest]) => {
    const byKey = new Map(found.map(row => [row['executionKey'], row['input'] as Value]));
    const told = new Map(open.map((key, index) => [key, newest[index] ?? []]));
    return rows.flatMap(row => {
      const input = byKey.get(row['key'] as Value);
      return input === undefined ? [] : [toExecution({ ...row, ...readProgress(row, told.get(row['key'] as number) ?? []) }, input)];
    });
  });
}

/** One damaged row must not hide all that are listed with it: what is damaged is said when steps are read. */
function tryContext(key: number, row: Row): string | undefined {
  try {
    return readChanges(key, row).context;
  } catch (error) {
    if (isFlowError(error, 'store_damaged')) return undefined;
    throw error;
  }
}

/** What has moved since the execution's own row was written: rows that say so are the newest, and rarely more than one. */
function readProgress(execution: Row, newest: readonly Row[]): Row {
  let seq = execution['seq'] as number;
  for (const row of newest) {
    const end = (row['seq'] as number) + countEntries(row['entries'] as string) - 1;
    if (end < (execution['seq'] as number)) break;
    seq = Math.max(seq, end);
    const context = row['changes'] === null ? undefined : tryContext(execution['key'] as number, row);
    if (context !== undefined) return { seq, context };
  }
  return { seq };
}

const listExecutionRows = (store: StoreReader, request: Request): Answer<ExecutionRecord[]> => chain(store.read([request]), ([rows = []]) => withInputs(store, rows));

export const getDefinition = (store: StoreReader, digest: string): Answer<DefinitionRecord | undefined> =>
  readOne(store, { table: definitions, keys: [[digest]] }, asRecord<DefinitionRecord>);

export function getExecution(store: StoreReader, executionId: string, generation: number | undefined): Answer<ExecutionRecord | undefined> {
  const found = generation === undefined
    ? listGenerations(store, executionId, 1)
    : listExecutionRows(store, { table: executions, index: 'executions_generation', keys: [[executionId, generation]] });
  return chain(found, ([row]) => row);
}

export const listGenerations = (store: StoreReader, executionId: string, limit: number): Answer<ExecutionRecord[]> =>
  listExecutionRows(store, { table: executions, index: 'executions_generation', prefix: [executionId], order: 'falling', limit });

export const findByIdempotencyKey = (store: StoreReader, idempotencyKey: string): Answer<ExecutionRecord | undefined> =>
  chain(readOne(store, { table: executions, index: 'executions_idempotency', keys: [[idempotencyKey]], columns: ['executionId'] }, row => row['executionId'] as string), id =>
    id === undefined ? undefined : getExecution(store, id, undefined),
  );

/** Those of the rows that no later generation follows. */
export function selectNewest(store: StoreReader, rows: readonly Row[]): Answer<Row[]> {
  if (rows.length === 0) return [];
  const keys = rows.map(row => [row['executionId'] as string, (row['generation'] as number) + 1]);
  return chain(store.read([{ table: executions, index: 'executions_generation', keys, columns: ['executionId', 'generation'] }]), ([later = []]) => {
    const followed = new Set(later.map(row => `${String(row['executionId'])} ${String(row['generation'])}`));
    return rows.filter(row => !followed.has(`${String(row['executionId'])} ${(row['generation'] as number) + 1}`));
  });
}

export function listExecutions(store: StoreReader, params: ListExecutionsParams): Answer<ExecutionRecord[]> {
  const { status, flowId, parentId, limit = 100, after, order = 'newest' } = params;
  if (parentId !== undefined) return listChildren(store, parentId, params);
  const rising = order === 'oldest';
  const place = flowId === undefined ? {} : { index: 'executions_flow', prefix: [flowId] };
  const list = (one: ExecutionStatus | undefined): Answer<Row[]> =>
    collect(
      store,
      limit,
      last => {
        const key = (last?.['key'] as number | undefined) ?? after;
        const by = one !== undefined && flowId === undefined ? { index: 'executions_status', prefix: [one] } : place;
        return { table: executions, ...by, order: rising ? 'rising' : 'falling', ...(key !== undefined && { after: [key] }) };
      },
      rows => selectNewest(store, one !== undefined && flowId !== undefined ? rows.filter(row => row['status'] === one) : rows),
    );
  const lists = status ? [...new Set(status)] : [undefined];
  const turn = (index: number, found: Row[]): Answer<Row[]> =>
    index === lists.length ? found : chain(list(lists[index]), rows => turn(index + 1, [...found, ...rows]));
  return chain(turn(0, []), rows => {
    const sorted = rows.toSorted((a, b) => ((a['key'] as number) - (b['key'] as number)) * (rising ? 1 : -1));
    return withInputs(store, sorted.slice(0, limit));
  });
}

const childColumns = ['key', 'executionId', 'generation', 'parentId', 'status', 'flowId'];

/** Ids of all that are below an execution begin with the one at the top of its tree, and a dot. */
function listChildren(store: StoreReader, parentId: string, params: ListExecutionsParams): Answer<ExecutionRecord[]> {
  const { status, flowId, limit = 100, after, order = 'newest' } = params;
  const root = parentId.split('.', 1)[0] ?? '';
  const way = order === 'oldest' ? 1 : -1;
  const isMeant = (row: Row): boolean =>
    row['parentId'] === parentId && (!status || status.includes(row['status'] as ExecutionStatus)) && (flowId === undefined || row['flowId'] === flowId) &&
    (after === undefined || ((row['key'] as number) - after) * way > 0);
  const below: Request = { table: executions, index: 'executions_generation', from: `${root}.`, to: `${root}/`, columns: childColumns };
  return chain(store.read([below]), ([rows = []]) => {
    const keys = rows.filter(isMeant).map(row => row['key'] as number).toSorted((a, b) => (a - b) * way);
    if (keys.length === 0) return [];
    return listExecutionRows(store, { table: executions, keys: keys.slice(0, limit).map(key => [key]) });
  });
}

const statuses = ['pending', 'stepping', 'consolidating', 'scored', 'failed'] as const;

/** Each execution once. Generations that another one follows have settled. */
export function countExecutions(store: StoreReader): Answer<Record<ExecutionStatus, number>> {
  const count = (status: ExecutionStatus): Request => ({ table: executions, index: 'executions_status', prefix: [status], count: true });
  const retried: Request = { table: executions, index: 'executions_retried', columns: ['executionId', 'generation'] };
  return chain(store.read([...statuses.map(count), retried]), answers => {
    const counts = { pending: 0, stepping: 0, consolidating: 0, scored: 0, failed: 0 };
    for (const [index, status] of statuses.entries()) counts[status] = Number(answers[index]?.[0]?.['count'] ?? 0);
    const keys = (answers[statuses.length] ?? []).map(row => [row['executionId'] as string, (row['generation'] as number) - 1]);
    if (keys.length === 0) return counts;
    return chain(store.read([{ table: executions, index: 'executions_generation', keys, columns: ['status'] }]), ([rows = []]) => {
      for (const row of rows) counts[row['status'] as ExecutionStatus] -= 1;
      return counts;
    });
  });
}

// what should run

export const listInterrupted = (store: StoreReader, afterKey: number, limit: number): Answer<ExecutionRecord[]> =>
  listExecutionRows(store, { table: executions, index: 'executions_wake', prefix: [0], after: [afterKey], limit });

export const listDue = (store: StoreReader, now: number, limit: number): Answer<ExecutionRecord[]> =>
  listExecutionRows(store, { table: executions, index: 'executions_wake', from: 1, to: now, limit });

export const listPending = (store: StoreReader, limit: number): Answer<ExecutionRecord[]> =>
  listExecutionRows(store, { table: executions, index: 'executions_pending', limit });

const headColumns = ['key', 'executionId', 'flowId', 'digest', 'parentId', 'parentStep', 'wakeAt'];

export const listStepping = (store: StoreReader, afterKey: number, limit: number): Answer<ExecutionHead[]> =>
  readRows(store, { table: executions, index: 'executions_status', prefix: ['stepping'], after: [afterKey], limit, columns: headColumns }, asRecord<ExecutionHead>);

export const nextWakeAt = (store: StoreReader, after: number): Answer<number | undefined> =>
  readOne(store, { table: executions, index: 'executions_wake', from: after + 1, limit: 1, columns: ['wakeAt'] }, row => row['wakeAt'] as number);

export const getNewestKey = (store: StoreReader): Answer<number> =>
  chain(readOne(store, { table: executions, order: 'falling', limit: 1, columns: ['key'] }, row => row['key'] as number), key => key ?? 0);

export function listDurations(store: StoreReader, { flowId, before, executions: count, steps: places }: ListDurationsParams): Answer<StepDuration[]> {
  const recent: Request = { table: executions, index: 'executions_flow', prefix: [flowId], after: [before], order: 'falling', limit: count, columns: ['key'] };
  return chain(readRows(store, recent, row => row['key'] as number), keys => {
    const found: StepDuration[] = [];
    const turn = (index: number): Answer<StepDuration[]> =>
      index === keys.length
        ? found
        : chain(listSteps(store, keys[index] as number), rows => {
            for (const { stepId, position, item, status, originKey, settledAt, runAt, startedAt } of rows) {
              if (item !== -1 || position >= places || status !== 'completed' || originKey !== null) continue;
              found.push({ stepId, durationMs: settledAt - (runAt ?? startedAt) });
            }
            return turn(index + 1);
          });
    return turn(0);
  });
}
