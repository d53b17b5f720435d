import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { writeExportedPage } from './exported-page.ts';
import { findSerious } from './find-serious.ts';
import { openChromium } from './open-chromium.ts';

const folder = mkdtempSync(join(tmpdir(), 'flowstone-exported-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const built = resolve(import.meta.dirname, '../../dist/inspector');
const measure = (file: string): number => gzipSync(readFileSync(file), { level: 9 }).length;

describe('the page with one execution in it', () => {
  it('opens from the disk without a network, with all of its graph in view, steps back and forth, and asks nobody for anything', async () => {
    const file = await writeExportedPage(folder);
    expect(readFileSync(file, 'utf8')).not.toContain('sk-abcdef');
    await using chromium = await openChromium({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
    const { context } = chromium;
    await context.setOffline(true);
    const page = await context.newPage();
    const [requests, problems]: [string[], string[]] = [[], []];
    page.on('request', request => requests.push(request.url())).on('pageerror', error => problems.push(String(error)));
    page.on('console', message => message.type() === 'error' && problems.push(message.text()));
    await page.goto(pathToFileURL(file).href);
    await page.getByText('each to the stored state').waitFor();
    await page.locator('.time-row').first().waitFor();

    // The whole picture, and none of it under anything else.
    const view = (await page.locator('.graph-view').boundingBox())!;
    const cards = await page.locator('.step .card').evaluateAll(list => list.map(card => card.getBoundingClientRect().toJSON() as { x: number; y: number; width: number; height: number }));
    expect(cards.length).toBe(9);
    for (const { x, y, width, height } of cards) {
      expect([x >= view.x, y >= view.y, x + width <= view.x + view.width, y + height <= view.y + view.height]).toEqual([true, true, true, true]);
    }

    const place = (): Promise<string | null> => page.locator('.place strong').textContent();
    const most = Number(await place());
    await page.keyboard.press('ArrowLeft');
    expect(Number(await place())).toBe(most - 1);
    await page.keyboard.press('Home');
    expect(Number(await place())).toBe(0);
    await page.keyboard.press('ArrowRight');
    expect(Number(await place())).toBe(1);
    await page.keyboard.press('End');
    await page.getByRole('button', { name: 'What if' }).click();
    await page.getByRole('region', { name: 'Fork' }).waitFor();
    expect(await findSerious(page)).toEqual([]);
    expect(requests.filter(url => !url.startsWith('file:') && !url.startsWith('data:'))).toEqual([]);
    expect(problems).toEqual([]);
  });
});

describe('the size of the page, compressed', () => {
  it('is at most 300 KB for all of it, and 120 KB for what is loaded first', async () => {
    const assets = readdirSync(join(built, 'assets')).map(name => join(built, 'assets', name));
    const whole = assets.reduce((sum, file) => sum + measure(file), 0);
    // What the first look asks for, by the files that import one another without `import()`.
    const wanted = new Set<string>();
    const add = (name: string): void => {
      if (wanted.has(name)) return;
      wanted.add(name);
      if (name.endsWith('.js')) for (const [, next = ''] of readFileSync(join(built, 'assets', name), 'utf8').matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) add(next);
    };
    for (const [, name = ''] of readFileSync(join(built, 'index.html'), 'utf8').matchAll(/assets\/([^"']+)/g)) add(name);
    const first = [...wanted].reduce((sum, name) => sum + measure(join(built, 'assets', name)), 0);
    const exported = measure(join(built, 'file.js')) + measure(join(built, 'file.css'));
    console.log(`first load ${(first / 1_000).toFixed(1)} KB of ${wanted.size} files, whole page ${(whole / 1_000).toFixed(1)} KB of ${assets.length}, exported page ${(exported / 1_000).toFixed(1)} KB`);
    expect(wanted.size).toBeGreaterThan(3);
    expect(first).toBeLessThan(120_000);
    expect(whole).toBeLessThan(300_000);
    expect(exported).toBeLessThan(300_000);
  });
});
