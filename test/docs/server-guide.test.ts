import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServedProgram } from '../server/serve-program.ts';
import { serve } from '../server/serve-program.ts';
import { listBlocks, requirePage, root } from './pages.ts';

const blocks = listBlocks(requirePage('docs/guides/server.md')).flatMap(({ language, text, printedBy }) => (language === 'text' && printedBy !== undefined ? [[printedBy, text] as const] : []));

let folder: string;
let served: ServedProgram;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-guide-'));
  served = await serve(join(root, 'docs/examples'), join(folder, 'x.db'));
});
afterAll(async () => {
  served.process.kill('SIGTERM');
  await served.ended;
  rmSync(folder, { recursive: true });
});

it('shows at least five commands', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(5);
});

it.each(blocks)('prints what the page says: %s', (command, printed) => {
  // The server is another process: it answers while this one waits.
  const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', env: { ...process.env, FLOWSTONE_URL: served.url, FLOWSTONE_TOKEN: served.token } });
  expect(`${stdout.trimEnd()}\n${stderr.replaceAll(/curl: \(23\).*\n/g, '')}`).toBe(printed);
});
