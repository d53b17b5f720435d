import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { openRuntime } from '../runtime/open-runtime.ts';
import type { Run } from './crash-kit.ts';
import { createHandlers, flows, recordCommits, runToEnd, toOutcome } from './crash-kit.ts';
import { expectSound } from './expect-sound.ts';

describe.each([
  ['a step in the middle, with everything after it', { step: 'sum' }, ['sum', 'child', 'last']],
  ['a for_each step', { step: 'each' }, ['each', 'sum', 'child', 'last']],
  ['a step that failed', {}, ['broken', 'last']],
  ['several steps, and nothing after them', { steps: ['list', 'nap'], cascade: false }, ['list', 'nap']],
  ['all', { step: 'list' }, flows[0]?.steps.map(({ id }) => id) ?? []],
] as const)('a crash after any commit of a retry of %s', (_what, options, reruns) => {
  it('loses nothing, runs nothing twice, and leaves the generation before as it was', async () => {
    const before = createMemoryStore();
    const first = await openRuntime(flows, createHandlers([]), { store: before });
    const { executionId } = await first.runtime.start('everything', { input: { items: [1, 2, 3] } });
    await first.runtime.signal(executionId, 'go', 'yes');
    const former = toOutcome(await runToEnd(first.runtime, first.clock, executionId));
    await first.runtime.stop();
    const formerRows = before.copy().listSteps(before.copy().getExecution(executionId)?.key ?? 0);

    const runs: Run[] = [];
    const { store, copies, watch } = recordCommits(before.copy());
    const { runtime, clock } = await openRuntime(flows, createHandlers(runs), { store, clock: first.clock });
    watch(runs, clock);
    await runtime.retry(executionId, options);
    await runtime.signal(executionId, 'go', 'yes');
    const settled = await runToEnd(runtime, clock, executionId);
    await runtime.stop();
    expect(settled.generation).toBe(2);
    expect(toOutcome(settled)).toEqual(former);
    expect(settled.steps.filter(({ keptFrom }) => keptFrom === undefined).map(({ stepId }) => stepId)).toEqual(flows[0]?.steps.map(({ id }) => id).filter(id => (reruns as readonly string[]).includes(id)));
    expect(copies.length).toBeGreaterThan(3);

    for (const [index, copy] of copies.entries()) {
      const again: Run[] = [];
      const complete = new Set<string>();
      for (const { key, executionId: id, generation } of copy.store.listExecutions({})) {
        for (const step of copy.store.listSteps(key)) {
          if (step.status === 'completed' && step.originKey === null) complete.add(`${id}/${step.item < 0 ? step.stepId : `${step.stepId}[${step.item}]`}#${generation}`);
        }
      }
      const opened = await openRuntime(flows, createHandlers(again), { store: copy.store });
      opened.clock.jump(copy.at);
      await opened.runtime.signal(executionId, 'go', 'yes').catch((error: { code: string }) => expect(error.code).toBe('execution_settled'));
      const end = await runToEnd(opened.runtime, opened.clock, executionId);
      expect([index, end.generation, toOutcome(end)]).toEqual([index, 2, former]);
      expect(again.filter(({ key }) => complete.has(key))).toEqual([]);
      const known = new Map(runs.map(({ name, key }) => [name, key]));
      for (const { name, key } of again) expect(key).toBe(known.get(name));
      expect(copy.store.listSteps(copy.store.getExecution(executionId, 1)?.key ?? 0)).toEqual(formerRows);
      await expectSound(copy.store);
      expect(opened.runtime.health()).toMatchObject({ status: 'running', runningSteps: 0, activeFlows: 0 });
      await opened.runtime.stop();
    }
  });
});
