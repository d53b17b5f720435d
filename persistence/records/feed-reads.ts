import type { Answer } from '../answer.ts';
import type { StoreReader } from '../contract.ts';
import type { FeedOwner, FeedRow, FeedState } from '../feed-store.ts';
import type { Row } from '../table.ts';
import { executions } from './flow-tables.ts';
import { journalKinds, toJournalKind } from './journal-kinds.ts';
import { asRecord, chain, none } from './reading.ts';
import { journal, meta, owners } from './tables.ts';

export function getFeedState(store: StoreReader): Answer<FeedState> {
  const requests = [{ table: meta, keys: [[1]] }, { table: journal, order: 'falling' as const, limit: 1, columns: ['number'] }, { table: owners }];
  return chain(store.read(requests), ([[marks] = none, [newest] = none, rows = []]) => ({
    head: Math.max(Number(marks?.['head'] ?? 0), Number(newest?.['number'] ?? 0)),
    prunedTo: Number(marks?.['prunedTo'] ?? 0),
    owners: rows.map(asRecord<FeedOwner>),
  }));
}

const isOfExecution = (row: Row): boolean => row['kind'] === journalKinds.flow || row['kind'] === journalKinds.made;

export function readFeed(store: StoreReader, after: number, limit: number): Answer<FeedRow[]> {
  return chain(store.read([{ table: journal, after: [after], limit }]), ([rows = []]) => {
    const keys = [...new Set(rows.filter(isOfExecution).map(row => row['instance'] as number))];
    if (keys.length === 0) return rows.map(row => toFeedRow(row, undefined));
    return chain(store.read([{ table: executions, keys: keys.map(key => [key]), columns: ['key', 'executionId', 'generation'] }]), ([found = []]) => {
      const byKey = new Map(found.map(row => [row['key'], row]));
      return rows.map(row => toFeedRow(row, isOfExecution(row) ? byKey.get(row['instance'] as number) : undefined));
    });
  });
}

const toFeedRow = (row: Row, execution: Row | undefined): FeedRow => ({
  number: row['number'] as number,
  kind: toJournalKind(row['kind'] as number),
  instance: String(execution?.['executionId'] ?? row['instance']),
  generation: (execution?.['generation'] as number | undefined) ?? null,
  seq: row['seq'] as number | null,
  at: row['at'] as number,
  entries: row['entries'] as string,
});
