import { describe, expect, it } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { generateFlowPaths } from '../../src/testing/flow-paths.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';
import { swap, waits } from './flows.ts';
import { measureCpu } from '../cpu-time.ts';

const names = (flow: Parameters<typeof generateFlowPaths>[0]): string[] => generateFlowPaths(flow).paths.map(path => path.name);

describe('paths of a flow', () => {
  it('say in words what is special about them', () => {
    expect(names(swap)).toEqual(expect.arrayContaining([
      'everything completes; scored 1', 'balance fails, then times out twice; scored 0', 'quote times out; scored 0.75', 'mail has no items; scored 1',
      'the flow runs out of time; failed', 'the flow is cancelled while quote runs; failed', 'swap cannot be prepared; scored 0',
    ]));
    expect(names(waits)).toEqual(expect.arrayContaining(['everything completes; scored 1', 'end fails; scored 0', 'the flow is cancelled while end runs; failed']));
  });

  it.each([swap, waits])('cover everything of $id that can happen', flow => {
    const { covered, uncovered, truncated } = generateFlowPaths(flow);
    expect(uncovered).toEqual([]);
    expect(truncated).toBe(false);
    expect(covered).toEqual(expect.arrayContaining(['flow: pending – flow.start → stepping', 'flow: stepping – flow.cancel → failed']));
  });

  it('are the same every time for a seed', () => {
    expect(generateFlowPaths(swap, { seed: 7 })).toEqual(generateFlowPaths(swap, { seed: 7 }));
    expect(generateFlowPaths(swap, { seed: 7 }).covered.toSorted()).toEqual(generateFlowPaths(swap).covered.toSorted());
  });

  it('grow with the transitions of a flow of 61 steps, not with its interleavings', () => {
    const flow = pipelineFlow();
    const spent = measureCpu();
    const { paths, covered, uncovered } = generateFlowPaths(flow);
    expect(spent()).toBeLessThan(10_000);
    expect(uncovered).toEqual([]);
    expect(paths.length).toBeLessThan(covered.length);
  });

  it('are as many as were asked for, with a list of what they leave out', () => {
    const { paths, uncovered, truncated } = generateFlowPaths(swap, { maxPaths: 2 });
    expect(paths.length).toBeLessThanOrEqual(2);
    expect(uncovered.length).toBeGreaterThan(0);
    expect(truncated).toBe(true);
  });

  it('tell a step that its condition excludes from one whose upstream has failed, for each that may', () => {
    const { covered } = generateFlowPaths(swap);
    expect(covered).toEqual(expect.arrayContaining([
      'swap: pending – step.skip (by its condition) → skipped', 'mail: pending – step.skip (for swap) → skipped', 'mail: begins although swap is skipped', 'swap: begins although quote is failed',
    ]));
  });

  it('say which steps can never run', () => {
    const flow = defineFlow({ id: 'never', steps: [{ id: 'a', uses: 'tool:a', when: false }, { id: 'b', uses: 'tool:b' }] });
    expect(generateFlowPaths(flow).uncovered).toEqual([{ item: 'a: pending – step.start → running or waiting', reason: expect.stringContaining('proven unreachable') }]);
  });

  it('lead to every end, or through every state once', () => {
    const shortest = generateFlowPaths(swap, { strategy: 'shortest' });
    const simple = generateFlowPaths(swap, { strategy: 'simple' });
    expect(shortest.paths.length).toBeGreaterThan(10);
    expect(simple.paths.length).toBeGreaterThan(shortest.paths.length);
    expect(new Set(simple.paths.map(({ events }) => JSON.stringify(events))).size).toBe(simple.paths.length);
    const few = generateFlowPaths(swap, { strategy: 'simple', maxPaths: 3 });
    expect(few.paths).toHaveLength(3);
    expect(few.truncated).toBe(true);
    expect(few.uncovered.length).toBeGreaterThan(0);
  });
});
