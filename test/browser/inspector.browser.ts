import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectPicture } from './expect-picture.ts';
import { findSerious } from './find-serious.ts';
import { type InspectedOrder, openInspectedOrder, runOrder } from './inspected-order.ts';
import { openChromium, type OpenChromium } from './open-chromium.ts';

let order: InspectedOrder;
let chromium: OpenChromium;
let page: Page;
let requests: string[] = [];
let problems: string[] = [];

beforeEach(async () => {
  order = await openInspectedOrder();
  chromium = await openChromium({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', timezoneId: 'UTC', reducedMotion: 'reduce' });
  page = chromium.context.pages()[0] ?? (await chromium.context.newPage());
  requests = [];
  problems = [];
  page.on('request', request => requests.push(request.url()));
  page.on('pageerror', error => problems.push(String(error)));
  page.on('console', message => message.type() === 'error' && problems.push(message.text()));
});

afterEach(async () => {
  await chromium[Symbol.asyncDispose]();
  await order.close();
});

const open = async (fragment = ''): Promise<void> => {
  await page.goto(order.inspector.url);
  await page.getByText('Live', { exact: true }).waitFor();
  if (fragment !== '') await page.evaluate(to => void (location.hash = to), fragment);
};
/** Opens all that is folded, and what is folded in that. */
async function openAll(): Promise<void> {
  for (let depth = 0; depth < 4; depth++) {
    await page.evaluate(() => {
      for (const folded of document.querySelectorAll('details')) folded.open = true;
    });
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}
const text = (): Promise<string> => page.evaluate(() => document.body.innerText);

describe('the page', () => {
  it('asks nobody but its own server, and keeps its token out of every address', async () => {
    const id = await runOrder(order.runtime);
    await open(`#/x/${id}`);
    await page.getByText('each to the stored state').waitFor();
    expect([...new Set(requests.map(url => new URL(url).origin))]).toEqual([`http://127.0.0.1:${order.inspector.port}`]);
    expect(requests.filter(url => /code|token/.test(url))).toEqual([]);
    expect(page.url()).not.toContain('code=');
    expect(problems).toEqual([]);
  });

  it('can be opened by its address once', async () => {
    await open();
    const other = await chromium.context.newPage();
    await other.goto(order.inspector.url);
    await other.getByText('This page needs its link').waitFor();
    // The tab that is in stays in, over a reload.
    await page.reload();
    await page.getByRole('heading', { name: 'Executions' }).waitFor();
  });

  it('lists executions as they come, and finds them', async () => {
    await open();
    await page.getByText('No execution here.').waitFor();
    const id = await runOrder(order.runtime);
    await page.getByRole('option').getByText(id).waitFor();
    await page.getByRole('searchbox', { name: 'Search' }).fill('nothing like it');
    await page.getByText('No execution here.').waitFor();
    await page.getByRole('searchbox', { name: 'Search' }).fill(id.slice(0, 12));
    await page.getByRole('option').getByText(id).click();
    await page.getByText('each to the stored state').waitFor();
  });

  it('shows markup in payloads as text, in every panel', async () => {
    const id = await runOrder(order.runtime);
    await open();
    for (const step of ['', 'charge', 'pack', 'pack[2]', 'label', 'approve']) {
      await page.goto('about:blank');
      await page.goto(`http://127.0.0.1:${order.inspector.port}/inspector/`);
      await page.evaluate(to => void (location.hash = to), `#/x/${id}?step=${encodeURIComponent(step)}`);
      await page.getByText('each to the stored state').waitFor();
      await openAll();
      await page.getByRole('radio', { name: 'JSON' }).click();
      expect(await text()).toContain('onerror');
      expect(await page.evaluate(() => [document.title, document.querySelectorAll('img, script:not([src])').length])).toEqual(['Flowstone', 0]);
    }
    expect(problems).toEqual([]);
  });

  it('lets only look where the program says so', async () => {
    await order.close();
    order = await openInspectedOrder({ control: false });
    const { executionId } = await order.runtime.start('order', { input: { amount: 1, items: [] } });
    await open(`#/x/${executionId}`);
    await page.getByText('lets it look only').waitFor();
    expect(await page.getByRole('button', { name: /Pause/ }).isDisabled()).toBe(true);
    expect(await page.getByText('Cancel the execution').count()).toBe(0);
  });
});

describe('by keyboard alone', () => {
  it('a flow is started, stepped, walked into, looked back at, answered and let go', async () => {
    await open();
    await page.getByRole('button', { name: /^order/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Start order' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Standing at its start').waitFor();
    expect(order.calls).toEqual([]);

    // One commit.
    await page.keyboard.press('F10');
    await page.getByText('of 2', { exact: false }).first().waitFor();
    await page.getByText(/message(s)? waits?/).waitFor();

    // Walking through the next message does nothing.
    await page.keyboard.press('F11');
    await page.getByRole('region', { name: 'Preview' }).waitFor();
    const before = order.calls.length;
    await page.getByText('nothing has happened').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: 'Preview' }).waitFor({ state: 'detached' });
    expect(order.calls.length).toBe(before);

    // Back, and to what is newest again.
    await page.keyboard.press('ArrowLeft');
    await page.getByText('Looking back').waitFor();
    await page.keyboard.press('End');
    await page.getByText('Looking back').waitFor({ state: 'detached' });

    // Let go: it waits for a signal, which is sent from the form.
    await page.keyboard.press('F8');
    await page.getByText(/^held-bar$/).waitFor({ state: 'detached' });
    const send = page.locator('form.send').filter({ hasText: 'approved' });
    await send.getByRole('button', { name: 'Send' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.head').getByText('scored').waitFor();
    expect([...order.calls].toSorted()).toEqual(['charge', 'label', 'notify', 'pack', 'pack', 'pack', 'reserve', 'ship']);
    expect(problems).toEqual([]);
  });

  it('a breakpoint keeps a step from beginning', async () => {
    await open();
    await page.getByRole('button', { name: /^order/ }).click();
    await page.getByRole('button', { name: 'Start order' }).click();
    await page.getByText('Standing at its start').waitFor();
    await page.locator('.graph-panel').getByRole('button', { name: /^label/ }).click();
    await page.getByRole('button', { name: 'Stand here' }).waitFor();
    await page.keyboard.press('F9');
    await page.getByRole('button', { name: 'Stands here' }).waitFor();
    await page.keyboard.press('F8');
    await page.getByText('Standing at a breakpoint').waitFor();
    await page.getByText(/messages? waits?/).waitFor();
    expect(order.calls).not.toContain('label');
    await expectPicture(page, 'inspector-breakpoint');
    await page.keyboard.press('F10');
    await expect.poll(() => order.calls, { timeout: 30_000 }).toContain('label');
  });
});

describe('people who cannot see colours, or not at all', () => {
  it.each(['light', 'dark'] as const)('find nothing serious in their way, %s', async scheme => {
    await page.emulateMedia({ colorScheme: scheme });
    const id = await runOrder(order.runtime);
    await open();
    await page.locator('.execution-row').first().waitFor();
    expect(await findSerious(page)).toEqual([]);
    await page.evaluate(to => void (location.hash = to), `#/x/${id}?step=charge`);
    await page.getByText('each to the stored state').waitFor();
    await openAll();
    expect(await findSerious(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Step machine' }).click();
    await page.getByRole('button', { name: 'What if' }).click();
    await page.getByRole('region', { name: 'Fork' }).waitFor();
    expect(await findSerious(page)).toEqual([]);
  });
});
