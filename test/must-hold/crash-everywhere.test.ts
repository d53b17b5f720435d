import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { openRuntime } from '../runtime/open-runtime.ts';
import type { Run } from './crash-kit.ts';
import { createHandlers, flows, recordCommits, runToEnd, toOutcome } from './crash-kit.ts';
import { expectSound } from './expect-sound.ts';

describe.each([1, 1_024])('a crash after any commit, with %i slots', maxActiveFlows => {
  it('leads to the same end, runs nothing that was stored as complete, and counts right', async () => {
    const runs: Run[] = [];
    const { store, copies, watch } = recordCommits(createMemoryStore());
    const { runtime, clock } = await openRuntime(flows, createHandlers(runs), { store, maxActiveFlows });
    watch(runs, clock);
    const { executionId } = await runtime.start('everything', { input: { items: [1, 2, 3] } });
    await runtime.signal(executionId, 'go', 'yes');
    const expected = toOutcome(await runToEnd(runtime, clock, executionId));
    expect(expected).toMatchObject({ status: 'scored', passed: true });
    await runtime.stop();
    expect(copies.length).toBeGreaterThan(20);

    for (const [index, copy] of copies.entries()) {
      const again: Run[] = [];
      const complete = new Set<string>();
      for (const { key, executionId: id } of copy.store.listExecutions({})) {
        for (const step of copy.store.listSteps(key)) if (step.status === 'completed') complete.add(`${id}/${step.item < 0 ? step.stepId : `${step.stepId}[${step.item}]`}#1`);
      }
      const opened = await openRuntime(flows, createHandlers(again), { store: copy.store, maxActiveFlows });
      opened.clock.jump(copy.at);
      // The crash may have come before the signal was stored.
      await opened.runtime.signal(executionId, 'go', 'yes').catch((error: { code: string }) => expect(error.code).toBe('execution_settled'));
      const settled = await runToEnd(opened.runtime, opened.clock, executionId);
      expect([index, toOutcome(settled)]).toEqual([index, expected]);
      expect(again.filter(({ key }) => complete.has(key))).toEqual([]);
      const known = new Map(runs.map(({ name, key }) => [name, key]));
      for (const { name, key } of again) expect(key).toBe(known.get(name));
      await expectSound(copy.store);
      expect(opened.runtime.health()).toMatchObject({ status: 'running', runningSteps: 0, activeFlows: 0 });
      await opened.runtime.stop();
    }
  });
});
