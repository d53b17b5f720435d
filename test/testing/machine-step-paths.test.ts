import { describe, expect, it } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { testFlow } from '../../src/testing/test-flow.ts';

const order = defineFlow({
  id: 'order',
  mode: 'conditional',
  steps: [
    { id: 'review', uses: 'machine:approval', with: { item: '{% input.item %}' }, timeout: '1d' },
    { id: 'call', uses: 'signal', with: { name: 'called' }, critical: false, depends_on: ['review'] },
    { id: 'ship', uses: 'tool:ship', depends_on: ['call'] },
  ],
});

const reviewers = defineFlow({
  id: 'reviewers',
  mode: 'strict',
  steps: [{ id: 'review', uses: 'machine:approval', for_each: '{% input.people %}', timeout: '1d' }, { id: 'count', uses: 'tool:count', depends_on: ['review'] }],
});

describe('paths through a flow whose step is a machine', () => {
  it('let the machine end well and badly, in time and not, whatever comes between, and over a crash at every commit', async () => {
    const report = await testFlow(order, { crash: true, maxPaths: 6 });
    expect(report.paths.flatMap(({ name, divergences }) => divergences.map(divergence => ({ name, ...divergence })))).toEqual([]);
    expect(report.passed).toBe(true);
    expect(report.crashes).toBeGreaterThan(50);
    const names = report.paths.map(({ name }) => name).join('\n');
    for (const part of ['review fails', 'review times out']) expect(names).toContain(part);
  });

  it('keep a signal for the step after the machine, which does not take it', async () => {
    const report = await testFlow(order, { maxPaths: 0, seeds: 15 });
    expect(report.paths.flatMap(({ name, divergences }) => divergences.map(divergence => ({ name, ...divergence })))).toEqual([]);
    expect(report.paths.map(({ name }) => name).join('\n')).toContain('call is signalled early');
  });

  it('let each item of a list have a machine of its own', async () => {
    const report = await testFlow(reviewers, { crash: true, maxPaths: 4 });
    expect(report.paths.flatMap(({ name, divergences }) => divergences.map(divergence => ({ name, ...divergence })))).toEqual([]);
    expect(report.paths.map(({ name }) => name).join('\n')).toMatch(/review\[[01]\] (fails|times out)/);
  });
});
