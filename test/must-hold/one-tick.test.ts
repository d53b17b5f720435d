import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import type { Records } from '../../persistence/store.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Feed } from '../../src/engine/feed/feed.ts';
import { FlowRuntime } from '../../src/kinds/flows/flow-runtime.ts';
import { compiledMachines } from '../../src/kernel/machines.ts';
import { createOwner, resolveOptions } from '../../src/runtime/runtime-options.ts';
import { createGate, openRuntime, settleTicks, toTools } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';

const flow = { id: 'one', steps: [{ id: 'a', uses: 'tool:work' }, { id: 'b', uses: 'tool:work', depends_on: ['a'] }] };

describe('in one tick', () => {
  it('two cancels settle once, whatever else comes with them', async () => {
    const gate = createGate<number>();
    const { runtime, store } = await openRuntime(flow, { work: () => gate.promise });
    const execution = await runtime.start('one');
    const ends: string[] = [];
    void execution.settled().then(({ status }) => ends.push(status));
    const answers = await Promise.all([execution.cancel('first'), execution.cancel('second'), runtime.cancel(execution.executionId, 'third')]);
    gate.open(1);
    expect(answers).toEqual([true, false, false]);
    await settleTicks();
    expect(ends).toEqual(['failed']);
    const details = await execution.get();
    expect(details).toMatchObject({ status: 'failed', failure: { code: 'cancelled', message: 'first' } });
    expect(details.steps.map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    const transitions = [];
    for await (const update of execution.transitions({ after: 0 })) if (update.type === 'transition') transitions.push(update);
    expect(transitions.filter(({ state, address }) => state === 'failed' && !address.includes('/step:'))).toHaveLength(1);
    await expectSound(store);
    await runtime.stop();
  });

  it('a start and a cancel never run the handler', async () => {
    const inner = createMemoryStore();
    // The cancel looks for the execution before its start is stored: it is told that it exists.
    const early = new Set(['early']);
    const store = new Proxy<Records>(inner, {
      get(target, name) {
        if (name === 'getExecution') return (id: string) => inner.getExecution(id) ?? (early.has(id) ? ({ executionId: id } as ExecutionRecord) : undefined);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    let begun = 0;
    const clock = new SimulatedClock();
    const options = resolveOptions({ store, clock, tools: toTools({ work: () => ++begun }) }, []);
    const owner = createOwner(clock, null);
    const engine = new Engine({ ...options, store, owner, feed: new Feed(store, () => []) });
    const core = new FlowRuntime(engine, compiledMachines, options, true);
    core.plans.register(defineFlow(flow));
    await engine.begin(inner.acquire(owner));
    const [started, cancelled] = await Promise.all([core.start('one', { executionId: 'early' }), core.cancel('early', 'never mind')]);
    expect([started.created, cancelled]).toEqual([true, true]);
    await settleTicks();
    expect(begun).toBe(0);
    expect(inner.getExecution('early')).toMatchObject({ status: 'failed', failure: { code: 'cancelled', message: 'never mind' } });
    // One commit: the journal has one row.
    expect(inner.readJournal(1, 0)).toHaveLength(1);
    await expectSound(inner);
    await engine.stop(0);
  });

  it('a completion and a cancel: the one that came first counts, the other is recorded and ignored', async () => {
    for (const first of ['completion', 'cancel']) {
      const gate = createGate<number>();
      const { runtime, store } = await openRuntime({ id: 'one', steps: [{ id: 'a', uses: 'tool:work' }] }, { work: () => gate.promise });
      const execution = await runtime.start('one');
      await settleTicks();
      if (first === 'completion') gate.open(1);
      // A handler's answer takes some microtasks to arrive.
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      const cancelled = execution.cancel();
      if (first === 'cancel') {
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
        gate.open(1);
      }
      expect(await cancelled).toBe(first === 'cancel');
      await settleTicks();
      const { status, steps } = await execution.get();
      expect([status, steps[0]?.status]).toEqual(first === 'cancel' ? ['failed', 'cancelled'] : ['scored', 'completed']);
      await expectSound(store);
      await runtime.stop();
    }
  });
});
