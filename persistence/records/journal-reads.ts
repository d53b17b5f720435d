import type { ActorJournalRecord } from '../actor-store.ts';
import type { Answer } from '../answer.ts';
import type { Request, StoreReader } from '../contract.ts';
import type { JournalRecord } from '../records.ts';
import type { Row } from '../table.ts';
import { journalKinds } from './journal-kinds.ts';
import { chain, collect, none, readRows } from './reading.ts';
import { journal } from './tables.ts';

/** What cannot be read is told when it is read; here it is one entry. */
export function countEntries(text: string): number {
  try {
    const entries: unknown = JSON.parse(text);
    return Array.isArray(entries) ? entries.length : 1;
  } catch {
    return 1;
  }
}

const byInstance = { table: journal, index: 'journal_instance' } as const;
const columns = ['number', 'instance', 'seq', 'at', 'entries'];
/** As much of a row as its place is told by. */
const placeColumns = ['number', 'seq'];

type Instance = readonly [kind: number, instance: number | string];

/**
 * Finds the last row of an instance whose `seq` is not above a number; 0: none is.
 *
 * Rows of an instance lie in the order of their numbers, and `seq` rises with these: halves the stretch of numbers until two are left.
 */
function seekRow(store: StoreReader, instance: Instance, seq: number): Answer<number> {
  if (seq <= 0) return 0;
  const place = { ...byInstance, prefix: instance, columns: placeColumns, limit: 1 };
  const halve = (low: number, high: number): Answer<number> => {
    if (high - low <= 1) return low;
    const middle = Math.floor((low + high) / 2);
    return chain(store.read([{ ...place, after: [middle - 1] }]), ([[row] = none]) => {
      const number = (row?.['number'] as number | undefined) ?? high;
      return number < high && (row?.['seq'] as number) <= seq ? halve(number, high) : halve(low, middle);
    });
  };
  return chain(store.read([place, { ...place, order: 'falling' }]), ([[first] = none, [last] = none]) => {
    if (!first || !last || (first['seq'] as number) > seq) return 0;
    return (last['seq'] as number) <= seq ? (last['number'] as number) : halve(first['number'] as number, last['number'] as number);
  });
}

const toFlow = (row: Row): JournalRecord => ({ executionKey: row['instance'] as number, seq: row['seq'] as number, at: row['at'] as number, entries: row['entries'] as string });

export function readJournal(store: StoreReader, executionKey: number, afterSeq: number, limit: number): Answer<JournalRecord[]> {
  const prefix = [journalKinds.flow, executionKey] as const;
  const holds = (row: Row): boolean => (row['seq'] as number) + countEntries(row['entries'] as string) - 1 > afterSeq && row['entries'] !== '[]';
  // The last row that begins at or before the first transition wanted may hold it, too.
  return chain(seekRow(store, prefix, afterSeq), number => {
    const request = (last: Row | undefined): Request => ({ ...byInstance, prefix, columns, after: [(last?.['number'] as number | undefined) ?? number - 1] });
    return collect(store, limit, request, rows => rows.filter(holds).map(toFlow));
  });
}

const toActor = (row: Row): ActorJournalRecord => ({ actorId: row['instance'] as string, seq: row['seq'] as number, at: row['at'] as number, entries: row['entries'] as string });

/** @param after rows whose last event has a higher number */
export function readActorJournal(store: StoreReader, actorId: string, after: number, limit: number): Answer<ActorJournalRecord[]> {
  const prefix = [journalKinds.actor, actorId] as const;
  return chain(seekRow(store, prefix, after), number => readRows(store, { ...byInstance, prefix, columns, after: [number], limit }, toActor));
}
