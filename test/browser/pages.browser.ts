import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectPicture } from './expect-picture.ts';
import { findSerious } from './find-serious.ts';
import { type InspectedShop, openInspectedShop } from './inspected-shop.ts';
import { openChromium, type OpenChromium } from './open-chromium.ts';

let shop: InspectedShop;
let chromium: OpenChromium;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  shop = await openInspectedShop();
  chromium = await openChromium({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', timezoneId: 'UTC', reducedMotion: 'reduce' });
  page = chromium.context.pages()[0] ?? (await chromium.context.newPage());
  page.on('pageerror', error => problems.push(String(error)));
  page.on('console', message => message.type() === 'error' && problems.push(message.text()));
  await page.goto(shop.inspector.url);
  await page.getByText('Live', { exact: true }).waitFor();
});
afterAll(async () => {
  await chromium[Symbol.asyncDispose]();
  await shop.close();
});
beforeEach(() => void problems.splice(0));

const go = (fragment: string): Promise<void> => page.evaluate(to => void (location.hash = to), fragment);
/** The policy of the page complains of what hides times in a picture. */
async function picture(name: string): Promise<void> {
  await expectPicture(page, name);
  problems.splice(0);
}
/** Looks at a page in both schemes. */
async function expectFine(): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    expect([colorScheme, await findSerious(page)]).toEqual([colorScheme, []]);
  }
  expect(problems).toEqual([]);
}

describe('coverage', () => {
  it('counts what executions did, on the graph and on the machines', async () => {
    await go('#/flow/order');
    await page.getByText('3 executions').waitFor();
    const charge = page.locator('.step', { has: page.locator('[data-node=charge]') });
    // Four runs: one was tried again, one failed.
    expect(await charge.textContent()).toContain('4×');
    expect(await charge.textContent()).toContain('2 failed');
    // A step that waits has no handler: its waits are counted.
    expect(await page.locator('[data-node=approve]').getAttribute('aria-label')).toMatch(/^approve: 2× · p50 .* · p95 /);
    await expectFine();
    await picture('inspector-coverage');
    await page.getByRole('tab', { name: 'Step machine' }).click();
    await page.getByRole('button', { name: /^attempt.completed.*, taken \d+ times/ }).first().waitFor();
    await page.getByText('never taken').first().waitFor();
    await expectFine();
  });

  it('lists what production takes and no test does, and the other way round', async () => {
    await go('#/flow/order');
    await page.getByRole('radio', { name: 'Beside the tests' }).click();
    await page.getByText('In a test, never in production').waitFor({ timeout: 120_000 });
    // Nobody was cancelled.
    await page.getByText('In a test, never in production').click();
    await page.getByText('flow.cancel →').first().waitFor();
    await expectFine();
    await page.getByRole('radio', { name: 'Production' }).click();
  });
});

describe('comparing', () => {
  it('shows which steps of two executions differ, and in what', async () => {
    const [first, second] = shop.ids;
    await go(`#/compare/${first}`);
    await page.getByRole('combobox', { name: 'The other execution' }).selectOption(second);
    await page.getByText('of 5 steps differ').waitFor();
    expect(await page.getByRole('row', { name: /^charge / }).textContent()).toContain('attempts, input, output');
    expect(await page.getByRole('row', { name: /^ship / }).count()).toBe(0);
    await page.getByRole('button', { name: 'charge', exact: true }).click();
    await page.getByText('output.receipt').waitFor();
    await expectFine();
    await picture('inspector-compare');
  });

  it('is reached from an execution', async () => {
    await go(`#/x/${shop.ids[2]}`);
    await page.getByText('each to the stored state').waitFor();
    await page.getByRole('button', { name: 'Compare …' }).click();
    await page.getByText('Choose what to compare it with.').waitFor();
  });
});

describe('actors', () => {
  it('are listed, drawn with their state, sent events and held, by keyboard alone', async () => {
    await go('#/actors');
    const list = page.getByRole('listbox', { name: 'Actors' });
    await list.focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('heading', { name: 'parcel-1' }).waitFor();
    await page.getByRole('button', { name: /^under way\.resting, active/ }).waitFor();
    await expectFine();
    await picture('inspector-actors');
    await page.getByLabel('Type').fill('lose');
    await page.getByLabel('Type').press('Enter');
    await page.getByRole('button', { name: /^lost, active/ }).waitFor();
    await list.focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('heading', { name: 'parcel-2' }).waitFor();
    await page.keyboard.press('F8');
    await page.getByText('nothing waits yet').waitFor();
    await page.getByLabel('Type').fill('lose');
    await page.getByLabel('Type').press('Enter');
    await page.getByText('one message waits').waitFor();
    await page.keyboard.press('F10');
    await page.getByRole('button', { name: /^lost, active/ }).waitFor();
    expect(problems).toEqual([]);
  });
});

describe('queues', () => {
  it('are listed with their messages by state; a dead one tells its story and is begun anew', async () => {
    await go('#/queues/mails');
    await page.getByRole('tab', { name: /^dead/ }).click();
    await page.getByText('address_unknown').first().waitFor();
    await page.getByText('There is nobody').waitFor();
    await expectFine();
    await picture('inspector-queues');
    await page.getByRole('tab', { name: /^completed/ }).click();
    await page.getByRole('button', { name: new RegExp(`${shop.ids[0]}/ship|${shop.ids[1]}/ship`) }).click();
    await page.getByRole('heading', { name: 'ship' }).waitFor();
    expect(problems).toEqual([]);
  });

  it('are walked by keyboard alone', async () => {
    await go('#/queues/stock');
    const list = page.getByRole('listbox', { name: /Messages/ });
    await list.focus();
    const name = (): Promise<string | null> => page.locator('.detail-title').textContent();
    const first = await name();
    await page.keyboard.press('ArrowDown');
    await expect.poll(name, { timeout: 30_000 }).not.toBe(first);
  });
});

describe('the detail', () => {
  it('has the messages that a step has published', async () => {
    await go(`#/x/${shop.ids[0]}?step=pack`);
    await page.getByText('each to the stored state').waitFor();
    await page.locator('summary').filter({ hasText: 'Queue messages' }).click();
    await expect.poll(() => page.locator('.artifact summary', { hasText: 'stock' }).count(), { timeout: 30_000 }).toBe(2);
    await expectFine();
  });

  it('has what a handler logs while the page is open', async () => {
    const { executionId } = await shop.runtime.start('slow', {});
    await go(`#/x/${executionId}?step=talk`);
    await page.locator('.head').getByText('stepping').waitFor();
    await page.getByText('Lines that handlers log').or(page.locator('summary').filter({ hasText: 'Logs' })).first().waitFor();
    // The page listens from some moment on: the handler says it until it is heard.
    await expect.poll(async () => {
      shop.log();
      return page.getByText('this takes its time').count();
    }, { timeout: 60_000 }).toBeGreaterThan(0);
    expect(await page.locator('.logs').textContent()).toContain('{"tries":2}');
    await expectFine();
  });
});
