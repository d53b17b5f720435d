import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { listBlocks, nameOfBlock, requirePage, root } from './pages.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(root, 'test/docs/.embed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const nodeOptions = ['--conditions=flowstone-source', '--disable-warning=ExperimentalWarning'];

const listNamed = (path: string): Map<string | undefined, string> => new Map(listBlocks(requirePage(path)).map(block => [nameOfBlock(block), block.text]));

describe('the README', () => {
  const { text } = requirePage('README.md');

  test('shows a flow and a program of twelve lines that run, and give the same execution for the same key', async () => {
    const named = listNamed('README.md');
    for (const file of ['order.yml', 'app.ts']) writeFileSync(join(folder, file), named.get(file) ?? '');
    const code = (named.get('app.ts') ?? '').split('\n').filter(line => line !== '' && !line.startsWith('//'));
    expect(code.length).toBeLessThanOrEqual(12);
    const first = await run(process.execPath, [...nodeOptions, 'app.ts'], { cwd: folder });
    expect(first).toEqual({ stdout: "scored [ 'charge: completed', 'ship: completed' ]\n", stderr: '' });
    expect(text).toContain(`\`${first.stdout.trim()}\``);
    const second = await run(process.execPath, [...nodeOptions, 'app.ts'], { cwd: folder });
    expect(second.stdout).toBe(first.stdout);
  });

  test('has a first page of one screen: the claim, how to install it, a flow, a program', () => {
    const [page = ''] = text.split(/^## /m);
    expect(page.split('\n').length).toBeLessThanOrEqual(50);
    // `npm run packed` types the commands of the first block; this is the file that `npm run pack` makes.
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(page).toContain(`npm install --no-audit ./flowstone-${version}.tgz`);
    expect(listBlocks({ path: 'README.md', text: page }).map(({ language }) => language)).toEqual(['sh', 'yaml', 'ts']);
  });
});
