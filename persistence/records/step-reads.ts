import { readStoredFailure, toRowKey } from '../../src/core/stored-value.ts';
import type { Answer } from '../answer.ts';
import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { Request, StoreReader } from '../contract.ts';
import type { AttemptRecord, InputRecord, SignalRecord, StepRecord, StoredTree } from '../records.ts';
import type { StepOutcome } from '../store.ts';
import type { Row } from '../table.ts';
import { readCheckpoint, toNewestCheckpoint } from './checkpoint-rows.ts';
import { attempts, consolidations, inputs, signals, steps } from './flow-tables.ts';
import { asRecord, chain, none, readOne, readRows as readTable } from './reading.ts';
import type { StepChanges } from './step-changes.ts';
import { readChanges } from './step-changes.ts';
import { journal } from './tables.ts';
import { journalKinds } from './journal-kinds.ts';

const failureOf = (column: 'steps.failure' | 'attempts.failure', row: Row): unknown =>
  readStoredFailure(column, toRowKey(row['executionKey'] as number, row['position'] as number, row['item'] as number), row['failure'] as string | null);
const toStep = (row: Row): StepRecord => ({ ...row, stale: row['stale'] === 1, failure: failureOf('steps.failure', row) }) as unknown as StepRecord;
const toAttempt = (row: Row): AttemptRecord => ({ ...row, failure: failureOf('attempts.failure', row) }) as unknown as AttemptRecord;

const byPlace = (a: StepPlace, b: StepPlace): number => a.position - b.position || a.item - b.item;

interface StepPlace {
  readonly position: number;
  readonly item: number;
}

/** A row of the journal, and what it says of steps. */
interface ToldRow extends StepChanges {
  readonly number: number;
}

const changeColumns = ['number', 'at', 'changes'];

/**
 * What there is of an execution's steps, in the order in which it was stored. Earlier versions had tables of it: number 0.
 *
 * @param outputs whether they are wanted: they are most of what is stored
 */
function readRows(store: StoreReader, executionKey: number, outputs: boolean): Answer<ToldRow[]> {
  const requests: Request[] = [
    { table: steps, prefix: [executionKey] },
    { table: attempts, prefix: [executionKey] },
    { table: journal, index: 'journal_instance', prefix: [journalKinds.flow, executionKey], columns: outputs ? [...changeColumns, 'outputs'] : changeColumns },
  ];
  return chain(store.read(requests), ([olderSteps = [], olderAttempts = [], rows = []]) => {
    return [...toOlder(olderSteps, olderAttempts), ...toTold(executionKey, rows)];
  });
}

const toTold = (executionKey: number, rows: readonly Row[]): ToldRow[] =>
  rows.filter(row => row['changes'] !== null).map((row): ToldRow => ({ number: row['number'] as number, ...readChanges(executionKey, row) }));

const toOlder = (olderSteps: readonly Row[], olderAttempts: readonly Row[]): ToldRow[] =>
  olderSteps.length > 0 || olderAttempts.length > 0 ? [{ number: 0, steps: olderSteps.map(toStep), attempts: olderAttempts.map(toAttempt) }] : [];

/** The newest of each step and item, in their order. */
function toNewest(rows: readonly ToldRow[]): StepRecord[] {
  const newest = new Map<string, StepRecord>();
  for (const row of rows) for (const step of row.steps) newest.set(`${step.position}/${step.item}`, step);
  return [...newest.values()].sort(byPlace);
}

/** The same rows with their outputs, of those that have one that is wanted. */
function readOutputs(store: StoreReader, executionKey: number, rows: readonly ToldRow[], isWanted: (attempt: AttemptRecord) => boolean): Answer<AttemptRecord[]> {
  const isOutput = (attempt: AttemptRecord): boolean => attempt.status === 'completed' && attempt.output !== null && isWanted(attempt);
  const older = rows.filter(({ number }) => number === 0).flatMap(row => row.attempts).filter(isOutput);
  const keys = rows.filter(row => row.number > 0 && row.attempts.some(isOutput)).map(({ number }) => [number]);
  if (keys.length === 0) return older;
  return chain(store.read([{ table: journal, keys, columns: [...changeColumns, 'outputs'] }]), ([found = []]) => [
    ...older,
    ...found.flatMap(row => readChanges(executionKey, row).attempts.filter(isOutput)),
  ]);
}

