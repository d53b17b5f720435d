import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..', '..');
const fixtures = join(import.meta.dirname, 'fixtures');
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** What the compiler complains about, by file: lines, each once. */
function compile(project: string): Map<string, Set<number>> {
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', project, '--pretty', 'false'], { cwd: root, encoding: 'utf8' });
  const found = new Map<string, Set<number>>();
  for (const [, file = '', line] of stdout.matchAll(/^(\S+\.ts)\((\d+),\d+\): error/gm)) {
    const name = file.slice(file.lastIndexOf('/') + 1);
    found.set(name, (found.get(name) ?? new Set()).add(Number(line)));
  }
  return found;
}

describe('the types of flows', () => {
  it('are exactly those that were written down, and every trap is complained about on its line', () => {
    const found = compile(fixtures);
    const lines = readFileSync(join(fixtures, 'traps.ts'), 'utf8').split('\n');
    const traps = lines.flatMap((line, index) => (line.includes('// trap: ') ? [{ trap: line.trim().slice('// trap: '.length), line: index + 2 }] : []));
    expect(traps.length).toBeGreaterThan(30);
    expect(traps.filter(({ line }) => !found.get('traps.ts')?.has(line))).toEqual([]);
    expect([...(found.get('traps.ts') ?? [])].filter(line => !traps.some(trap => trap.line === line))).toEqual([]);
    found.delete('traps.ts');
    expect(found).toEqual(new Map());
  });
});
