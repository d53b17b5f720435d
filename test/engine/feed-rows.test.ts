import { describe, expect, it } from 'vitest';
import type { FeedRow } from '../../persistence/feed-store.ts';
import { FeedRows } from '../../src/engine/feed/feed-rows.ts';

const toRow = (number: number): FeedRow => ({ number, kind: 'flow', instance: 'e', generation: 1, seq: number, at: 1, entries: '[]' });

/** A journal of which some numbers are gone, that answers in a later turn, and counts. */
function openJournal(size: number, isGone: (number: number) => boolean = () => false) {
  const journal = { rows: Array.from({ length: size }, (_, place) => toRow(place + 1)).filter(({ number }) => !isGone(number)), reads: 0, taken: 0 };
  const readFeed = async (after: number, limit: number): Promise<FeedRow[]> => {
    journal.reads++;
    const found = journal.rows.filter(({ number }) => number > after).slice(0, limit);
    await new Promise(setImmediate);
    return found;
  };
  const rows = new FeedRows({ getFeedState: () => ({ head: size, prunedTo: 0, owners: [] }), readFeed }, () => (journal.taken++, []), async read => read());
  const readAll = async (after: number): Promise<number[]> => {
    const seen: number[] = [];
    for (let place = after; ;) {
      const page = await rows.after(place);
      const last = page.at(-1);
      if (!last) return seen;
      seen.push(...page.map(({ row }) => row.number));
      place = last.row.number;
    }
  };
  return { journal, rows, readAll };
}

describe('rows of a feed', () => {
  it('are read and taken apart once for all who come back, wherever each of them was', async () => {
    const { journal, rows, readAll } = openJournal(1_000);
    // The end is followed, as a server does.
    await rows.after(990);
    const places = Array.from({ length: 300 }, (_, place) => (place * 37) % 990);
    for (const place of places) expect(await readAll(place)).toEqual(journal.rows.slice(place).map(({ number }) => number));
    // Sixteen blocks, the newest rows, and a look behind them for each.
    expect(journal.taken).toBeLessThan(1_000 + 64 + 64);
    expect(journal.reads).toBeLessThan(300 * 2 + 32);
  });

  it('are told without a gap where numbers are gone', async () => {
    const { journal, readAll } = openJournal(1_000, number => number % 7 < 3 || (number > 300 && number < 480));
    for (const place of [0, 1, 63, 64, 290, 301, 479, 480, 777, 999]) {
      expect(await readAll(place)).toEqual(journal.rows.map(({ number }) => number).filter(number => number > place));
    }
  });

  it('are read again by one that came after a read had begun which found nothing behind its place', async () => {
    const { journal, rows } = openJournal(10);
    await rows.after(9);
    const early = rows.after(10);
    journal.rows.push(toRow(11));
    const late = rows.after(10);
    expect((await late).map(({ row }) => row.number)).toEqual([11]);
    await early;
    journal.rows.push(toRow(12));
    expect((await rows.after(11)).map(({ row }) => row.number)).toEqual([12]);
  });

  it('are another store’s after they were forgotten, also those whose read was under way', async () => {
    const { journal, rows } = openJournal(200);
    await rows.after(190);
    const under = rows.after(5);
    rows.forget();
    journal.rows = journal.rows.map(row => ({ ...row, instance: 'other' }));
    await under;
    await rows.after(190);
    expect(new Set((await rows.after(5)).map(({ row }) => row.instance))).toEqual(new Set(['other']));
  });
});
