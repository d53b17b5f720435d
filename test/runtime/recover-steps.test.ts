import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { fail } from '../../src/core/outcome.ts';
import { expectSound } from '../must-hold/expect-sound.ts';
import { createGate, openRuntime, settleTicks, until } from './open-runtime.ts';

const broken = (): unknown => fail('it broke', { code: 'broken', retryable: false });

describe('an alternative', () => {
  const flow: FlowSource = {
    id: 'trade', min_score: 1,
    steps: [
      { id: 'quote', uses: 'tool:quote' },
      { id: 'swap', uses: 'tool:swap', weight: 3, depends_on: ['quote'], retry: { maxAttempts: 2, initialInterval: 0, jitter: 'none' }, recover: { alternative: 'swap-slowly' } },
      { id: 'swap-slowly', uses: 'tool:slow', with: { price: '{% steps.quote.output %}' } },
      { id: 'report', uses: 'tool:report', depends_on: ['swap'], with: { got: '{% steps.swap.output %}', how: '{% steps.swap.status %}' } },
    ],
  };

  it.each([['memory', () => createMemoryStore()], ['sqlite', () => openSqliteStore({ file: ':memory:' })]] as const)('runs when the step has failed, and its output stands in, on %s', async (_name, create) => {
    let calls = 0;
    const { runtime, store, clock } = await openRuntime(flow, { quote: () => 42, swap: () => (calls++, fail('busy')), slow: ({ input }) => ({ slow: input }), report: ({ input }) => input }, { store: create() });
    const execution = await runtime.start('trade');
    await until(() => (clock.advance(1), calls === 2));
    const { steps, score, passed } = await execution.settled();
    expect(steps.map(({ stepId, status }) => [stepId, status])).toEqual([['quote', 'completed'], ['swap', 'completed'], ['swap-slowly', 'completed'], ['report', 'completed']]);
    expect(steps[1]).toMatchObject({ attempts: 2, recovery: 'alternative', output: { slow: { price: 42 } } });
    expect(steps[3]?.output).toEqual({ got: { slow: { price: 42 } }, how: 'completed' });
    expect({ score, passed }).toEqual({ score: 1, passed: true });
    const session = await execution.consolidated();
    expect(session).toMatchObject({ earned: 5, possible: 5, totalTools: 5, notEvaluated: [], successRate: 1 });
    expect(session?.steps[1]).toMatchObject({ recovery: { how: 'alternative', index: 2 }, success: true, toolCalls: [{ status: 'failed' }, { status: 'failed' }] });
    expect(session?.steps[2]).toMatchObject({ alternativeOf: 1, result: 'not_evaluated', weight: 0, critical: false, toolCalls: [{ status: 'completed' }] });
    await expectSound(store);
    await runtime.stop();
  });

  it('does not run when it is not needed, and counts for nothing', async () => {
    const { runtime, store } = await openRuntime(flow, { quote: () => 42, swap: () => 'swapped', slow: () => { throw new Error('not needed'); }, report: ({ input }) => input });
    const execution = await runtime.start('trade');
    const { steps, score } = await execution.settled();
    expect(steps[2]).toMatchObject({ status: 'skipped', reason: { code: 'alternative_not_needed' } });
    expect(steps[1]?.recovery).toBeUndefined();
    expect(steps[3]?.output).toEqual({ got: 'swapped', how: 'completed' });
    expect(score).toBe(1);
    expect((await execution.consolidated())?.notEvaluated).toEqual([]);
    await expectSound(store);
    await runtime.stop();
  });

  it('that fails as well leaves the step failed, with its own reason', async () => {
    const { runtime, store } = await openRuntime(flow, { quote: () => 42, swap: broken, slow: () => fail('slow broke', { code: 'slow', retryable: false }), report: () => 1 });
    const { steps, score, passed } = await (await runtime.start('trade')).settled();
    expect(steps.map(({ status, reason }) => [status, reason?.code])).toEqual([['completed', undefined], ['failed', 'broken'], ['failed', 'slow'], ['skipped', 'upstream_failed']]);
    expect(steps[1]).toMatchObject({ recovery: 'alternative' });
    expect({ score, passed }).toEqual({ score: 0, passed: false });
    await expectSound(store);
    await runtime.stop();
  });

  it('is skipped with everything else when something upstream fails', async () => {
    const { runtime, store } = await openRuntime(flow, { quote: broken, swap: () => 1, slow: () => 1, report: () => 1 });
    const { steps } = await (await runtime.start('trade')).settled();
    expect(steps.map(({ status, reason }) => [status, reason?.code])).toEqual([['failed', 'broken'], ['skipped', 'upstream_failed'], ['skipped', 'alternative_not_needed'], ['skipped', 'upstream_failed']]);
    await expectSound(store);
    await runtime.stop();
  });

  it('goes on where it was after a crash', async () => {
    const gate = createGate();
    const first = await openRuntime({ ...flow, concurrency: 1 }, { quote: () => 42, swap: broken, slow: () => gate.promise, report: ({ input }) => input });
    const { executionId } = await first.runtime.start('trade');
    await settleTicks(40);
    const store = (first.store as ReturnType<typeof createMemoryStore>).copy();
    const second = await openRuntime({ ...flow, concurrency: 1 }, { quote: () => 42, swap: broken, slow: () => 'later', report: ({ input }) => input }, { store });
    expect((await second.runtime.settled(executionId)).steps[3]?.output).toEqual({ got: 'later', how: 'completed' });
    await expectSound(store);
    for (const { runtime } of [first, second]) await runtime.stop({ timeoutMs: 0 });
  });
});

