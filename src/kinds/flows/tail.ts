import type { JournalRecord } from '../../../persistence/records.ts';

/** What of an execution's journal is not in a checkpoint. */
export interface Tail {
  rows: number;
  entries: number;
  /** Characters of its entries. */
  length: number;
  /** Rows that `Checkpoints` has counted among those of all. */
  counted: number;
}

export const createTail = (rows: number): Tail => ({ rows, entries: 0, length: 0, counted: 0 });

/** Adds the rows of a commit; `entries`: how many transitions they hold. */
export function extendTail(tail: Tail, rows: readonly JournalRecord[], entries: number): void {
  tail.rows += rows.length;
  tail.entries += entries;
  for (const row of rows) tail.length += row.entries.length;
}
