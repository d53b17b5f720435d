// What the inspector's page costs in Chromium: node --conditions=flowstone-source benchmarks/inspector-page.ts [scrub] [open]
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { buildInspector } from '../.ci/inspector.ts';
import { createSeededRandom } from '../src/core/ids.ts';
import { createRuntime, defineFlow, defineTool } from '../src/index.ts';
import type { FlowSource } from '../src/definition/schema.ts';
import { openInspector } from '../src/inspector.ts';
import { openSqliteStore } from '../src/sqlite.ts';
import { openChromium } from '../test/browser/open-chromium.ts';
import { computePercentile } from './harness/statistics.ts';

const parts = process.argv.slice(2);
const wants = (part: string): boolean => parts.length === 0 || parts.includes(part);

/** Lists of items, each behind the one before; an item is four transitions. */
const makeFlow = (id: string, steps: number, items: number): FlowSource => ({
  id, concurrency: 8,
  steps: Array.from({ length: steps }, (_, step) => ({
    id: `list-${step}`, uses: 'tool:work', for_each: `{% [1..${items}] %}`, concurrency: 8, ...(step > 1 && { depends_on: [`list-${step - 2}`] }),
  })),
});

const folder = mkdtempSync(join(tmpdir(), 'flowstone-page-'));
await buildInspector(join(import.meta.dirname, '../dist/inspector'));
const runtime = await createRuntime({
  store: openSqliteStore({ file: join(folder, 'a.db') }), flows: [defineFlow(makeFlow('scrubbed', 25, 80)), defineFlow(makeFlow('long', 50, 400))],
  tools: [defineTool({ name: 'work', run: ({ input }) => ({ done: input ?? null }) })],
});
const inspector = await openInspector(runtime);
const chromium = await openChromium({ viewport: { width: 1_440, height: 900 }, reducedMotion: 'reduce' });

const run = async (flowId: string): Promise<string> => {
  const { executionId } = await runtime.start(flowId);
  await runtime.settled(executionId);
  return executionId;
};
const print = (name: string, values: readonly number[]): string => `${name} p50 ${computePercentile(values, 0.5).toFixed(1)}, p95 ${computePercentile(values, 0.95).toFixed(1)}, most ${Math.max(...values).toFixed(1)} ms`;

type Metrics = Readonly<Record<string, number>>;
async function readMetrics(session: CDPSession): Promise<Metrics> {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

async function openPage(): Promise<{ readonly page: Page; readonly session: CDPSession }> {
  const page = await chromium.context.newPage();
  const session = await chromium.context.newCDPSession(page);
  // CPU of the page's thread: what it waits for others is not in it.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(inspector.createUrl());
  await page.getByText('Live', { exact: true }).waitFor();
  return { page, session };
}

const show = (page: Page, id: string): Promise<void> => page.evaluate(to => void (location.hash = to), `#/x/${id}`);
const isReplayed = (page: Page): Promise<unknown> => page.waitForFunction(() => document.querySelector('.proof.is-good') !== null && document.querySelector('.journal-row') !== null && document.querySelector('.time-row') !== null, undefined, { polling: 'raf', timeout: 120_000 });

/** Moves the scrubber to each place, and waits until that is drawn. */
async function scrub(page: Page, session: CDPSession, places: readonly number[]): Promise<{ readonly script: number[]; readonly task: number[] }> {
  const [script, task]: [number[], number[]] = [[], []];
  for (const place of places) {
    const before = await readMetrics(session);
    await page.evaluate(async to => {
      const range = document.querySelector<HTMLInputElement>('.track input')!;
      range.value = String(to);
      range.dispatchEvent(new Event('input', { bubbles: true }));
      await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    }, place);
    const after = await readMetrics(session);
    script.push((after['ScriptDuration']! - before['ScriptDuration']!) * 1_000);
    task.push((after['TaskDuration']! - before['TaskDuration']!) * 1_000);
  }
  return { script, task };
}

console.log(`${arch()}, ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}, Node.js ${process.version}`);
try {
  if (wants('scrub')) {
    const id = await run('scrubbed');
    const { page, session } = await openPage();
    await show(page, id);
    await isReplayed(page);
    const most = await page.evaluate(() => Number(document.querySelector<HTMLInputElement>('.track input')!.max));
    const random = createSeededRandom(1);
    const ways = {
      'far jumps': Array.from({ length: 200 }, () => 1 + Math.floor(random.next() * most)),
      'one by one': Array.from({ length: 200 }, (_, index) => (most >> 1) + index),
    };
    for (const [name, places] of Object.entries(ways)) {
      await scrub(page, session, places.slice(0, 20));
      const { script, task } = await scrub(page, session, places);
      console.log(`scrubbing ${most} transitions, ${name}: script ${print('', script)}; all of the page's thread, with layout and painting, ${print('', task)}`);
    }
    await page.close();
  }
  if (wants('open')) {
    const id = await run('long');
    for (const round of [1, 2]) {
      const { page, session } = await openPage();
      await session.send('HeapProfiler.collectGarbage');
      let most = 0;
      let isOpen = false;
      const watch = (async (): Promise<void> => {
        while (!isOpen) most = Math.max(most, (await readMetrics(session))['JSHeapUsedSize']!);
      })();
      const [begun, server, thread] = [performance.now(), process.cpuUsage(), (await readMetrics(session))['TaskDuration']!];
      await show(page, id);
      await page.waitForFunction(() => document.querySelector('.journal-row') !== null, undefined, { polling: 'raf', timeout: 120_000 });
      const rows = performance.now() - begun;
      await isReplayed(page);
      const whole = performance.now() - begun;
      const used = process.cpuUsage(server);
      const inPage = ((await readMetrics(session))['TaskDuration']! - thread) * 1_000;
      isOpen = true;
      await watch;
      await session.send('HeapProfiler.collectGarbage');
      const kept = (await readMetrics(session))['JSHeapUsedSize']!;
      const entries = await page.evaluate(() => document.querySelector('.proof')?.textContent);
      console.log(`opening, round ${round} (${entries}): first rows ${Math.round(rows)} ms, replayed and drawn ${Math.round(whole)} ms; CPU: page ${Math.round(inPage)} ms, this process ${Math.round((used.user + used.system) / 1_000)} ms; heap at most ${(most / 1e6).toFixed(0)} MB, ${(kept / 1e6).toFixed(0)} MB kept`);
      await page.close();
    }
  }
} finally {
  await chromium[Symbol.asyncDispose]();
  await inspector.close();
  await runtime.stop();
  rmSync(folder, { recursive: true, force: true });
}