/** What executions are read back from, and the rows that say so. */
export interface ReadTree extends StoredTree {
  /** Undefined: there is no checkpoint. */
  readonly row: Row | undefined;
  readonly told: readonly ToldRow[];
}

/** Newest checkpoints, and what has changed since; see `RecordReader.readTrees`. */
export function readTrees(store: StoreReader, executionKeys: readonly number[]): Answer<ReadTree[]> {
  return chain(store.read(executionKeys.map(toNewestCheckpoint)), found => {
    const requests = executionKeys.flatMap((key, index): Request[] => {
      const [newest] = found[index] ?? [];
      const place: Request = { table: journal, index: 'journal_instance', prefix: [journalKinds.flow, key], columns: changeColumns };
      const waiting: Request = { table: signals, prefix: [key] };
      if (newest) return [waiting, { ...place, after: [(newest['number'] as number) - 1] }];
      return [waiting, place, { table: steps, prefix: [key] }, { table: attempts, prefix: [key] }];
    });
    return chain(store.read(requests), answers => {
      let next = 0;
      const take = (): readonly Row[] => answers[next++] ?? none;
      return executionKeys.map((key, index): ReadTree => {
        const [row] = found[index] ?? [];
        const waiting = take().map(asRecord<SignalRecord>);
        const rows = take();
        const told = row ? toTold(key, rows) : [...toOlder(take(), take()), ...toTold(key, rows)];
        return { checkpoint: row && readCheckpoint(row), steps: toNewest(told), signals: waiting, rows: rows.length, row, told };
      });
    });
  });
}

/** Steps as they stand now, and the rows that say so. */
export const readSteps = (store: StoreReader, executionKey: number): Answer<{ readonly steps: StepRecord[]; readonly rows: readonly ToldRow[] }> =>
  chain(readRows(store, executionKey, false), rows => ({ steps: toNewest(rows), rows }));

export const listSteps = (store: StoreReader, executionKey: number): Answer<StepRecord[]> => chain(readSteps(store, executionKey), ({ steps: found }) => found);

const toAttempts = (rows: readonly ToldRow[]): AttemptRecord[] => rows.flatMap(row => row.attempts).sort((a, b) => byPlace(a, b) || a.run - b.run);

export const listAttempts = (store: StoreReader, executionKey: number): Answer<AttemptRecord[]> => chain(readRows(store, executionKey, true), toAttempts);

const toPlace = (row: { readonly position: number; readonly item: number; readonly run: number }): string => `${row.position}/${row.item}/${row.run}`;

/** Outputs by where they are. */
const toOutputs = (runs: readonly AttemptRecord[]): Map<string, string> => new Map(runs.map(row => [toPlace(row), row.output as string]));

/** Outputs in the generations that steps were kept from, by key. */
function readKept(store: StoreReader, kept: readonly StepRecord[]): Answer<ReadonlyMap<number, ReadonlyMap<string, string>>> {
  const byKey = Map.groupBy(kept, ({ originKey }) => originKey as number);
  const keys = [...byKey.keys()];
  const found = new Map<number, ReadonlyMap<string, string>>();
  const turn = (index: number): Answer<ReadonlyMap<number, ReadonlyMap<string, string>>> => {
    const key = keys[index];
    if (key === undefined) return found;
    const wanted = new Set(byKey.get(key)?.map(({ originPosition, item, run }) => toPlace({ position: originPosition as number, item, run })));
    return chain(readRows(store, key, false), rows =>
      chain(readOutputs(store, key, rows, attempt => wanted.has(toPlace(attempt))), outputs => {
        found.set(key, toOutputs(outputs));
        return turn(index + 1);
      }),
    );
  };
  return turn(0);
}

const findKept = (kept: ReadonlyMap<number, ReadonlyMap<string, string>>, { originKey, originPosition, item, run }: StepRecord): string | undefined =>
  kept.get(originKey as number)?.get(toPlace({ position: originPosition as number, item, run }));

