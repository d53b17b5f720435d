import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { afterAll, describe, expect, it } from 'vitest';
import { countTransitions, type Chart } from '../../src/inspector/graph/chart.ts';
import { stepMachine } from '../../machines/step.ts';
import { inventActive, makeRandomMachines, ownMachines, requireChart } from '../inspector/graph/chart-examples.ts';
import { inventCoverage, loadExampleFlows, makeLargeFlow, makeRandomFlow } from '../inspector/graph/graph-examples.ts';
import { makeTimeline } from '../inspector/graph/timeline-examples.ts';
import type { GalleryItem } from './gallery/gallery.tsx';
import { findFaults, measureContrast, walk } from './gallery/gallery-rules.ts';
import { openGallery } from './gallery/open-gallery.ts';

type Named = readonly [name: string, item: GalleryItem];

const flows = [...(await loadExampleFlows()), ...Array.from({ length: 30 }, (_, seed) => makeRandomFlow(seed + 1))];
const toItem = (chart: Chart, seed: number, isCounted: boolean): GalleryItem => ({
  kind: 'chart', chart: { name: chart.name, states: [...chart.states], transitions: chart.transitions }, active: [...inventActive(chart, seed)], taken: chart.transitions.slice(0, 1).map(({ id }) => id),
  ...(isCounted && { counts: [...countTransitions(chart, [])].map(([id], index) => [id, index % 3 === 0 ? 0 : 7 ** (index % 9)] as const) }),
});
const items: readonly Named[] = [
  ...flows.map((example): Named => [`steps of ${example.name}`, { kind: 'steps', example, selected: example.steps.at(-1)!.id, breakpoints: [example.steps[0]!.id], moved: [example.steps[0]!.id] }]),
  ...flows.slice(0, 14).map((example): Named => [`coverage of ${example.name}`, { kind: 'steps', example, coverage: inventCoverage(example.steps) }]),
  ...[...ownMachines, ...makeRandomMachines(20, 1)].map(requireChart).flatMap((chart, seed): Named[] => [[`chart ${seed} of ${chart.name}`, toItem(chart, seed, false)], [`coverage of chart ${seed} of ${chart.name}`, toItem(chart, seed, true)]]),
];

