import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/core/journal-text.ts';
import { readEntries, writeEntries } from '../../src/core/journal-text.ts';

const types = ['flow.start', 'step.start', 'attempt.completed', 'step.settled', 'item.settled', 'slot.freed', 'attempt.failed'];
const value = fc.constantFrom<unknown>(1, 2, 0, 'completed', 'failed', null, { run: 1 }, ['step.start']);
const event = fc.record(
  { type: fc.constantFrom(...types), run: value, status: value, ready: value, freed: value, payload: value },
  { requiredKeys: ['type'] },
);
const state = fc.constantFrom(null, 'stepping', 'running', 'completed', 'consolidating');
/** Fields in any order. */
const shuffled = fc.tuple(event, fc.shuffledSubarray(['run', 'status', 'ready', 'freed', 'payload'], { minLength: 5 })).map(([one, names]) =>
  Object.fromEntries([['type', one.type], ...names.flatMap(name => (name in one ? [[name, (one as Record<string, unknown>)[name]]] : []))]),
);
const entry = fc.tuple(fc.constantFrom('', 'a', 'each[3]'), shuffled, state) as unknown as fc.Arbitrary<JournalEntry>;

describe('the text of a row of the journal', () => {
  it('is read as it was written, field by field and in their order where they are usual', () => {
    fc.assert(
      fc.property(fc.array(entry), entries => {
        // As text: the order of fields is told, too.
        expect(JSON.stringify(readEntries(JSON.parse(writeEntries(entries)) as unknown[][]))).toBe(JSON.stringify(entries));
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves out what is usual', () => {
    const entries: JournalEntry[] = [
      ['a', { type: 'attempt.completed', run: 1 } as never, 'completed'],
      ['', { type: 'step.settled', status: 'completed', ready: 1, freed: 1 } as never, 'stepping'],
      ['b', { type: 'step.start' }, 'running'],
      ['', { type: 'step.settled', status: 'failed', freed: 1 } as never, 'consolidating'],
      ['b', { type: 'attempt.completed', run: 2 } as never, null],
    ];
    expect(writeEntries(entries)).toBe('[["a","attempt.completed"],["","step.settled"],["b","step.start"],["","step.settled",{"status":"failed","ready":null},"consolidating"],["b","attempt.completed",{"run":2},null]]');
  });

  it('is read as earlier versions wrote it', () => {
    const older = [['a', { type: 'step.start' }, 'running'], ['', { type: 'step.settled', status: 'completed' }, 'stepping']];
    expect(readEntries(older)).toEqual(older);
  });
});
