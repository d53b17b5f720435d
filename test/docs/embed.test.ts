import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { listBlocks, nameOfBlock, requirePage, root } from './pages.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(root, 'test/docs/.embed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nodeOptions = ['--conditions=flowstone-source', '--disable-warning=ExperimentalWarning'];

describe('the README', () => {
  const named = new Map(listBlocks(requirePage('README.md')).map(block => [nameOfBlock(block), block.text]));

  test('shows an embedding of ten lines that runs, and gives the same execution for the same key', { timeout: 60_000 }, async () => {
    for (const file of ['swap.yml', 'tools.ts', 'app.ts']) writeFileSync(join(folder, file), named.get(file) ?? '');
    const code = (named.get('app.ts') ?? '').split('\n').filter(line => line !== '' && !line.startsWith('//'));
    expect(code.length).toBeLessThanOrEqual(10);
    const first = await run(process.execPath, [...nodeOptions, 'app.ts'], { cwd: folder });
    expect(first).toEqual({ stdout: "scored 1 [ 'balance: completed', 'swap: completed' ]\n", stderr: '' });
    const second = await run(process.execPath, [...nodeOptions, 'app.ts'], { cwd: folder });
    expect(second.stdout).toBe(first.stdout);
  });
});