describe('further attempts', () => {
  it('are made after those of `retry`, in their own time', async () => {
    const at: number[] = [];
    const flow: FlowSource = {
      id: 'again',
      steps: [{ id: 'a', uses: 'tool:a', retry: { maxAttempts: 2, initialInterval: '1s', jitter: 'none' }, recover: { retry: { maxAttempts: 2, initialInterval: '10m', backoffCoefficient: 3, jitter: 'none' } } }],
    };
    const { runtime, clock, store } = await openRuntime(flow, { a: () => (at.push(clock.now()), at.length < 4 ? fail('not yet') : 'done') });
    const execution = await runtime.start('again');
    for (const wait of [1_000, 600_000, 1_800_000]) {
      const before = at.length;
      await until(() => at.length >= 1);
      await settleTicks();
      clock.advance(wait - 1);
      await settleTicks();
      expect(at.length).toBe(Math.max(1, before));
      clock.advance(1);
      await settleTicks();
    }
    const { steps } = await execution.settled();
    expect(steps[0]).toMatchObject({ status: 'completed', attempts: 4, output: 'done' });
    expect((await execution.consolidated())?.steps[0]).toMatchObject({ recovery: { how: 'further_attempts' }, toolCalls: [{ status: 'failed' }, { status: 'failed' }, { status: 'failed' }, { status: 'completed' }] });
    await expectSound(store);
    await runtime.stop();
  });
});

