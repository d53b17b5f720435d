import { readStoredFailure, toRowKey } from '../../src/core/stored-value.ts';
import type { Answer } from '../answer.ts';
import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { TableStoreReader } from '../contract.ts';
import type { AttemptRecord, InputRecord, JournalRecord, SignalRecord, StepRecord } from '../records.ts';
import type { StepOutcome } from '../store.ts';
import type { Row, Value } from '../table.ts';
import { attempts, consolidations, inputs, signals, steps } from './flow-tables.ts';
import { asRecord, chain, none, readOne, readRows } from './reading.ts';
import { journal } from './tables.ts';
import { journalKinds } from './journal-kinds.ts';

const failureOf = (column: 'steps.failure' | 'attempts.failure', row: Row): unknown =>
  readStoredFailure(column, toRowKey(row['executionKey'] as number, row['position'] as number, row['item'] as number), row['failure'] as string | null);
const toStep = (row: Row): StepRecord => ({ ...row, stale: row['stale'] === 1, failure: failureOf('steps.failure', row) }) as unknown as StepRecord;
const toAttempt = (row: Row): AttemptRecord => ({ ...row, failure: failureOf('attempts.failure', row) }) as unknown as AttemptRecord;

export const listSteps = (store: TableStoreReader, executionKey: number): Answer<StepRecord[]> => readRows(store, { table: steps, prefix: [executionKey] }, toStep);

export const listAttempts = (store: TableStoreReader, executionKey: number): Answer<AttemptRecord[]> => readRows(store, { table: attempts, prefix: [executionKey] }, toAttempt);

const toPlace = (row: { readonly position: number; readonly item: number; readonly run: number }): string => `${row.position}/${row.item}/${row.run}`;
const outputColumns = ['executionKey', 'position', 'item', 'run', 'status', 'output'];

/** Outputs of completed runs that are kept with other generations, under the place they have there. */
function readKept(store: TableStoreReader, kept: readonly StepRecord[]): Answer<Map<string, Value>> {
  const found = new Map<string, Value>();
  if (kept.length === 0) return found;
  const keys = kept.map(({ originKey, originPosition, item, run }) => [originKey as number, originPosition as number, item, run]);
  return chain(store.read([{ table: attempts, keys, columns: outputColumns }]), ([rows = []]) => {
    for (const row of rows) {
      if (row['status'] === 'completed') found.set(`${String(row['executionKey'])}/${toPlace(row as unknown as StepRecord)}`, row['output'] as Value);
    }
    return found;
  });
}

const toOrigin = ({ originKey, originPosition, item, run }: StepRecord): string => `${originKey}/${toPlace({ position: originPosition as number, item, run })}`;

export function listResults(store: TableStoreReader, executionKey: number): Answer<StepOutcome[]> {
  const requests = [{ table: steps, prefix: [executionKey] }, { table: attempts, prefix: [executionKey], columns: outputColumns }];
  return chain(store.read(requests), ([stepRows = [], runs = []]) => {
    const records = stepRows.map(toStep);
    const own = new Map(runs.filter(row => row['status'] === 'completed').map(row => [toPlace(row as unknown as StepRecord), row['output'] as string | null]));
    return chain(readKept(store, records.filter(({ originKey }) => originKey !== null)), kept =>
      records.map(step => ({ step, output: (step.originKey === null ? own.get(toPlace(step)) : (kept.get(toOrigin(step)) as string | null)) ?? null })),
    );
  });
}

/** Reads under the key itself, and where nothing is there: under that of the generation the step, or the item, was kept from. */
function readWhereKept<T>(
  store: TableStoreReader, executionKey: number, position: number, item: number, read: (key: number, position: number) => Answer<T | undefined>,
): Answer<T | undefined> {
  return chain(read(executionKey, position), found => {
    if (found !== undefined) return found;
    const origin = { table: steps, keys: [[executionKey, position, item]], columns: ['originKey', 'originPosition'] };
    return chain(readOne(store, origin, row => row), row =>
      row === undefined || row['originKey'] === null ? undefined : read(row['originKey'] as number, row['originPosition'] as number),
    );
  });
}

