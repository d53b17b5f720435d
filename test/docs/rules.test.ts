import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requirePage, root } from './pages.ts';

const [text = '', gate = ''] = requirePage('docs/internals/rules.md').text.split('## The gate');
const toRows = (part: string): string[][] => part.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| Rule')).map(line => line.split(' | ').map(cell => cell.replaceAll(/^\| | \|$/g, '')));
const rows = toRows(text);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const listFiles = (cell: string): string[] => [...cell.matchAll(/`((?:src|persistence)\/[\w./-]+\.ts)`/g)].map(([, file]) => file as string);

it('lists every rule with its function and at least one door', () => {
  expect(rows.length).toBeGreaterThan(25);
  expect(rows.filter(row => row.length !== 3)).toEqual([]);
});

it.each(rows)('%s: stands where the page says, and is called at each door', (_rule, place = '', doors = '') => {
  const name = /^`(\w+)`/.exec(place)?.[1] ?? '';
  const [file = ''] = listFiles(place);
  const word = new RegExp(`\\b${name}\\b`, 'g');
  const own = read(file).match(word)?.length ?? 0;
  expect(own, file).toBeGreaterThan(0);
  // Called where it stands: said there more than once, or a code that is thrown there.
  if (doors.includes('in the same file') && !name.includes('_')) expect(own).toBeGreaterThan(1);
  expect(listFiles(doors).filter(door => !new RegExp(`\\b${name}\\b`).test(read(door)))).toEqual([]);
});

it.each(toRows(gate))('the gate, %s: stands where the page says, and is provoked by tests of that name', (_rule, place = '', tests = '') => {
  const name = /^`(\w+)`/.exec(place)?.[1] ?? '';
  expect(read(listFiles(place)[0] ?? '')).toMatch(new RegExp(`\\b${name}\\b`));
  for (const [, file = '', words = ''] of tests.matchAll(/`(test\/[\w./-]+\.ts)` ([^`]+)/g)) {
    for (const part of words.split(';').map(one => one.trim()).filter(Boolean)) expect(toPlain(read(file)), part).toContain(toPlain(part));
  }
  expect(tests).toMatch(/`test\//);
});

/** Names of tests have places to fill in, and a mark for each quote. */
const toPlain = (value: string): string => value.toLowerCase().replaceAll(/%s|\\/g, '').replaceAll(/\s+/g, ' ');
