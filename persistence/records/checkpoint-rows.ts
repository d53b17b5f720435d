import { readStored } from '../../src/core/stored-value.ts';
import type { Answer } from '../answer.ts';
import type { Request, StoreReader, Write } from '../contract.ts';
import type { CheckpointRecord } from '../records.ts';
import type { Row } from '../table.ts';
import { insertInto } from './shapes.ts';
import { readRows } from './reading.ts';
import type { ContextText } from './step-changes.ts';
import { fromContext, readStep, toContext, writeStep } from './step-changes.ts';
import { checkpoints } from './tables.ts';

/** A checkpoint as a row has it; times are told by their distance from the row's `at`, ms. */
interface State {
  readonly status: CheckpointRecord['status'];
  /** When the flow began. */
  readonly from: number;
  readonly context: ContextText;
  readonly settled: string;
  /** Calls of tools by what has settled, and when the last of it did. */
  readonly tally: readonly [tools: number, last: number];
  readonly excluded?: readonly number[];
  readonly items?: CheckpointRecord['items'];
  /** Steps and items that are alive, as `changes` of the journal has those that are not plain. */
  readonly open: readonly { readonly [name: string]: unknown }[];
}

const insertCheckpoint = insertInto(checkpoints);

/**
 * @param number the first of the journal that is not in it
 * @param outputs by position: the rows that have the outputs of steps, 0: none
 */
export function writeCheckpoint(checkpoint: CheckpointRecord, number: number, outputs: readonly number[]): Write {
  const { executionKey, seq, at, status, startedAt, context, settled, totalTools, lastSettledAt, excluded, items, open } = checkpoint;
  const state: State = {
    status, from: startedAt - at, context: toContext(context), settled, tally: [totalTools, lastSettledAt - at],
    ...(excluded.length > 0 && { excluded }), ...(items.length > 0 && { items }),
    open: open.map(row => writeStep(row, at)),
  };
  return { shape: insertCheckpoint, values: [executionKey, number, seq, at, JSON.stringify(state), writeNumbers(outputs)] };
}

/** Each by its distance from the one before: rows of one execution lie close together. */
function writeNumbers(numbers: readonly number[]): string {
  let before = 0;
  return JSON.stringify(numbers.map(number => {
    const distance = number - before;
    before = number;
    return distance;
  }));
}

/** @throws a `FlowError` with code `store_damaged` */
function readNumbers(key: string, text: string): readonly number[] {
  let number = 0;
  return readStored<number[]>('checkpoints.outputs', key, text).map(distance => (number += distance));
}

/** @throws a `FlowError` with code `store_damaged` */
export function readCheckpoint(row: Row): CheckpointRecord {
  const executionKey = row['executionKey'] as number;
  const at = row['at'] as number;
  const state = readStored<State>('checkpoints.state', toRowKey(row), row['state'] as string);
  const { status, from, context, settled, tally: [totalTools, last], excluded = [], items = [], open } = state;
  return {
    executionKey, seq: row['seq'] as number, at, status, startedAt: at + from, context: fromContext(context), settled, excluded, totalTools, lastSettledAt: at + last, items,
    open: open.map(text => readStep(executionKey, text, at)),
  };
}

/** By position: the rows that have the outputs of steps. */
export const readOutputRows = (row: Row): readonly number[] => readNumbers(toRowKey(row), row['outputs'] as string);

const toRowKey = (row: Row): string => `${String(row['executionKey'])}/${String(row['number'])}`;

export const toNewestCheckpoint = (executionKey: number): Request => ({ table: checkpoints, prefix: [executionKey], order: 'falling', limit: 1 });

export const listCheckpoints = (store: StoreReader, executionKey: number): Answer<CheckpointRecord[]> =>
  readRows(store, { table: checkpoints, prefix: [executionKey] }, readCheckpoint);
