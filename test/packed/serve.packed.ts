import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, inject, it } from 'vitest';
import { installPacked } from './installed.ts';

interface Served {
  readonly url: string;
  readonly tokenFile: string;
  readonly role: string;
  readonly flows: number;
}

it('serves a folder of flows with nothing added: a run by HTTP, its end, the page of the inspector, a stop in good order', async () => {
  const { folder, env, remove } = installPacked(inject('tarball'));
  mkdirSync(join(folder, 'flows'));
  writeFileSync(join(folder, 'flows/nap.yml'), 'id: nap\nsteps:\n  - { id: rest, uses: sleep, with: { for: 10ms } }\n');
  const program = join(folder, 'node_modules/flowstone/dist/src/bin.js');
  const child = spawn(process.execPath, [program, 'serve', 'flows', '--json', '--port', '0', '--db', 'app.db', '--open'], {
    // No browser is found on this path: what is opened is said on the error output, and nothing else fails.
    cwd: folder, env: { ...env, PATH: folder }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  try {
    const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => [errors])])) as [string];
    const { url, tokenFile, role, flows } = JSON.parse(line) as Served;
    expect([role, flows]).toEqual(['owner', 1]);
    const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`, 'content-type': 'application/json' };
    const started = await fetch(`${url}/api/v1/flows/nap/run`, { method: 'POST', headers, body: '{}' });
    expect(started.status).toBe(202);
    const { executionId } = (await started.json()) as { executionId: string };
    const read = async (): Promise<string> => ((await (await fetch(`${url}/api/v1/executions/${executionId}`, { headers })).json()) as { status: string }).status;
    await expect.poll(read, { timeout: 60_000 }).toBe('scored');
    const page = await fetch(`${url}/inspector/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script type="module"')]);
  } finally {
    child.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    remove();
    expect([code, errors]).toEqual([0, expect.stringMatching(/^(?:flowstone: no browser could be opened.*\n)?$/)]);
  }
});
