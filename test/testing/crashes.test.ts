import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { crashPath } from '../../src/testing/crash-path.ts';
import { createFlowModel } from '../../src/testing/flow-model.ts';
import { generateFlowPaths } from '../../src/testing/flow-paths.ts';
import { replayJournal } from '../../src/testing/replay.ts';
import { scriptFlow } from '../../src/testing/script-flow.ts';
import { pipelineFlow } from '../fixtures/planexe/pipeline-flow.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { swap } from './flows.ts';
import { measureCpu } from '../cpu-time.ts';

const flow = { id: 'f', steps: [{ id: 'a', uses: 'tool:a' }, { id: 'b', uses: 'tool:b', depends_on: ['a'] }] };

describe('a crash at every commit', () => {
  it('of a path on SQLite leaves the same end', async () => {
    const [path] = generateFlowPaths(swap).paths;
    const report = await crashPath(createFlowModel(scriptFlow(swap)), path as NonNullable<typeof path>, { store: 'sqlite' });
    expect(report.divergences).toEqual([]);
    expect(report.crashes).toBe(3 * report.commits);
    expect(report.recoveries).toBe(report.crashes);
  });

  it('of a path of 61 steps leaves the same end, within a minute', async () => {
    const pipeline = pipelineFlow();
    const [path] = generateFlowPaths(pipeline, { maxPaths: 1 }).paths;
    const spent = measureCpu();
    const report = await crashPath(createFlowModel(scriptFlow(pipeline)), path as NonNullable<typeof path>);
    expect(report.divergences).toEqual([]);
    expect(report.commits).toBeGreaterThan(60);
    expect(report.crashes).toBe(3 * report.commits);
    expect(spent()).toBeLessThan(60_000);
  });
});

describe('a runtime', () => {
  it('begins a step again whose handler had finished when its commit was lost', async () => {
    const store = createMemoryStore();
    const calls: string[] = [];
    const ended = createGate();
    const note = ({ stepId, idempotencyKey }: { stepId: string; idempotencyKey: string }): string => (calls.push(idempotencyKey), stepId);
    const one = await openRuntime(flow, { a: call => ended.promise.then(() => note(call)), b: note }, { store });
    const { executionId } = await one.runtime.start('f');
    await settleTicks();
    const left = store.copy();
    ended.open();
    const two = await openRuntime(flow, { a: note, b: note }, { store: left, clock: one.clock });
    expect(await two.runtime.settled(executionId)).toMatchObject({ status: 'scored', score: 1 });
    const [first, again] = calls.filter(key => key.includes('/a#'));
    expect(again ?? first).toBe(first);
    expect((await two.runtime.get(executionId).then(execution => execution.get())).steps[0]).toMatchObject({ attempts: 1, interruptions: 1 });
    expect((await replayJournal(left, executionId)).mismatches).toEqual([]);
    await two.runtime.stop();
  });

  it.each([-86_400_000, 86_400_000])('goes on when the clock has jumped by %i ms between two processes', async ms => {
    const store = createMemoryStore();
    const waiting = { id: 'f', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1h' } }, { id: 'a', uses: 'tool:a', depends_on: ['nap'] }] };
    const one = await openRuntime(waiting, { a: () => 1 }, { store });
    const { executionId } = await one.runtime.start('f');
    await settleTicks();
    const left = store.copy();
    const clock = new SimulatedClock(one.clock.now() + ms);
    const two = await openRuntime(waiting, { a: () => 1 }, { store: left, clock });
    const settled = two.runtime.settled(executionId);
    for (let hour = 0; hour < 26; hour++) {
      await settleTicks();
      clock.advance(3_600_000);
    }
    expect(await settled).toMatchObject({ status: 'scored' });
    expect((await replayJournal(left, executionId)).mismatches).toEqual([]);
    await two.runtime.stop();
  });

  it('stands still once another owns its store, and changes nothing there', async () => {
    const store = createMemoryStore();
    const gate = createGate<number>();
    const one = await openRuntime(flow, { a: () => gate.promise, b: () => 2 }, { store });
    const { executionId } = await one.runtime.start('f');
    await settleTicks();
    await expect(openRuntime(flow, { a: () => 1, b: () => 2 }, { store: store.reopen() })).rejects.toMatchObject({ code: 'store_owned' });
    store.evict();
    const two = await openRuntime(flow, { a: () => 1, b: () => 2 }, { store: store.reopen() });
    gate.open(7);
    await settleTicks();
    expect(one.runtime.health()).toMatchObject({ status: 'faulted', error: { code: 'stale_owner' } });
    const { steps, status } = await two.runtime.settled(executionId);
    expect(status).toBe('scored');
    expect(steps.map(({ output }) => output)).toEqual([1, 2]);
    await two.runtime.stop();
  });
});