export function getInput(store: TableStoreReader, executionKey: number, position: number, item: number): Answer<string | undefined> {
  if (position < 0) return undefined;
  return readWhereKept(store, executionKey, position, item, (key, at) =>
    readOne(store, { table: inputs, keys: [[key, at, item]], columns: ['input'] }, row => row['input'] as string),
  );
}

export function getOutput(store: TableStoreReader, executionKey: number, position: number, item: number): Answer<string | undefined> {
  return readWhereKept(store, executionKey, position, item, (key, at) =>
    chain(store.read([{ table: attempts, prefix: [key, at, item], columns: ['status', 'output'] }]), ([rows = []]) =>
      (rows.find(row => row['status'] === 'completed')?.['output'] as string | null | undefined) ?? undefined,
    ),
  );
}

export function listItemOutputs(store: TableStoreReader, executionKey: number, position: number): Answer<{ item: number; output: string }[]> {
  const requests = [
    { table: attempts, prefix: [executionKey, position], from: 0, columns: ['item', 'status', 'output'] },
    { table: steps, prefix: [executionKey, position], from: 0 },
  ];
  return chain(store.read(requests), ([runs = [], items = []]) => {
    const own = runs.flatMap(row => (row['status'] === 'completed' && row['output'] !== null ? [{ item: row['item'] as number, output: row['output'] as string }] : []));
    const kept = items.filter(row => row['originKey'] !== null).map(toStep);
    if (kept.length === 0) return own;
    return chain(readKept(store, kept), outputs => {
      const others = kept.flatMap(step => {
        const output = outputs.get(toOrigin(step));
        return typeof output === 'string' ? [{ item: step.item, output }] : [];
      });
      return [...own, ...others].sort((a, b) => a.item - b.item);
    });
  });
}

export const listInputs = (store: TableStoreReader, executionKey: number): Answer<InputRecord[]> =>
  readRows(store, { table: inputs, prefix: [executionKey], from: 0 }, asRecord<InputRecord>);

export const getConsolidated = (store: TableStoreReader, executionKey: number): Answer<ConsolidatedRecord | undefined> =>
  readOne(store, { table: consolidations, keys: [[executionKey]] }, row => ({ ...row, error: readStoredFailure('consolidations.error', executionKey, row['error'] as string | null) }) as unknown as ConsolidatedRecord);

export const listSignals = (store: TableStoreReader, executionKey: number): Answer<SignalRecord[]> =>
  readRows(store, { table: signals, prefix: [executionKey] }, asRecord<SignalRecord>);

/** What cannot be read is told when it is read; here it is one entry. */
function countEntries(text: string): number {
  try {
    return (JSON.parse(text) as unknown[]).length;
  } catch {
    return 1;
  }
}

const toJournal = (row: Row): JournalRecord => ({ executionKey: row['instance'] as number, seq: row['seq'] as number, at: row['at'] as number, entries: row['entries'] as string });

export function readJournal(store: TableStoreReader, executionKey: number, afterSeq: number, limit: number): Answer<JournalRecord[]> {
  const place = { table: journal, index: 'journal_instance', prefix: [journalKinds.flow, executionKey], columns: ['instance', 'seq', 'at', 'entries'] };
  // The last row that begins at or before the first transition wanted may hold it, too.
  return chain(store.read([{ ...place, to: afterSeq, order: 'falling', limit: 1 }, { ...place, from: afterSeq + 1, limit }]), ([[before] = none, rows = []]) => {
    const holds = before !== undefined && (before['seq'] as number) + countEntries(before['entries'] as string) - 1 > afterSeq;
    return (holds ? [before, ...rows] : rows).slice(0, limit).map(toJournal);
  });
}