describe('asking a person', () => {
  const flow: FlowSource = {
    id: 'ask', concurrency: 1,
    steps: [
      { id: 'pay', uses: 'tool:pay', with: { to: '{% input.to %}' }, recover: { ask: { timeout: '1d' } } },
      { id: 'next', uses: 'tool:next', depends_on: ['pay'], with: '{% steps.pay.output %}' },
    ],
  };
  const open = async (pay: () => unknown, source: FlowSource = flow) => {
    const opened = await openRuntime(source, { pay, next: ({ input }) => ({ next: input }), other: () => 'other' });
    const execution = await opened.runtime.start(source.id, { input: { to: 'you' } });
    await settleTicks(40);
    return { ...opened, execution };
  };

  it('waits for a signal that anybody can see, and holds no slot meanwhile', async () => {
    const { runtime, execution, clock } = await open(broken, { ...flow, id: 'wide', steps: [...flow.steps, { id: 'other', uses: 'tool:other' }] });
    const { steps } = await execution.get();
    expect(steps[0]).toMatchObject({ status: 'waiting', recovery: 'ask', asksFor: 'recover.pay', reason: { code: 'broken' }, dueAt: clock.now() + 86_400_000 });
    expect(steps[2]).toMatchObject({ status: 'completed' });
    await execution.cancel();
    await runtime.stop();
  });

  it('retry: the step begins again, with its input, as often as it is told to', async () => {
    let calls = 0;
    const { runtime, execution, store } = await open(() => (++calls < 3 ? broken() : 'paid'));
    await execution.signal('recover.pay', { action: 'retry' });
    await settleTicks(40);
    expect(calls).toBe(2);
    await execution.signal('recover.pay', 'retry');
    const { steps } = await execution.settled();
    expect(steps[0]).toMatchObject({ status: 'completed', attempts: 3, recovery: 'retry', output: 'paid' });
    expect((await execution.consolidated())?.steps[0]).toMatchObject({ recovery: { how: 'retry' }, toolCalls: [{ input: { to: 'you' }, status: 'failed' }, { status: 'failed' }, { input: { to: 'you' }, status: 'completed' }] });
    await expectSound(store);
    await runtime.stop();
  });

  it('use: the output that was given stands in', async () => {
    const { runtime, execution, store } = await open(broken);
    await execution.signal('recover.pay', { action: 'use', output: { by: 'hand' } });
    const { steps, score } = await execution.settled();
    expect(steps).toMatchObject([{ status: 'completed', recovery: 'output', output: { by: 'hand' } }, { output: { next: { by: 'hand' } } }]);
    expect(score).toBe(1);
    expect((await execution.consolidated())?.steps[0]).toMatchObject({ recovery: { how: 'output' }, toolCalls: [{ status: 'failed' }] });
    await expectSound(store);
    await runtime.stop();
  });

  it('skip: what depends on it runs without it, and nothing is earned', async () => {
    const { runtime, execution, store } = await open(broken);
    await execution.signal('recover.pay', { action: 'skip', reason: 'done by hand' });
    const { steps, score, passed } = await execution.settled();
    expect(steps).toMatchObject([{ status: 'skipped', recovery: 'skip', reason: { code: 'skipped_on_request', message: 'done by hand', details: { cause: { code: 'broken' } } } }, { status: 'completed', output: { next: null } }]);
    expect({ score, passed }).toEqual({ score: 0.5, passed: true });
    await expectSound(store);
    await runtime.stop();
  });

  it('fail, or no answer in time: the step has failed for the reason it had', async () => {
    for (const how of ['fail', 'late'] as const) {
      const { runtime, execution, store, clock } = await open(broken);
      if (how === 'fail') await execution.signal('recover.pay', { action: 'fail' });
      else clock.advance(86_400_000);
      const { steps, score } = await execution.settled();
      expect(steps).toMatchObject([{ status: 'failed', recovery: 'ask', reason: { code: 'broken' } }, { status: 'skipped' }]);
      expect(score).toBe(0);
      await expectSound(store);
      await runtime.stop();
    }
  });

  it('survives the end of the process, as does an answer that came early', async () => {
    const { runtime, execution, store: before } = await open(broken);
    const { executionId } = execution;
    await runtime.stop();
    const store = (before as ReturnType<typeof createMemoryStore>).copy();
    const second = await openRuntime(flow, { pay: () => 'paid', next: ({ input }) => input }, { store });
    await settleTicks();
    expect((await second.runtime.list())[0]).toMatchObject({ executionId, status: 'stepping' });
    await second.runtime.signal(executionId, 'recover.pay', { action: 'retry' });
    expect((await second.runtime.settled(executionId)).steps).toMatchObject([{ status: 'completed', attempts: 2, output: 'paid' }, { output: 'paid' }]);
    await expectSound(store);
    await second.runtime.stop();

    const gate = createGate<unknown>();
    const third = await open(() => gate.promise);
    await third.execution.signal('recover.pay', { action: 'use', output: 7 });
    gate.open(broken());
    expect((await third.execution.settled()).steps[0]).toMatchObject({ recovery: 'output', output: 7 });
    await expectSound(third.store);
    await third.runtime.stop();
  });

  it.each([[{}], ['again'], [{ action: 'use' }], [{ action: 'retry', output: 1 }], [{ action: 'skip', why: 'x' }], [{ action: 'skip', reason: 5 }], [null], [7]])('refuses the answer %j', async payload => {
    const { runtime, execution } = await open(broken);
    await expect(execution.signal('recover.pay', payload)).rejects.toMatchObject({ code: 'answer_invalid' });
    expect((await execution.get()).steps[0]).toMatchObject({ status: 'waiting' });
    await execution.cancel();
    await runtime.stop();
  });

  it('comes after an alternative that has failed, too', async () => {
    const both: FlowSource = { id: 'both', steps: [{ id: 'pay', uses: 'tool:pay', recover: { alternative: 'by-card', ask: { signal: 'decide' } } }, { id: 'by-card', uses: 'tool:other' }] };
    const { runtime, store } = await openRuntime(both, { pay: broken, other: () => fail('no card', { code: 'card', retryable: false }) });
    const execution = await runtime.start('both');
    await settleTicks(40);
    expect((await execution.get()).steps).toMatchObject([{ status: 'waiting', recovery: 'ask', asksFor: 'decide', reason: { code: 'broken' } }, { status: 'failed', reason: { code: 'card' } }]);
    await execution.signal('decide', { action: 'use', output: 1 });
    expect((await execution.settled()).steps[0]).toMatchObject({ status: 'completed', recovery: 'output', output: 1 });
    await expectSound(store);
    await runtime.stop();
  });
});
