import { describe, expect, it } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { testFlow } from '../../src/testing/test-flow.ts';
import { planSimulation } from '../simulation/plan-simulation.ts';

const flowsOf = (seeds: readonly number[]) => seeds.flatMap(seed => planSimulation(seed).flows.map((flow, index) => ({ seed, index, flow: defineFlow(flow) })));

describe('flows made at random', () => {
  it('go every way the model says they can, and cover all of it', async () => {
    for (const { seed, index, flow } of flowsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 77, 90])) {
      const report = await testFlow(flow, { seeds: 3 });
      const failed = report.paths.filter(({ passed }) => !passed).map(({ name }) => name);
      const uncovered = report.uncovered.filter(({ reason }) => !reason.startsWith('proven unreachable'));
      expect({ seed, index, failed, uncovered }).toEqual({ seed, index, failed: [], uncovered: [] });
    }
  });

  it('come to the same end when they are cut off at any commit', async () => {
    // With every way to recover among them.
    for (const { seed, index, flow } of flowsOf([2, 3]).filter(one => one.seed + one.index > 3)) {
      const report = await testFlow(flow, { crash: true });
      expect({ seed, index, failed: report.paths.filter(({ passed }) => !passed) }).toEqual({ seed, index, failed: [] });
    }
  });
});
