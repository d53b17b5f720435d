import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { computeStats, type Run } from '../../src/catalog/compute-stats.ts';
import { readStats } from '../../src/catalog/read-stats.ts';
import { syncFlows } from '../../src/catalog/sync-flows.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { openRuntime } from '../runtime/open-runtime.ts';

const day = 86_400_000;
const run = (at: number, group: string, score: number | null, ms = 100): Run => ({
  executionId: `e${at}`, flowId: 'f', group, createdAt: at, settledAt: score === null ? null : at + ms, passed: score === null ? null : score >= 0.5, score,
});

describe('statistics', () => {
  it('sum up each group, and each of its days', () => {
    const [first, second] = computeStats([run(day + 5, 'b', 1, 300), run(3, 'a', 0.2), run(4, 'a', 0.8, 300), run(day + 1, 'a', null), run(day + 2, 'b', 0)]);
    expect(first).toMatchObject({ group: 'b', runs: 2, settled: 2, passed: 1, successRate: 0.5, meanScore: 0.5, meanDurationMs: 200, last: { executionId: `e${day + 5}`, score: 1, durationMs: 300 } });
    expect(second).toMatchObject({ group: 'a', runs: 3, settled: 2, passed: 1, meanScore: 0.5, meanDurationMs: 200, last: { executionId: 'e4', passed: true } });
    expect(second?.days.map(({ day: name, runs, settled, meanScore }) => [name, runs, settled, meanScore])).toEqual([['1970-01-01', 2, 2, 0.5], ['1970-01-02', 1, 0, null]]);
  });

  it('lose nobody, whatever the order', () => {
    const runs = fc.array(fc.record({ at: fc.nat(10 * day), group: fc.constantFrom('a', 'b', 'c'), score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })) }), { maxLength: 40 })
      .map(list => list.map(({ at, group, score }, index) => ({ ...run(at, group, score), executionId: `e${index}` })));
    fc.assert(fc.property(runs, list => {
      const stats = computeStats(list);
      expect(stats.reduce((sum, one) => sum + one.runs, 0)).toBe(list.length);
      expect(computeStats(list.toReversed())).toEqual(stats);
      for (const { days, runs: count, settled, passed, meanScore, successRate } of stats) {
        expect(days.reduce((sum, one) => sum + one.runs, 0)).toBe(count);
        expect(passed).toBeLessThanOrEqual(settled);
        expect(meanScore === null).toBe(settled === 0);
        if (successRate !== null) expect(successRate).toBeCloseTo(passed / settled);
      }
    }));
  });

  it('are read by agent, by flow and by label', async () => {
    const { runtime, store } = await openRuntime([{ id: 'good', steps: [{ id: 'a', uses: 'tool:good' }] }, { id: 'bad', steps: [{ id: 'a', uses: 'tool:bad' }] }], { good: () => 1, bad: () => Promise.reject(new Error('no')) });
    for (const [flow, labels] of [['good', { agent: 'x', branch: 'main' }], ['bad', { agent: 'x' }], ['good', undefined]] as const) {
      await (await runtime.start(flow, labels && { labels })).settled();
    }
    const sum = async (by: string): Promise<unknown[]> => (await readStats(store, { by })).map(({ group, runs, passed }) => [group, runs, passed]).toSorted();
    expect(await sum('agent')).toEqual([['(none)', 1, 1], ['x', 2, 1]]);
    expect(await sum('flow')).toEqual([['bad', 1, 0], ['good', 2, 2]]);
    expect(await sum('branch')).toEqual([['(none)', 2, 1], ['main', 1, 1]]);
    expect((await readStats(store, { flowId: 'bad' }))[0]).toMatchObject({ runs: 1, meanScore: 0 });
    expect((await (await runtime.get((await readStats(store, { by: 'branch' })).find(({ group }) => group === 'main')?.last?.executionId ?? '')).get()).labels).toEqual({ agent: 'x', branch: 'main' });
    await expect(runtime.start('good', { labels: { agent: '' } })).rejects.toMatchObject({ code: 'option_invalid' });
    await expect(runtime.start('good', { labels: Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`l${at}`, 'x'])) })).rejects.toMatchObject({ code: 'option_invalid' });
    await runtime.stop();
  });
});

describe('taking over definitions', () => {
  const flow = (command: string) => ({ file: '/flows/a.yml', definition: defineFlow({ id: 'a', steps: [{ id: 's', uses: 'exec', with: { command } }] }) });

  it('tells new, unchanged and changed ones, also when a definition comes back', async () => {
    const store = createMemoryStore();
    await store.acquire({ pid: 1, hostname: 'here', startedAt: 0, socket: null });
    const sync = async (command: string, now: number): Promise<unknown> => (await syncFlows(store, [flow(command)], now)).map(({ status, before }) => [status, before?.length]);
    expect(await sync('one', 1)).toEqual([['new', undefined]]);
    expect(await sync('one', 2)).toEqual([['unchanged', undefined]]);
    expect((await store.catalog?.getFlow('a'))?.syncedAt).toBe(1);
    expect(await sync('two', 3)).toEqual([['changed', 64]]);
    expect(await sync('one', 4)).toEqual([['changed', 64]]);
    const { digest = '' } = (await store.catalog?.getFlow('a')) ?? {};
    expect(await store.getDefinition(digest)).toMatchObject({ flowId: 'a', createdAt: 1 });
  });
});
