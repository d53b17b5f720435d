import { describe, expect, it } from 'vitest';
import { makeBatch, owner, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const makeRow = (executionKey: number, seq: number, count: number) => ({
  executionKey,
  seq,
  at: start + seq,
  entries: JSON.stringify(Array.from({ length: count }, (_, index) => ['step[2]', { type: 'item.settled', n: seq + index }, 'running'])),
});

const rows = [makeRow(1, 1, 3), makeRow(1, 4, 1), makeRow(1, 5, 10), makeRow(1, 15, 2)];

async function fill(subject: Subject): Promise<void> {
  const { store } = subject.current;
  await store.acquire(owner);
  for (const row of rows) await store.commit(makeBatch({ journal: [row, { ...row, executionKey: 2 }] }));
}

export function testJournal(subject: Subject): void {
  describe('journal', () => {
    it('reads everything, in order', async () => {
      await fill(subject);
      expect(await subject.current.store.readJournal(1, 0)).toEqual(rows);
      expect(await subject.current.read().readJournal(3, 0)).toEqual([]);
    });

    it('reads the rows that hold transitions after a number, also from the middle of a row', async () => {
      await fill(subject);
      for (let after = 0; after <= 18; after++) {
        const expected = rows.filter(row => row.seq + (JSON.parse(row.entries) as unknown[]).length - 1 > after);
        expect(await subject.current.store.readJournal(1, after)).toEqual(expected);
      }
    });

    it('reads page by page', async () => {
      await fill(subject);
      expect((await subject.current.store.readJournal(1, 0, 2)).map(row => row.seq)).toEqual([1, 4]);
      expect((await subject.current.store.readJournal(1, 4, 2)).map(row => row.seq)).toEqual([5, 15]);
      expect((await subject.current.store.readJournal(1, 7, 1)).map(row => row.seq)).toEqual([5]);
      expect(await subject.current.store.readJournal(1, 16, 2)).toEqual([]);
    });
  });
}
