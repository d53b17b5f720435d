import { describe, expect, it } from 'vitest';
import type { FlowSource } from '../../src/definition/schema.ts';
import { createGate, openRuntime, settleTicks, type Handlers, type Opened } from './open-runtime.ts';

const flow: FlowSource = {
  id: 'timed',
  steps: [
    { id: 'quick', uses: 'tool:quick' },
    { id: 'long', uses: 'tool:long', depends_on: ['quick'] },
    { id: 'declared', uses: 'tool:quick', depends_on: ['long'], expected_duration: '10s' },
  ],
};

/** `long` ends when told to. */
function createHandlers(): { handlers: Handlers; next: () => (value?: unknown) => void } {
  const gates: ReturnType<typeof createGate<unknown>>[] = [];
  return {
    handlers: {
      quick: () => 1,
      long: () => {
        const gate = createGate<unknown>();
        gates.push(gate);
        return gate.promise;
      },
    },
    next: () => gates.at(-1)?.open ?? expect.fail('It has not begun'),
  };
}

async function runOnce({ runtime, clock }: Opened, next: () => (value?: unknown) => void, ms: number): Promise<void> {
  const execution = await runtime.start('timed');
  await settleTicks();
  clock.advance(ms);
  next()();
  await execution.settled();
}

describe("an execution's progress", () => {
  it.each<[what: string, step: FlowSource['steps'][number], remainingMs: number | null, share: number]>([
    ['a signal', { id: 'wait', uses: 'signal', with: { name: 'go' }, expected_duration: '10s' }, null, 1 / 3],
    ['a person', { id: 'wait', uses: 'tool:broken', recover: { ask: {} }, expected_duration: '10s' }, null, 1 / 3],
    ['a sleep', { id: 'wait', uses: 'sleep', with: { for: '40s' } }, 40_000, 30 / 60],
  ])('is honest while it waits for %s', async (_what, step, remainingMs, share) => {
    const { runtime, clock } = await openRuntime({
      id: 'f', steps: [{ id: 'first', uses: 'tool:quick', expected_duration: '10s' }, { ...step, depends_on: ['first'] }, { id: 'last', uses: 'tool:quick', expected_duration: '10s', depends_on: ['wait'] }],
    }, {
      quick: () => 1,
      broken: () => {
        throw new Error('broken');
      },
    });
    const execution = await runtime.start('f');
    await settleTicks();
    clock.advance(20_000);
    const progress = await execution.progress();
    if (remainingMs === null) expect(progress.remainingMs).toBeNull();
    else expect(progress.remainingMs).toBeGreaterThan(20_000);
    expect(progress.share).toBeCloseTo(share);
    await runtime.stop();
  });

  it('learns from earlier executions, and from nothing that came later', async () => {
    const { handlers, next } = createHandlers();
    const opened = await openRuntime(flow, handlers);
    const { runtime, clock } = opened;
    const first = await runtime.start('timed');
    await settleTicks();
    // Only `declared` is known, so all count as much as it does.
    expect(await first.progress()).toEqual({ share: expect.closeTo(1 / 3), settledSteps: 1, totalSteps: 3, elapsedMs: 0, remainingMs: expect.any(Number), stalled: [] });
    clock.advance(30_000);
    next()();
    await first.settled();
    expect(await first.progress()).toEqual({ share: 1, settledSteps: 3, totalSteps: 3, elapsedMs: 30_000, remainingMs: 0, stalled: [] });
    const second = await runtime.start('timed');
    await settleTicks();
    const begun = await second.progress();
    expect(begun).toMatchObject({ share: expect.closeTo(1 / 40_001, 4), settledSteps: 1, remainingMs: 40_000 });
    clock.advance(15_000);
    expect(await second.progress()).toMatchObject({ share: expect.closeTo(15_001 / 40_001, 4), remainingMs: 25_000, elapsedMs: 15_000, stalled: [] });
    next()();
    await second.settled();
    // Had it learned from the third itself, or from later ones, its weights would move.
    const third = await runtime.start('timed');
    await settleTicks();
    expect((await third.progress()).remainingMs).toBe(25_000);
    await runtime.stop({ timeoutMs: 0 });
  });

  it('calls a step stalled by its own time', async () => {
    const { handlers, next } = createHandlers();
    const opened = await openRuntime(flow, handlers);
    const { runtime, clock } = opened;
    for (let turn = 0; turn < 3; turn++) await runOnce(opened, next, 20_000);
    const execution = await runtime.start('timed');
    await settleTicks();
    clock.advance(39_000);
    expect((await execution.progress()).stalled).toEqual([]);
    clock.advance(2_000);
    expect((await execution.progress()).stalled).toEqual([{ stepId: 'long', runningMs: 41_000, expectedMs: 20_000 }]);
    await runtime.stop({ timeoutMs: 0 });
  });

  it('ends with a failed flow, too', async () => {
    const { handlers } = createHandlers();
    const { runtime } = await openRuntime(flow, handlers);
    const execution = await runtime.start('timed');
    await settleTicks();
    await execution.cancel();
    expect(await execution.progress()).toMatchObject({ share: 1, remainingMs: 0 });
    await runtime.stop({ timeoutMs: 0 });
  });
});