const gallery = await openGallery();
const { page } = gallery;
afterAll(() => gallery[Symbol.asyncDispose]());
const troubles: string[] = [];
page.on('pageerror', error => troubles.push(String(error)));
page.on('request', request => request.url().startsWith('http') && troubles.push(request.url()));
await page.addScriptTag({ content: readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') });

const draw = (item: GalleryItem): Promise<void> => page.evaluate(shown => window.showItem(shown), item);
const showAll = async (): Promise<void> => {
  await page.getByRole('button', { name: 'Fit' }).click();
};

describe.for(['light', 'dark'] as const)('the pictures, %s', scheme => {
  it('have no boxes on one another and no clipped texts: every example, 30 flows and 20 machines from seeds', async () => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 1_600, height: 1_000 });
    let [boxes, texts] = [0, 0];
    for (const [name, item] of items) {
      await draw(item);
      await showAll();
      const faults = await findFaults(page);
      boxes += faults.boxes;
      texts += faults.texts;
      expect({ name, ...faults, boxes: 0, texts: 0 }).toEqual({ name, boxes: 0, texts: 0, overlaps: [], clipped: [], collisions: [] });
      const expected = item.kind === 'steps' ? item.example.steps.length : item.kind === 'chart' ? item.chart.transitions.length : 0;
      expect(faults.texts).toBeGreaterThanOrEqual(expected);
    }
    console.log(`${scheme}: ${items.length} pictures, ${boxes} boxes, ${texts} texts, 0 overlaps, 0 clipped`);
  });

  it('have enough contrast', async () => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const back of ['--graph-card', '--graph-paper']) {
      for (const front of ['--graph-text', '--graph-soft', '--graph-ok', '--graph-run', '--graph-wait', '--graph-bad', '--graph-off', '--graph-accent']) {
        expect(await measureContrast(page, front, back)).toBeGreaterThanOrEqual(front === '--graph-off' ? 3 : 4.5);
      }
    }
  });

  it('have nothing that axe finds serious', async () => {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width: 1_280, height: 800 });
    const chosen: GalleryItem[] = [items.find(([name]) => name === 'steps of project-report')![1], items.find(([name]) => name === 'coverage of project-report')![1], toItem(requireChart(stepMachine), 1, true), toItem(requireChart(makeRandomMachines(1, 1)[0]!), 1, false), { kind: 'timeline', name: 'order-1', ...makeTimeline(1, 20) }, { kind: 'legends' }];
    for (const item of chosen) {
      await draw(item);
      const { violations } = await page.evaluate(() => (window as unknown as { axe: { run(root: Element): Promise<AxeResults> } }).axe.run(document.querySelector('main')!));
      expect({ item: item.kind, found: violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`) }).toEqual({ item: item.kind, found: [] });
    }
  });
});

describe('by keyboard alone', () => {
  it('every step is reached, named and in view, and chosen and opened with Enter', async () => {
    await page.setViewportSize({ width: 900, height: 600 });
    const pipeline = flows.find(({ name }) => name === 'planning-pipeline')!;
    await draw({ kind: 'steps', example: pipeline });
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('Tab');
    const { reached, hidden } = await walk(page, 'ArrowRight', 100);
    expect([reached.toSorted(), hidden]).toEqual([pipeline.steps.map(({ id }) => id).toSorted(), []]);
    await page.evaluate(() => (window.told.length = 0));
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    const last = reached.at(-1)!;
    expect(await page.evaluate(() => window.told)).toEqual([`select ${last}`, `open ${last}`, 'select null']);
    // One stop for the tab key, then the buttons.
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('−');
    await page.keyboard.press('Shift+Tab');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-node'))).toBe(last);
  });

  it('every state and transition is reached, named and in view', async () => {
    for (const machine of [stepMachine, makeRandomMachines(1, 1)[0]!]) {
      const chart = requireChart(machine);
      await draw(toItem(chart, 1, false));
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await page.keyboard.press('Tab');
      await page.keyboard.press('Home');
      const { reached, hidden } = await walk(page, 'ArrowDown', 500);
      expect([reached.length, hidden]).toEqual([chart.states.size - 1 + chart.transitions.length, []]);
      await page.evaluate(() => (window.told.length = 0));
      await page.keyboard.press('Enter');
      const last = reached.at(-1)!;
      expect(await page.evaluate(() => window.told)).toEqual([`select ${last.startsWith('transition ') ? last : `state ${last}`}`]);
    }
  });

  it('groups unfold with Enter', async () => {
    const example = makeLargeFlow(1_000);
    await draw({ kind: 'steps', example });
    const group = page.locator('.step-group [role=button]').first();
    const label = (await group.getAttribute('aria-label'))!;
    await group.focus();
    await page.keyboard.press('Enter');
    const focused = await page.evaluate(() => document.activeElement?.getAttribute('data-node') ?? '');
    expect(example.steps.map(({ id }) => id)).toContain(focused);
    expect(focused.startsWith(label.slice(0, label.indexOf('*')))).toBe(true);
    await page.getByRole('button', { name: 'Fold all' }).click();
    expect(await page.locator(`[data-node="${focused}"]`).count()).toBe(0);
  });

  it('a timeline of thousands of rows is walked, zoomed and unfolded, with few of them drawn', async () => {
    const { rows, now } = makeTimeline(2, 2_000, 8);
    await draw({ kind: 'timeline', name: 'long', rows, now });
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    for (let stop = 0; stop < 4; stop++) await page.keyboard.press('Tab');
    const at = (): Promise<string | null> => page.evaluate(() => document.activeElement?.getAttribute('data-row') ?? null);
    expect(await at()).toBe('step-0');
    await page.keyboard.press('End');
    expect(await at()).toBe('last');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    expect(await at()).toBe('step-2[0]');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowDown');
    expect(await at()).toBe('step-3');
    const edge = (): Promise<string | null> => page.locator('.axis-end').textContent();
    const before = await edge();
    await page.keyboard.press('+');
    expect(await edge()).not.toBe(before);
    await page.keyboard.press('0');
    expect(await edge()).toBe(before);
    expect(await page.locator('.time-row').count()).toBeLessThan(60);
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(2_000);
  });
});

describe('a picture that changes', () => {
  it('is drawn anew only where a step moved', async () => {
    await page.setViewportSize({ width: 1_280, height: 800 });
    const example = flows.find(({ name }) => name === 'planning-pipeline')!;
    await draw({ kind: 'steps', example });
    const [drawn] = await page.locator('.step').evaluateAll(steps => steps.map(step => step.querySelector('[data-node]')!.getAttribute('data-node')!));
    const changed = await page.evaluate(async id => {
      const nodes = new Set<string>();
      const observer = new MutationObserver(list => list.forEach(({ target }) => nodes.add((target.nodeType === 1 ? target as Element : target.parentElement!).closest('.step')?.querySelector('[data-node]')?.getAttribute('data-node') ?? (target as Element).getAttribute?.('class') ?? target.nodeName)));
      observer.observe(document.querySelector('main')!, { subtree: true, childList: true, attributes: true, characterData: true });
      window.moveSteps([[id!, { status: 'failed', attempt: 1, durationMs: 5 }]]);
      await new Promise(resolve => requestAnimationFrame(resolve));
      observer.disconnect();
      return [...nodes];
    }, drawn);
    // And the edges that leave it.
    expect(changed.filter(name => !name.startsWith('edge'))).toEqual([drawn]);
    expect(await page.locator(`[data-node="${drawn}"]`).getAttribute('aria-label')).toBe(`${drawn}: failed, 5 ms`);
  });

  it('draws of a large flow only what is in view', async () => {
    await draw({ kind: 'steps', example: makeLargeFlow(300) });
    expect(await page.locator('.step').count()).toBeLessThan(150);
  });

  it('is moved by pointer and wheel, and a drag is no click', async () => {
    await draw({ kind: 'steps', example: flows.find(({ name }) => name === 'planning-pipeline')! });
    await page.evaluate(() => (window.told.length = 0));
    const transform = (): Promise<string | null> => page.locator('svg.graph > g').getAttribute('transform');
    const before = await transform();
    await page.mouse.move(640, 300);
    await page.mouse.down();
    await page.mouse.move(640, 200, { steps: 4 });
    await page.mouse.up();
    const dragged = await transform();
    expect(dragged).not.toBe(before);
    await page.mouse.wheel(0, 200);
    expect(await transform()).not.toBe(dragged);
    expect(await page.evaluate(() => window.told)).toEqual([]);
    await page.mouse.wheel(0, -500);
    await page.locator('[data-node=SetupTask]').click();
    expect(await page.evaluate(() => window.told)).toEqual(['select SetupTask']);
  });

  it('says what its signs mean', async () => {
    await draw({ kind: 'legends' });
    expect(await page.locator('.legend li').allTextContents()).toEqual(expect.arrayContaining(['completed', 'failed', 'child flow', 'may fail', 'leads back', 'never taken']));
  });

  it('has made no mistake, and asked nobody for anything', () => {
    expect(troubles).toEqual([]);
  });
});
