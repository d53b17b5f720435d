import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { CDPSession, Page } from 'playwright-core';
import { systemClock } from '../../src/core/clock.ts';
import type { AdmittedPage, Shell } from '../../src/desktop/shell.ts';
import { createShell, pageScript } from '../../src/desktop/shell.ts';
import type { OpenChromium } from '../browser/open-chromium.ts';
import { hasChromium, openChromium } from '../browser/open-chromium.ts';
import { isAlive } from '../electron/is-alive.ts';

const app = inject('app');
const pids: (number | undefined)[] = [];

/** The example's runtime, as a shell of Node.js begins it. */
function begin(database: string): Shell {
  return createShell({
    clock: systemClock,
    spawn: heard => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(app, 'out/utility.js'), '--db', database], { stdio: ['pipe', 'pipe', 'inherit'] });
      pids.push(child.pid);
      child.stdin.on('error', () => {});
      createInterface({ input: child.stdout }).on('line', heard.line);
      child.on('exit', heard.exited);
      return { write: line => void child.stdin.write(`${line}\n`), kill: () => void child.kill('SIGKILL') };
    },
  });
}

interface OpenWindow {
  readonly page: Page;
  readonly admitted: AdmittedPage;
  /** What a text gives in the page, as its own scripts would find it: its policy forbids what playwright does for that. */
  run(expression: string): Promise<unknown>;
  /** Until it gives something true. */
  until(expression: string): Promise<void>;
}

/** Opens the example's page as an app's window: the shell's script, and its words both ways, by the protocol of the browser's tools. */
async function openWindow(chromium: OpenChromium, page: Page, shell: Shell): Promise<OpenWindow> {
  const session: CDPSession = await chromium.context.newCDPSession(page);
  // One after another, in the order in which they were said.
  const admitted = shell.admit({ run: script => void session.send('Runtime.evaluate', { expression: script }).catch(() => {}) });
  await page.exposeFunction('flowstoneSays', (text: string) => admitted.take(text));
  await page.addInitScript(`window.webkit = { messageHandlers: { flowstone: { postMessage: text => void window.flowstoneSays(text) } } };\n${pageScript()}`);
  await page.goto(pathToFileURL(join(app, 'out/index.html')).href);
  const run = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.value as unknown;
  };
  const until = async (expression: string): Promise<void> => {
    for (const end = performance.now() + 60_000; performance.now() < end; await new Promise(resolve => setTimeout(resolve, 20))) if (await run(expression)) return;
    throw new Error(`It did not come true: ${expression}. The page shows: ${String(await run('document.body.innerText'))}`);
  };
  return { page, admitted, run, until };
}

describe.skipIf(inject('lacking') !== '' || !hasChromium)('the example in a window of Chromium', () => {
  let folder: string;
  let chromium: OpenChromium;
  let shell: Shell;
  const isConnected = "document.querySelector('[role=status]')?.textContent === 'connected'";
  const isWaiting = "document.querySelector('tbody li:nth-child(2)')?.textContent === 'approve: waiting'";

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'flowstone-chromium-app-'));
    chromium = await openChromium({}, ['--app=about:blank', '--allow-file-access-from-files']);
    shell = begin(join(folder, 'app.db'));
  });
  afterEach(async () => {
    await shell.stop();
    await chromium[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is closed and opened in mid-flow, loses its runtime, and shows the order to its end', async () => {
    const first = await openWindow(chromium, await chromium.context.newPage(), shell);
    await first.until(isConnected);
    await first.run("client.start('order', { input: { what: 'chair' }, labels: { what: 'chair' } })");
    await first.until(isWaiting);
    await first.page.close();
    first.admitted.close();
    const [page] = chromium.context.pages() as [Page];
    const { run, until } = await openWindow(chromium, page, shell);
    await until(isWaiting);
    process.kill(pids.at(-1) ?? 0, 'SIGKILL');
    await until("document.querySelector('[role=status]').textContent === 'the runtime is begun again'");
    await until(isConnected);
    await run("document.querySelector('tbody button').click()");
    await until("document.querySelector('tbody td:nth-child(2)')?.textContent === 'scored'");
    expect(pids).toHaveLength(2);
    // A page that is loaded anew has a port of its own, and no more rights.
    await page.reload();
    await until(isConnected);
    expect(await run("client.delete('none').catch(({ code }) => code)")).toBe('scope_missing');
  });
});
