import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { listBlocks, nameOfBlock, requirePage, root } from './pages.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(root, 'test/docs/.embed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nodeOptions = ['--conditions=flowstone-source', '--disable-warning=ExperimentalWarning'];

const listNamed = (path: string): Map<string | undefined, string> => new Map(listBlocks(requirePage(path)).map(block => [nameOfBlock(block), block.text]));

describe('what the pages show', () => {
  test('an embedding of ten lines in the README, runs and gives the same execution for the same key', async () => {
    const named = listNamed('README.md');
    for (const file of ['swap.yml', 'tools.ts', 'app.ts']) writeFileSync(join(folder, file), named.get(file) ?? '');
    const code = (named.get('app.ts') ?? '').split('\n').filter(line => line !== '' && !line.startsWith('//'));
    expect(code.length).toBeLessThanOrEqual(10);
    const first = await run(process.execPath, [...nodeOptions, 'app.ts'], { cwd: folder });
    expect(first).toEqual({ stdout: "scored 1 [ 'balance: completed', 'swap: completed' ]\n", stderr: '' });
    const second = await run(process.execPath, [...nodeOptions, 'app.ts'], { cwd: folder });
    expect(second.stdout).toBe(first.stdout);
  });

  test('the program of the quickstart, runs over the pages it finds, and only once for its key', async () => {
    const named = listNamed('docs/guides/quickstart.md');
    for (const name of ['hello', 'docs']) mkdirSync(join(folder, name));
    for (const file of ['words.yml', 'tools.ts', 'app.ts']) writeFileSync(join(folder, 'hello', file), (named.get(file) ?? '').replace('pause(1_000', 'pause(1'));
    for (const [file, text] of [['a.md', 'one two'], ['b.md', 'three'], ['c.txt', 'four']] as const) writeFileSync(join(folder, 'docs', file), text);
    const first = await run(process.execPath, [...nodeOptions, 'hello/app.ts'], { cwd: folder });
    expect(first.stderr).toBe('');
    expect(first.stdout).toContain('step:count/item:1 attempt.completed → completed\n');
    expect(first.stdout).toMatch(/\ncounted 1 \{ pages: 2, words: 3 \}\n$/);
    const second = await run(process.execPath, [...nodeOptions, 'hello/app.ts'], { cwd: folder });
    expect(second.stdout).toBe('counted before 1 { pages: 2, words: 3 }\n');
  });
});
