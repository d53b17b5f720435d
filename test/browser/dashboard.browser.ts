import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { hasChromium, openChromium } from './open-chromium.ts';

const token = 'dashboard-token-of-32-characters';
let folder = '';
let server: ChildProcess | undefined;

async function findPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function begin(port: number): Promise<void> {
  const program = resolve(import.meta.dirname, '../../docs/examples/dashboard/serve.ts');
  server = spawn(process.execPath, ['--conditions=flowstone-source', program, join(folder, 'a.db'), String(port)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FLOWSTONE_TOKEN: token } });
  await once(server.stdout as NodeJS.ReadableStream, 'data');
}

async function kill(): Promise<void> {
  server?.kill('SIGKILL');
  if (server) await once(server, 'exit');
  server = undefined;
}

afterEach(async () => {
  await kill();
  rmSync(folder, { recursive: true, force: true });
});

/** Numbers of the transitions that are shown. */
const readSeqs = (page: Page): Promise<number[]> => page.locator('#events li').evaluateAll(items => items.map(item => Number((item as unknown as { dataset: { seq: string } }).dataset.seq)));

describe.skipIf(!hasChromium)('the dashboard', () => {
  it('follows a flow through a kill -9 and a restart of the server without a reload, and shows what was missed', async () => {
    folder = mkdtempSync(join(tmpdir(), 'flowstone-dashboard-'));
    const port = await findPort();
    await begin(port);
    await using chromium = await openChromium();
    const page = await chromium.context.newPage();
    const errors: string[] = [];
    let loads = 0;
    page.on('pageerror', error => errors.push(error.message)).on('load', () => loads++);
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.locator('#token').fill(token);
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.locator('#connection[data-state=open]').waitFor();
    const loaded = loads;
    await page.locator('#flow').fill('demo');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.locator('#events li').nth(8).waitFor();
    await kill();
    await page.locator('#connection[data-state=waiting]').waitFor();
    const before = (await readSeqs(page)).length;
    await begin(port);
    await page.locator('#connection[data-state=open]').waitFor();
    await page.locator('#summary[data-status=scored]').waitFor();
    const seqs = await readSeqs(page);
    // All of it, each once and in order, what happened while nobody was connected too.
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, place) => place + 1));
    expect(seqs.length).toBeGreaterThan(before);
    expect(await page.locator('#events li.missed').count()).toBeGreaterThan(0);
    expect(await page.locator('#connection').textContent()).toContain('connected again');
    expect(await page.locator('#executions li').count()).toBe(1);
    expect(await page.locator('#executions').textContent()).toContain('scored 1');
    expect([loads, errors]).toEqual([loaded, []]);
    if (process.env['SCREENSHOT']) await page.screenshot({ path: process.env['SCREENSHOT'] });
  });

  it('says that a token is wrong, and asks for another', async () => {
    folder = mkdtempSync(join(tmpdir(), 'flowstone-dashboard-'));
    const port = await findPort();
    await begin(port);
    await using chromium = await openChromium();
    const page = await chromium.context.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.locator('#token').fill('a-token-that-is-not-of-this-server');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.locator('#connection[data-state=refused]').waitFor();
    expect(await page.locator('#connection').textContent()).toContain('token_refused');
    await page.locator('#token').waitFor();
  });
});
