import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const flow: FlowSource = { id: 'slow', concurrency: 2, steps: [{ id: 'a', uses: 'tool:slow', retry: { maxAttempts: 3, initialInterval: '1s', jitter: 'none' } }, { id: 'b', uses: 'tool:ok', depends_on: ['a'] }] };
const ok = (): object => ({ ok: true });

describe('a graceful stop', () => {
  it('gives running attempts back without counting them, and the next start begins them again', async () => {
    const store = createMemoryStore();
    const gate = createGate<number>();
    const { runtime, clock } = await openRuntime(flow, { slow: () => gate.promise, ok }, { store });
    const { executionId } = await runtime.start('slow');
    await settleTicks();
    const stopped = runtime.stop({ timeoutMs: 100 });
    await settleTicks();
    clock.advance(100);
    await stopped;

    const attempts: number[] = [];
    const second = await openRuntime(flow, { slow: call => attempts.push(call.attempt), ok }, { store: store.reopen(), clock });
    const settled = await second.runtime.settled(executionId);
    expect(settled).toMatchObject({ status: 'scored', passed: true });
    expect(settled.steps[0]).toMatchObject({ status: 'completed', attempts: 1, interruptions: 0 });
    expect(attempts).toEqual([1]);
    await second.runtime.stop();
  });

  it('keeps what was counted before: failed attempts and interruptions', async () => {
    const store = createMemoryStore();
    const { runtime, clock } = await openRuntime(flow, { slow: ({ attempt }) => { if (attempt === 1) throw new Error('once'); return createGate().promise; }, ok }, { store });
    const { executionId } = await runtime.start('slow');
    await settleTicks();
    clock.advance(1_000);
    await settleTicks();
    const stopped = runtime.stop({ timeoutMs: 100 });
    await settleTicks();
    clock.advance(100);
    await stopped;

    const attempts: number[] = [];
    const second = await openRuntime(flow, { slow: call => attempts.push(call.attempt), ok }, { store: store.reopen(), clock });
    const settled = await second.runtime.settled(executionId);
    expect(attempts).toEqual([2]);
    expect(settled.steps[0]).toMatchObject({ status: 'completed', attempts: 2, interruptions: 0 });
    await second.runtime.stop();
  });

  it('begins released items and steps with expressions again with what they were given', async () => {
    const store = createMemoryStore();
    const each: FlowSource = {
      id: 'each',
      concurrency: 2,
      steps: [
        { id: 'all', uses: 'tool:slow', for_each: '{% input.list %}' },
        { id: 'sum', uses: 'tool:sum', depends_on: ['all'], with: { total: '{% $sum(steps.all.output) %}' } },
      ],
    };
    let stuck = true;
    const inputs: unknown[] = [];
    const handlers = {
      slow: ({ input }: { input: unknown }) => inputs.push(input) && (stuck && input === 2 ? createGate().promise : input),
      sum: ({ input }: { input: unknown }) => inputs.push(input) && (stuck ? createGate().promise : input),
    };
    const first = await openRuntime(each, handlers, { store });
    const { executionId } = await first.runtime.start('each', { input: { list: [1, 2, 3] } });
    const stop = async ({ runtime, clock }: typeof first): Promise<void> => {
      await settleTicks();
      const stopped = runtime.stop({ timeoutMs: 100 });
      await settleTicks();
      clock.advance(100);
      await stopped;
    };
    await stop(first);
    expect(inputs).toEqual([1, 2, 3]);
    stuck = false;
    const second = await openRuntime(each, { ...handlers, sum: ({ input }) => inputs.push(input) && createGate().promise }, { store: store.reopen(), clock: first.clock });
    await stop(second);
    expect(inputs.slice(3)).toEqual([2, { total: 6 }]);
    const third = await openRuntime(each, handlers, { store: store.reopen(), clock: first.clock });
    const settled = await third.runtime.settled(executionId);
    expect(settled).toMatchObject({ status: 'scored', passed: true });
    expect(settled.steps.map(({ attempts, interruptions, output }) => ({ attempts, interruptions, output }))).toEqual([
      { attempts: 1, interruptions: 0, output: [1, 2, 3] },
      { attempts: 1, interruptions: 0, output: { total: 6 } },
    ]);
    await third.runtime.stop();
  });

  it('gives back what runs also when it must not wait at all', async () => {
    const store = createMemoryStore();
    const { runtime, clock } = await openRuntime(flow, { slow: () => createGate().promise, ok }, { store });
    const { executionId } = await runtime.start('slow');
    await settleTicks();
    await runtime.stop({ timeoutMs: 0 });
    const second = await openRuntime(flow, { slow: ok, ok }, { store: store.reopen(), clock });
    expect((await second.runtime.settled(executionId)).steps[0]).toMatchObject({ attempts: 1, interruptions: 0 });
    await second.runtime.stop();
  });
});
