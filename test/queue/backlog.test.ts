import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backlog } from './backlog.ts';
import { computeRank } from '../../src/kinds/queues/priority.ts';

interface Entry {
  readonly key: number;
  readonly priority: number;
  readonly rank: number;
  readonly partitionKey: string | null;
  readonly at: number;
}

const ageingMs = 1_000;
const makeEntry = (key: number, priority: number, at: number, partitionKey: string | null = null): Entry => ({ key, priority, at, partitionKey, rank: computeRank(priority, at, ageingMs) });

function takeAll(backlog: Backlog<Entry>): number[] {
  const keys: number[] = [];
  for (let entry = backlog.take(); entry; entry = backlog.take()) {
    keys.push(entry.key);
    backlog.end(entry);
  }
  return keys;
}

/** What a test does to a backlog: publish, hand out, or end what was handed out in one of three ways. */
const moves = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('add' as const), priority: fc.integer({ min: -2, max: 2 }), partition: fc.constantFrom(null, 'a', 'b') }),
    fc.record({ do: fc.constantFrom('take' as const, 'end' as const, 'hold' as const, 'back' as const, 'remove' as const), which: fc.nat(50) }),
  ),
  { maxLength: 80 },
);

describe('the backlog', () => {
  it('hands out by priority, then in the order of publishing', () => {
    const backlog = new Backlog<Entry>();
    [makeEntry(1, 0, 0), makeEntry(2, 1, 0), makeEntry(3, 0, 0), makeEntry(4, 1, 0), makeEntry(5, -1, 0)].forEach(entry => backlog.add(entry));
    expect(takeAll(backlog)).toEqual([2, 4, 1, 3, 5]);
    expect(backlog.size).toBe(0);
  });

  it('lets waiting make up for priority, one level for each ageing interval', () => {
    const backlog = new Backlog<Entry>();
    backlog.add(makeEntry(1, 0, 0));
    backlog.add(makeEntry(2, 1, 999));
    backlog.add(makeEntry(3, 1, 1_000));
    backlog.add(makeEntry(4, 1, 1_001));
    expect(takeAll(backlog)).toEqual([2, 1, 3, 4]);
  });

  it('starves nobody: whoever overtakes was published within the interval of the levels between them', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ priority: fc.integer({ min: -3, max: 3 }), gap: fc.nat(3_000) }), { minLength: 2, maxLength: 60 }), list => {
        let at = 0;
        const entries = list.map(({ priority, gap }, index) => makeEntry(index + 1, priority, (at += gap)));
        const backlog = new Backlog<Entry>();
        entries.forEach(entry => backlog.add(entry));
        const place = new Map(takeAll(backlog).map((key, index) => [key, index]));
        for (const [index, low] of entries.entries()) {
          for (const later of entries.slice(index + 1)) {
            if ((place.get(later.key) ?? 0) > (place.get(low.key) ?? 0)) continue;
            expect(later.priority).toBeGreaterThan(low.priority);
            expect(later.at - low.at).toBeLessThan((later.priority - low.priority) * ageingMs);
          }
        }
      }),
    );
  });

  it('never ages when it is told not to', () => {
    expect(computeRank(1, 40 * 365 * 86_400_000, null)).toBeGreaterThan(computeRank(0, 10 * 365 * 86_400_000, null));
    expect(Number.isSafeInteger(computeRank(1_000, 8e12, null))).toBe(true);
  });

  it('hands out one of a partition at a time, and keeps the rest of it behind one that backs off', () => {
    const backlog = new Backlog<Entry>();
    const [first, second, other, urgent] = [makeEntry(1, 0, 0, 'a'), makeEntry(2, 0, 1, 'a'), makeEntry(3, 0, 2, 'b'), makeEntry(4, 5, 3, 'a')];
    for (const entry of [first, second, other]) backlog.add(entry);
    expect(backlog.take()).toBe(first);
    backlog.add(urgent);
    expect(backlog.take()).toBe(other);
    expect(backlog.hasNext).toBe(false);
    backlog.hold(first);
    expect(backlog.take()).toBe(urgent);
    backlog.end(urgent);
    expect(backlog.hasNext).toBe(false);
    backlog.add(first);
    expect(backlog.take()).toBe(first);
    backlog.end(first);
    expect(takeAll(backlog)).toEqual([2]);
  });

  it('agrees with a plain list that is searched every time, whatever happens', () => {
    fc.assert(
      fc.property(moves, list => {
        const backlog = new Backlog<Entry>();
        const waiting = new Set<Entry>();
        const active: Entry[] = [];
        const held: Entry[] = [];
        let key = 0;
        const blocks = (entry: Entry): boolean =>
          entry.partitionKey !== null &&
          (active.some(({ partitionKey }) => partitionKey === entry.partitionKey) ||
            held.some(other => other !== entry && other.partitionKey === entry.partitionKey && other.priority === entry.priority));
        const findNext = (): Entry | undefined => [...waiting].filter(entry => !blocks(entry)).toSorted((a, b) => b.rank - a.rank || a.key - b.key)[0];
        const pick = (from: Entry[], which: number): Entry | undefined => (from.length === 0 ? undefined : from.splice(which % from.length, 1)[0]);
        for (const move of list) {
          if (move.do === 'add') {
            const entry = makeEntry(++key, move.priority, key * 7, move.partition);
            waiting.add(entry);
            backlog.add(entry);
          } else if (move.do === 'take') {
            const expected = findNext();
            expect(backlog.peek()).toBe(expected);
            expect(backlog.take()).toBe(expected);
            if (!expected) continue;
            waiting.delete(expected);
            const at = held.indexOf(expected);
            if (at >= 0) held.splice(at, 1);
            active.push(expected);
          } else if (move.do === 'end') {
            const entry = pick(active, move.which);
            if (entry) backlog.end(entry);
          } else if (move.do === 'hold') {
            const entry = pick(active, move.which);
            if (!entry) continue;
            backlog.hold(entry);
            held.push(entry);
          } else if (move.do === 'back') {
            const entry = held.find(one => !waiting.has(one));
            if (!entry) continue;
            waiting.add(entry);
            backlog.add(entry);
          } else {
            const entry = [...waiting][move.which % Math.max(1, waiting.size)];
            if (!entry || held.includes(entry)) continue;
            waiting.delete(entry);
            backlog.end(entry);
          }
          expect(backlog.size).toBe(waiting.size);
          expect(backlog.hasNext).toBe(findNext() !== undefined);
        }
      }),
      { numRuns: 400 },
    );
  });
});
