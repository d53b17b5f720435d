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

export const createTail = (rows: number): Tail => new NewTail(rows);

class NewTail implements Tail {
  rows: number;
  entries = 0;
  length = 0;
  counted = 0;

  constructor(rows: number) {
    this.rows = rows;
  }
}

/** Adds the last rows of a commit, from one on; `entries`: how many transitions they hold. */
export function extendTail(tail: Tail, rows: readonly JournalRecord[], from: number, entries: number): void {
  tail.rows += rows.length - from;
  tail.entries += entries;
  for (let at = from; at < rows.length; at++) tail.length += (rows[at] as JournalRecord).entries.length;
}
