import type { Write, WriteShape } from '../contract.ts';
import type { JournalRow } from '../feed-store.ts';
import { listJournalRows } from '../journal-rows.ts';
import type { CommitBatch } from '../store.ts';
import { insertInto } from './flow-writes.ts';
import { journalKinds } from './journal-kinds.ts';
import { journal, meta, owners } from './tables.ts';

const insertRow = insertInto(journal);
const putOwner: WriteShape = { ...insertInto(owners), kind: 'put' };
const updateHead: WriteShape = { table: meta, kind: 'update', columns: ['head'] };

/** Gives the rows of the journal their numbers: the owner's, rising, never given twice. One that is refused leaves its numbers unused. */
export class JournalNumbers {
  /** The highest number that was given. */
  head = 0;

  /** Begins a new owner's numbers above all that were ever given. */
  begin(head: number, ownerId: string): Write {
    this.head = head;
    return { shape: putOwner, values: [head + 1, ownerId] };
  }

  listWrites(batch: CommitBatch, writes: Write[]): void {
    for (const row of listJournalRows(batch)) writes.push(this.toWrite(row));
    if (batch.actors?.removed?.length) writes.push(this.keepHead());
  }

  toWrite({ kind, instance, seq, at, entries }: JournalRow): Write {
    return { shape: insertRow, values: [(this.head += 1), journalKinds[kind], instance, seq, at, entries] };
  }

  /** Remembers how far numbers were given, in the commit that deletes rows: the highest may be among them. */
  keepHead(): Write {
    return { shape: updateHead, values: [this.head, 1] };
  }
}
