import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';

describe('a step that the process dies of', () => {
  it.each([1, 3, 5])('fails with a code of its own after maxInterruptions %i, without using up its attempts', async maxInterruptions => {
    const flow: FlowSource = { id: 'deadly', steps: [{ id: 'a', uses: 'tool:deadly', retry: { maxAttempts: 10 } }, { id: 'b', uses: 'tool:deadly', depends_on: ['a'] }, { id: 'c', uses: 'tool:fine' }] };
    let store = createMemoryStore();
    const seen: { readonly attempt: number; readonly key: string }[] = [];
    const handlers = {
      deadly: ({ attempt, idempotencyKey: key }: { readonly attempt: number; readonly idempotencyKey: string }) => (seen.push({ attempt, key }), createGate().promise),
      fine: () => 1,
    };
    let opened = await openRuntime(flow, handlers, { store, maxInterruptions });
    const { executionId } = await opened.runtime.start('deadly');
    await settleTicks();
    for (let crash = 1; crash <= maxInterruptions; crash++) {
      store = store.copy();
      opened = await openRuntime(flow, handlers, { store, clock: opened.clock, maxInterruptions });
      await settleTicks();
      const [step] = (await (await opened.runtime.get(executionId)).get()).steps;
      expect(step).toMatchObject({ status: crash < maxInterruptions ? 'running' : 'failed', attempts: 1, interruptions: crash });
    }
    const settled = await opened.runtime.settled(executionId);
    expect(settled.steps).toMatchObject([
      { status: 'failed', attempts: 1, interruptions: maxInterruptions, reason: { code: 'interrupted' } },
      { status: 'skipped', reason: { code: 'upstream_failed' } },
      { status: 'completed', interruptions: 0 },
    ]);
    expect(seen).toEqual(Array.from({ length: maxInterruptions }, () => ({ attempt: 1, key: seen[0]?.key })));
    expect(store.listAttempts(1).filter(({ position }) => position === 0).map(({ status, attempt, run }) => [status, attempt, run])).toEqual(
      Array.from({ length: maxInterruptions }, (_, index) => ['interrupted', 1, index + 1]),
    );
    await expectSound(store, maxInterruptions);
    await opened.runtime.stop();
  });

  it('has all its attempts still, however often it was cut off', async () => {
    const flow: FlowSource = { id: 'flaky', steps: [{ id: 'a', uses: 'tool:flaky', retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' } }] };
    let store = createMemoryStore();
    const attempts: number[] = [];
    let mood: 'hang' | 'throw' | 'answer' = 'hang';
    const handlers = {
      flaky: ({ attempt }: { readonly attempt: number }): unknown => {
        attempts.push(attempt);
        if (mood === 'throw') throw new Error('no');
        return mood === 'hang' ? createGate().promise : attempt;
      },
    };
    let opened = await openRuntime(flow, handlers, { store });
    const crash = async (next: typeof mood): Promise<void> => {
      await settleTicks();
      mood = next;
      store = store.copy();
      opened = await openRuntime(flow, handlers, { store, clock: opened.clock });
      await settleTicks();
    };
    const { executionId } = await opened.runtime.start('flaky');
    await crash('hang');
    await crash('throw');
    mood = 'hang';
    opened.clock.advance(1_000);
    await crash('hang');
    await crash('answer');
    const settled = await opened.runtime.settled(executionId);
    expect(settled.steps[0]).toMatchObject({ status: 'completed', attempts: 2, interruptions: 4, output: 2 });
    expect(attempts).toEqual([1, 1, 1, 2, 2, 2]);
    await expectSound(store);
    await opened.runtime.stop();
  });
});
