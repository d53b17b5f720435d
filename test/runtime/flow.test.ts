import { describe, expect, it } from 'vitest';
import { createGate, openRuntime, settleTicks, until } from './open-runtime.ts';

const ok = () => ({ ok: true });

describe('a flow', () => {
  it('runs its steps in the order of their dependencies and is scored', async () => {
    const order: string[] = [];
    const note = ({ stepId }: { stepId: string }) => order.push(stepId) && { ok: true };
    const { runtime } = await openRuntime(
      { id: 'chain', steps: [{ id: 'c', uses: 'tool:note', depends_on: ['b'] }, { id: 'a', uses: 'tool:note' }, { id: 'b', uses: 'tool:note', depends_on: ['a'] }] },
      { note },
    );
    const settled = await (await runtime.start('chain')).settled();
    expect(order).toEqual(['a', 'b', 'c']);
    expect(settled).toMatchObject({ status: 'scored', score: 1, passed: true, flowId: 'chain' });
    expect(settled.steps.map(({ stepId, status, attempts, interruptions, output }) => ({ stepId, status, attempts, interruptions, output }))).toEqual(
      ['c', 'a', 'b'].map(stepId => ({ stepId, status: 'completed', attempts: 1, interruptions: 0, output: { ok: true } })),
    );
    await runtime.stop();
  });

  it('passes outputs on through expressions', async () => {
    const { runtime } = await openRuntime(
      {
        id: 'sum',
        steps: [
          { id: 'one', uses: 'tool:echo', with: { value: '{% input.start %}' } },
          { id: 'two', uses: 'tool:echo', depends_on: ['one'], with: { value: '{% steps.one.output.value + 1 %}' } },
        ],
      },
      { echo: ({ input }) => input },
    );
    const { steps } = await (await runtime.start('sum', { input: { start: 41 } })).settled();
    expect(steps[1]?.output).toEqual({ value: 42 });
    await runtime.stop();
  });

  it('retries a step that fails and counts its attempts', async () => {
    let calls = 0;
    const { runtime, clock } = await openRuntime(
      { id: 'retry', steps: [{ id: 'a', uses: 'tool:flaky', retry: { maxAttempts: 3, initialInterval: '10s', jitter: 'none' } }] },
      { flaky: () => { if (++calls < 3) throw new Error('not yet'); return calls; } },
      { keepResidentMs: 0 },
    );
    const execution = await runtime.start('retry');
    const settled = execution.settled();
    await until(() => calls === 1);
    await settleTicks();
    expect((await execution.get()).steps[0]).toMatchObject({ status: 'retrying', attempts: 1, dueAt: clock.now() + 10_000 });
    clock.advance(10_000);
    await until(() => calls === 2);
    await settleTicks();
    clock.advance(20_000);
    expect((await settled).steps[0]).toMatchObject({ status: 'completed', attempts: 3, output: 3 });
    await runtime.stop();
  });

  it('skips exactly the descendants of a failed step, each with the reason', async () => {
    const { runtime } = await openRuntime(
      {
        id: 'dag',
        steps: [
          { id: 'a', uses: 'tool:bad' }, { id: 'b', uses: 'tool:ok', depends_on: ['a'] }, { id: 'c', uses: 'tool:ok', depends_on: ['b'] },
          { id: 'd', uses: 'tool:ok' }, { id: 'e', uses: 'tool:ok', depends_on: ['d'] },
        ],
      },
      { ok, bad: () => { throw new Error('broken'); } },
    );
    const { steps, passed, score, status } = await (await runtime.start('dag')).settled();
    expect({ passed, score, status }).toEqual({ passed: false, score: 0, status: 'scored' });
    expect(Object.fromEntries(steps.map(step => [step.stepId, step.status]))).toEqual({ a: 'failed', b: 'skipped', c: 'skipped', d: 'completed', e: 'completed' });
    expect(steps[2]?.reason).toMatchObject({ code: 'upstream_failed', details: { upstream: 'b', cause: 'a' } });
    await runtime.stop();
  });

  it('runs the items of a for_each step and gives their outputs in order', async () => {
    const { runtime } = await openRuntime(
      { id: 'each', concurrency: 2, steps: [{ id: 'all', uses: 'tool:twice', for_each: '{% input.list %}' }, { id: 'sum', uses: 'tool:echo', depends_on: ['all'], with: '{% $sum(steps.all.output) %}' }] },
      { twice: ({ input }) => (input as number) * 2, echo: ({ input }) => input },
    );
    const { steps, status } = await (await runtime.start('each', { input: { list: [1, 2, 3, 4, 5] } })).settled();
    expect(status).toBe('scored');
    expect(steps.map(({ output }) => output)).toEqual([[2, 4, 6, 8, 10], 30]);
    await runtime.stop();
  });

  it('sleeps, and waits for a signal', async () => {
    const { runtime, clock } = await openRuntime(
      { id: 'wait', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1h' } }, { id: 'ask', uses: 'signal', with: { name: 'go' }, depends_on: ['nap'] }] },
      {},
    );
    const execution = await runtime.start('wait');
    await settleTicks();
    expect(runtime.health().activeFlows).toBe(0);
    clock.advance(3_600_000);
    await settleTicks(50);
    expect((await execution.get()).steps.map(({ status }) => status)).toEqual(['completed', 'waiting']);
    await execution.signal('go', { by: 'me' });
    expect((await execution.settled()).steps[1]?.output).toEqual({ by: 'me' });
    await runtime.stop();
  });

  it('starts another flow and takes its outputs', async () => {
    const { runtime } = await openRuntime(
      [
        { id: 'parent', steps: [{ id: 'child', uses: 'flow:inner', with: { n: 3 } }] },
        { id: 'inner', steps: [{ id: 'square', uses: 'tool:square', with: '{% input.n %}' }] },
      ],
      { square: ({ input }) => (input as number) ** 2 },
    );
    const { steps, status } = await (await runtime.start('parent')).settled();
    expect(status).toBe('scored');
    expect(steps[0]?.output).toMatchObject({ passed: true, outputs: { square: 9 } });
    await runtime.stop();
  });

  it('never lets a late success overwrite a cancel', async () => {
    const gate = createGate<number>();
    let aborted = false;
    const { runtime } = await openRuntime(
      { id: 'slow', steps: [{ id: 'a', uses: 'tool:slow' }] },
      { slow: ({ signal }) => { signal.addEventListener('abort', () => (aborted = true)); return gate.promise; } },
    );
    const execution = await runtime.start('slow');
    await settleTicks();
    expect(await Promise.all([execution.cancel('stop it'), execution.cancel()])).toEqual([true, false]);
    const settled = await execution.settled();
    expect(settled).toMatchObject({ status: 'failed', score: 0, passed: false, failure: { code: 'cancelled', message: 'stop it' } });
    expect(aborted).toBe(true);
    gate.open(1);
    await settleTicks();
    expect((await execution.get()).steps[0]).toMatchObject({ status: 'cancelled' });
    await runtime.stop();
  });
});
