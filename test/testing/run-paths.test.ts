import { describe, expect, it } from 'vitest';
import { testFlow } from '../../src/testing/test-flow.ts';
import { testPaths } from '../../src/testing/test-paths.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';
import { swap, waits } from './flows.ts';
import { measureCpu } from '../cpu-time.ts';

describe.each([swap, waits])('every path of $id', flow => {
  testPaths(flow, {
    test: it,
    outcomes: 'generated',
    invariants: { 'a settled flow has no step left over': ({ status, steps }) => status !== 'scored' || steps.every(({ settledAt }) => settledAt !== null) },
  });
});

describe('running paths', () => {
  it.each([swap, waits])('takes every transition of $id on SQLite', async flow => {
    const report = await testFlow(flow, { store: 'sqlite' });
    expect(report.paths.filter(({ passed }) => !passed)).toEqual([]);
    expect(report.transitions.covered).toBe(report.transitions.total);
  });

  it.each([swap, waits])('comes to the same end when $id is cut off at any commit, and begins no completed step again', async flow => {
    const spent = measureCpu();
    const report = await testFlow(flow, { crash: true });
    expect(report.paths.filter(({ passed }) => !passed)).toEqual([]);
    expect(report.crashes).toBeGreaterThan(3 * report.paths.length);
    expect(report.recoveries).toBe(report.crashes);
    // No claim about speed: what takes so long goes over the same states again and again.
    expect(spent()).toBeLessThan(90_000);
  });

  it('follows random walks', async () => {
    const report = await testFlow(swap, { seeds: 25 });
    expect(report.paths.filter(({ seed }) => seed !== undefined)).toHaveLength(25);
    expect(report.divergences).toBe(0);
  });

  it('runs a flow of 61 steps along its paths', async () => {
    const report = await testFlow(pipelineFlow(), { maxPaths: 12 });
    expect(report.divergences).toBe(0);
  });
});
