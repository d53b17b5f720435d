import { describe, expect, it } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { generateFlowPaths } from '../../src/testing/flow-paths.ts';
import { testFlow } from '../../src/testing/test-flow.ts';

const trade = defineFlow({
  id: 'trade', concurrency: 1,
  steps: [
    { id: 'quote', uses: 'tool:quote', recover: { retry: { maxAttempts: 2, initialInterval: '1m' } } },
    { id: 'swap', uses: 'tool:swap', depends_on: ['quote'], timeout: '10s', retry: { maxAttempts: 2 }, recover: { alternative: 'slowly', ask: { timeout: '1d' } } },
    { id: 'slowly', uses: 'tool:slowly', with: '{% steps.quote.output %}' },
    { id: 'report', uses: 'tool:report', depends_on: ['swap'], recover: { ask: { signal: 'what' } } },
  ],
});
const halting = defineFlow({
  id: 'halting', mode: 'strict', on_halt: 'finish', concurrency: 3,
  steps: [
    { id: 'a', uses: 'tool:a', recover: { alternative: 'b' } },
    { id: 'b', uses: 'tool:b' },
    { id: 'c', uses: 'tool:c', retry: { maxAttempts: 2 } },
    { id: 'd', uses: 'sleep', with: { for: '1h' } },
    { id: 'e', uses: 'tool:e', depends_on: ['c'], recover: { ask: {} } },
  ],
});

describe('flows with recovery', () => {
  it('have paths on which each way to recover is gone, and none', () => {
    const { paths, uncovered } = generateFlowPaths(trade);
    expect(uncovered).toEqual([]);
    const names = paths.map(({ name }) => name).join('\n');
    for (const words of ['everything completes', 'is given an output', 'is left out', 'is given up', 'is tried again on request', 'is not answered', 'slowly fails']) expect(names).toContain(words);
  });

  it.each([trade, halting])('go every way as the model says ($id)', async flow => {
    const { divergences, paths, uncovered } = await testFlow(flow, { seeds: 20 });
    expect(paths.flatMap(({ divergences: found }) => found)).toEqual([]);
    expect([divergences, uncovered]).toEqual([0, []]);
  });

  it.each([trade, halting])('end the same when the process ends at any commit ($id)', async flow => {
    const { divergences, paths, crashes } = await testFlow(flow, { crash: true, maxPaths: 6 });
    expect(paths.flatMap(({ divergences: found }) => found)).toEqual([]);
    expect(divergences).toBe(0);
    expect(crashes).toBeGreaterThan(20);
  });
});