export function listResults(store: StoreReader, executionKey: number): Answer<StepOutcome[]> {
  return chain(readSteps(store, executionKey), ({ steps: records, rows }) => {
    return chain(readOutputs(store, executionKey, rows, () => true), outputs => {
      const own = toOutputs(outputs);
      return chain(readKept(store, records.filter(({ originKey }) => originKey !== null)), kept =>
        records.map(step => ({ step, output: (step.originKey === null ? own.get(toPlace(step)) : findKept(kept, step)) ?? null })),
      );
    });
  });
}

export function getInput(store: StoreReader, executionKey: number, position: number, item: number): Answer<string | undefined> {
  if (position < 0) return undefined;
  const read = (key: number, at: number): Answer<string | undefined> =>
    readOne(store, { table: inputs, keys: [[key, at, item]], columns: ['input'] }, row => row['input'] as string);
  return chain(read(executionKey, position), found => {
    if (found !== undefined) return found;
    // Where nothing is there: under the generation that the step, or the item, was kept from.
    return chain(listSteps(store, executionKey), records => {
      const step = records.find(row => row.position === position && row.item === item);
      return step?.originKey == null ? undefined : read(step.originKey, step.originPosition as number);
    });
  });
}

const findOutput = (store: StoreReader, executionKey: number, rows: readonly ToldRow[], position: number, item: number): Answer<string | undefined> =>
  chain(readOutputs(store, executionKey, rows, row => row.position === position && row.item === item), found => found.at(-1)?.output ?? undefined);

export function getOutput(store: StoreReader, executionKey: number, position: number, item: number): Answer<string | undefined> {
  return chain(readSteps(store, executionKey), ({ steps: records, rows }) =>
    chain(findOutput(store, executionKey, rows, position, item), own => {
      const step = records.find(row => row.position === position && row.item === item);
      const { originKey, originPosition } = step ?? {};
      if (own !== undefined || originKey == null) return own;
      return chain(readRows(store, originKey, false), origin => findOutput(store, originKey, origin, originPosition as number, item));
    }),
  );
}

/** As `getOutput`, where the row that has it is known. */
export function readOutput(store: StoreReader, executionKey: number, position: number, item: number, number: number): Answer<string | undefined> {
  return chain(store.read([{ table: journal, keys: [[number]], columns: ['number', 'at', 'changes', 'outputs'] }]), ([[row] = none]) =>
    row && row['changes'] !== null
      ? (readChanges(executionKey, row).attempts.findLast(run => run.position === position && run.item === item && run.status === 'completed')?.output ?? undefined)
      : undefined,
  );
}

export function listItemOutputs(store: StoreReader, executionKey: number, position: number): Answer<{ item: number; output: string }[]> {
  return chain(readSteps(store, executionKey), ({ steps: records, rows }) => {
    const isItem = (row: { readonly position: number; readonly item: number }): boolean => row.position === position && row.item >= 0;
    const kept = records.filter(row => isItem(row) && row.originKey !== null);
    return chain(readOutputs(store, executionKey, rows, isItem), found => {
      const own = found.map(({ item, output }) => ({ item, output: output as string }));
      return chain(readKept(store, kept), outputs => {
        const others = kept.flatMap(step => {
          const output = findKept(outputs, step);
          return output === undefined ? [] : [{ item: step.item, output }];
        });
        return [...own, ...others].sort((a, b) => a.item - b.item);
      });
    });
  });
}

export const listInputs = (store: StoreReader, executionKey: number): Answer<InputRecord[]> =>
  readTable(store, { table: inputs, prefix: [executionKey], from: 0 }, asRecord<InputRecord>);

export const getConsolidated = (store: StoreReader, executionKey: number): Answer<ConsolidatedRecord | undefined> =>
  readOne(store, { table: consolidations, keys: [[executionKey]] }, row => ({ ...row, error: readStoredFailure('consolidations.error', executionKey, row['error'] as string | null) }) as unknown as ConsolidatedRecord);

export const listSignals = (store: StoreReader, executionKey: number): Answer<SignalRecord[]> =>
  readTable(store, { table: signals, prefix: [executionKey] }, asRecord<SignalRecord>);
