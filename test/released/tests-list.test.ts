import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

it('a file of tests that 0.3.0 had is there, or what replaces it is named', () => {
  const rows = read('docs/decisions/tests-0.4.md').split('\n').filter(line => line.startsWith('|')).slice(2).map(line => line.split('|').map(cell => cell.trim().replaceAll('`', '')));
  const replaced = new Map(rows.map(([, name = '', replacement = '']) => [name, replacement]));
  const gone = read('test/fixtures/test-files-0.3.0.txt').split('\n').filter(file => file !== '' && !existsSync(join(root, file)));
  expect(gone.filter(file => !replaced.has(file))).toEqual([]);
  // Who is named as a replacement has to be there.
  const named = [...replaced.values()].flatMap(replacement => replacement.split(',').map(file => file.trim()));
  expect(named.filter(file => !existsSync(join(root, file)))).toEqual([]);
});
