import { describe, expect, it } from 'vitest';
import { compareDocuments } from './compare.ts';
import { abbreviate, isListed, parseDifferences, writeRow } from './differences-list.ts';
import { createNormaliser } from './normalise.ts';

const list = (...rows: string[]): string => `# Title\n\nText | with a bar\n\n| Issue | Scenario | Document and path | 0.3.0 | 0.4 |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;

describe('comparing documents', () => {
  it('tells where they differ, as deep as it goes', () => {
    const old = { a: [{ b: 1, 'odd key': [1, 2] }], c: 'x', same: { z: 1, y: null } };
    const now = { same: { y: null, z: 1 }, a: [{ b: 2, 'odd key': [1, 3] }], d: null };
    expect(compareDocuments(old, now, 'details')).toEqual([
      { path: 'details.a[0].b', old: '1', new: '2' },
      { path: 'details.a[0]["odd key"][1]', old: '2', new: '3' },
      { path: 'details.c', old: '"x"', new: 'absent' },
      { path: 'details.d', old: 'absent', new: 'null' },
    ]);
  });

  it('tells what a list has more or less, between what is the same', () => {
    expect(compareDocuments([1, 2, 5], [1, 3, 4, 5], 'list')).toEqual([{ path: 'list[1…]', old: '[2]', new: '[3,4]' }]);
    expect(compareDocuments([1, 1], [1], 'list')).toEqual([{ path: 'list[1…]', old: '[1]', new: '[]' }]);
  });

  it.each([[1, '1'], [null, 0], [[], {}], [{ a: null }, {}], [0, false]])('holds %j and %j apart', (old, now) => {
    expect(compareDocuments(old, now, 'value')).toHaveLength(1);
  });
});

describe('normalising documents', () => {
  const options = { folder: '/tmp/x', root: '/pack', realTime: false };
  const [one, two] = ['01a1fbf8-0000-7000-8000-000000000001', '01a1fbf8-0000-7000-8000-000000000002'];

  it('numbers ids in the order in which they appear, in keys and inside of texts too', () => {
    const normalise = createNormaliser(options);
    expect(normalise({ [two]: `${one}/a#1 in /tmp/x/a.db of local:17`, at: 5 })).toEqual({ '<id 1>': '<id 2>/a#1 in <folder>/a.db of local:<pid>', at: 5 });
    expect(normalise([one, two])).toEqual(['<id 2>', '<id 1>']);
  });

  it('leaves times out only of a real clock', () => {
    const document = { createdAt: 5, settledAt: null, latencyMs: { p50: 3 }, n: 5, text: 'at 2026-01-01T00:00:00.000Z' };
    expect(createNormaliser(options)(document)).toEqual(document);
    expect(createNormaliser({ ...options, realTime: true })(document)).toEqual({ createdAt: '<time>', settledAt: null, latencyMs: { p50: '<time>' }, n: 5, text: 'at <time>' });
  });
});

describe('the list of differences', () => {
  it.each([
    { path: 'details.steps[0].output', old: '"a | b ` c \\\\ d"', new: 'absent' },
    { path: 'end["odd | key"]', old: JSON.stringify({ text: 'x'.repeat(300) }), new: '[]' },
  ])('reads the row that it writes for %j', difference => {
    const [row] = parseDifferences(list(writeRow('a scenario', difference).replace('?', '16')));
    expect(row).toMatchObject({ issue: '16', scenario: 'a scenario', path: difference.path, new: abbreviate(difference.new) });
    expect(isListed(row as never, 'a scenario', difference)).toBe(true);
    expect(isListed(row as never, 'another', difference)).toBe(false);
    expect(isListed(row as never, 'a scenario', { ...difference, new: '1' })).toBe(false);
    expect(isListed(row as never, 'a scenario', { ...difference, old: `${difference.old} ` })).toBe(false);
  });

  it('takes one row for many places, each of the form it says', () => {
    const [row] = parseDifferences(list('| 13 | * | `*.steps[*].more` | `absent` | `*` |')) as [never];
    expect(isListed(row, 'any', { path: 'end.steps[12].more', old: 'absent', new: '7' })).toBe(true);
    expect(isListed(row, 'any', { path: 'end.steps[12].more', old: 'null', new: '7' })).toBe(false);
    expect(isListed(row, 'any', { path: 'end.deep.steps[12].more', old: 'absent', new: '7' })).toBe(false);
    expect(isListed(row, 'any', { path: 'end.steps[12].mores', old: 'absent', new: '7' })).toBe(false);
  });

  it.each(['| 16 | a | `path` | `1` |', '| ? | a | `path` | `1` | `2` |', '| 16 | a | path | `1` | `2` |', '| 16 |  | `path` | `1` | `2` |', '| 16 | a | `path` | `` | `2` |'])('refuses %s', row => {
    expect(() => parseDifferences(list(row))).toThrow('Expected a row of the form');
  });
});
