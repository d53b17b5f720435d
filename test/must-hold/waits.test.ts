import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';

const hour = 3_600_000;
const ask: FlowSource = {
  id: 'ask',
  steps: [
    { id: 'nap', uses: 'sleep', with: { for: '1h' } },
    { id: 'go', uses: 'signal', with: { name: 'go' }, depends_on: ['nap'] },
    { id: 'after', uses: 'tool:echo', with: '{% steps.go.output %}', depends_on: ['go'] },
  ],
};
const echo = ({ input }: { readonly input: unknown }): unknown => input;

describe('a signal', () => {
  it('that comes before its step waits, while the flow sleeps, is kept and taken later', async () => {
    const { runtime, clock, store } = await openRuntime(ask, { echo });
    const execution = await runtime.start('ask');
    await settleTicks();
    expect(runtime.health().activeFlows).toBe(0);
    await execution.signal('go', { n: 1 });
    await execution.signal('go', { n: 2 });
    await execution.signal('other', 3, { force: true });
    expect(runtime.health().activeFlows).toBe(0);
    clock.advance(hour);
    expect(await execution.settled()).toMatchObject({ passed: true, steps: [{}, { output: { n: 1 } }, { output: { n: 1 } }] });
    await expectSound(store);
    await runtime.stop();
  });

  it('that came before a crash is there after it', async () => {
    const store = createMemoryStore();
    const first = await openRuntime(ask, { echo }, { store });
    const { executionId } = await first.runtime.start('ask');
    await settleTicks();
    await first.runtime.signal(executionId, 'go', 'kept');
    const crashed = store.copy();
    const { runtime, clock } = await openRuntime(ask, { echo }, { store: crashed, clock: first.clock });
    clock.advance(hour);
    expect(await runtime.settled(executionId)).toMatchObject({ passed: true, steps: [{}, { output: 'kept' }, {}] });
    expect(crashed.listSignals(1)).toEqual([]);
    await expectSound(crashed);
    await runtime.stop();
  });

  it('reaches a step that has waited since before a crash', async () => {
    const store = createMemoryStore();
    const flow: FlowSource = { id: 'ask', steps: ask.steps.slice(1).map(({ depends_on: _, ...step }) => (step.id === 'after' ? { ...step, depends_on: ['go'] } : step)) };
    const first = await openRuntime(flow, { echo }, { store });
    const { executionId } = await first.runtime.start('ask');
    await settleTicks();
    const crashed = store.copy();
    const { runtime } = await openRuntime(flow, { echo }, { store: crashed, clock: first.clock });
    await settleTicks();
    expect(runtime.health().activeFlows).toBe(0);
    await runtime.signal(executionId, 'go', 'late');
    expect(await runtime.settled(executionId)).toMatchObject({ passed: true, steps: [{ output: 'late' }, { output: 'late' }] });
    await expect(runtime.signal(executionId, 'go')).rejects.toMatchObject({ code: 'execution_settled' });
    await expectSound(crashed);
    await runtime.stop();
  });

  it('that does not come in time fails its step with wait_timeout, also over a crash', async () => {
    const store = createMemoryStore();
    const flow: FlowSource = { id: 'ask', steps: [{ id: 'go', uses: 'signal', with: { name: 'go' }, timeout: '1h' }] };
    const first = await openRuntime(flow, {}, { store });
    const { executionId } = await first.runtime.start('ask');
    await settleTicks();
    const crashed = store.copy();
    const { runtime, clock } = await openRuntime(flow, {}, { store: crashed, clock: first.clock });
    clock.advance(hour - 1);
    await settleTicks();
    expect((await (await runtime.get(executionId)).get()).steps[0]?.status).toBe('waiting');
    clock.advance(1);
    expect((await runtime.settled(executionId)).steps[0]).toMatchObject({ status: 'failed', reason: { code: 'wait_timeout' } });
    await expectSound(crashed);
    await runtime.stop();
  });

  it('a hundred at once to a hundred sleeping flows each reach their own', async () => {
    const flow: FlowSource = { id: 'ask', steps: [{ id: 'go', uses: 'signal', with: { name: 'go' } }, { id: 'after', uses: 'tool:echo', with: '{% steps.go.output %}', depends_on: ['go'] }] };
    const { runtime, store } = await openRuntime(flow, { echo }, { maxActiveFlows: 4 });
    const executions = await Promise.all(Array.from({ length: 100 }, () => runtime.start('ask')));
    await settleTicks();
    await Promise.all(executions.map((execution, number) => execution.signal('go', number)));
    const settled = await Promise.all(executions.map(execution => execution.settled()));
    expect(settled.map(({ steps }) => steps[1]?.output)).toEqual(settled.map((_, number) => number));
    await expectSound(store);
    await runtime.stop();
  });
});

describe('the timeout of a flow', () => {
  const flow = (steps: FlowSource['steps']): FlowSource => ({ id: 'limited', timeout: '1h', steps });

  it.each([
    ['a handler runs', [{ id: 'a', uses: 'tool:hold' }], 'cancelled'],
    ['it sleeps', [{ id: 'a', uses: 'sleep', with: { for: '2h' } }], 'cancelled'],
    ['it waits for a signal', [{ id: 'a', uses: 'signal', with: { name: 'never' } }], 'cancelled'],
  ] as [string, FlowSource['steps'], string][])('ends it with flow_timeout while %s, also over a crash', async (_what, steps, status) => {
    for (const crashes of [false, true]) {
      const store = createMemoryStore();
      let opened = await openRuntime(flow(steps), { hold: () => createGate().promise }, { store });
      const { executionId } = await opened.runtime.start('limited');
      await settleTicks();
      if (crashes) opened = await openRuntime(flow(steps), { hold: () => createGate().promise }, { store: store.copy(), clock: opened.clock });
      await settleTicks();
      opened.clock.advance(hour - 1);
      await settleTicks();
      expect((await (await opened.runtime.get(executionId)).get()).status).toBe('stepping');
      opened.clock.advance(1);
      const settled = await opened.runtime.settled(executionId);
      expect(settled).toMatchObject({ status: 'failed', passed: false, score: 0, failure: { code: 'flow_timeout' }, steps: [{ status }] });
      await expectSound(opened.store);
      await opened.runtime.stop({ timeoutMs: 0 });
    }
  });
});

describe('a clock that jumps', () => {
  const nap: FlowSource = { id: 'nap', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1h' } }] };

  it('forward wakes what is due within a minute', async () => {
    const { runtime, clock } = await openRuntime(nap, {});
    const execution = await runtime.start('nap');
    await settleTicks();
    clock.jump(clock.now() + 10 * hour);
    clock.advance(60_000);
    expect(await execution.settled()).toMatchObject({ passed: true });
    await runtime.stop();
  });

  it('back neither wakes too early nor makes later sleeps longer', async () => {
    const { runtime, clock, store } = await openRuntime(nap, {});
    const start = clock.now();
    clock.jump(start + 1_000 * hour);
    await (await runtime.start('nap')).cancel();
    clock.jump(start);
    const execution = await runtime.start('nap');
    await settleTicks();
    expect((await execution.get()).steps[0]).toMatchObject({ status: 'waiting', dueAt: start + hour });
    clock.advance(hour - 1);
    await settleTicks();
    expect((await execution.get()).settledAt).toBeNull();
    clock.advance(60_000);
    expect(await execution.settled()).toMatchObject({ passed: true });
    await expectSound(store);
    await runtime.stop();
  });

  it('back while flows sleep keeps their due time, in memory or not', async () => {
    for (const keepResidentMs of [0, 2 * hour]) {
      const { runtime, clock, store } = await openRuntime(nap, {}, { keepResidentMs });
      const execution = await runtime.start('nap');
      await settleTicks();
      const due = clock.now() + hour;
      clock.jump(clock.now() - 10 * hour);
      clock.advance(hour);
      await settleTicks();
      expect((await execution.get()).settledAt).toBeNull();
      clock.advance(due - clock.now() + 60_000);
      expect(await execution.settled()).toMatchObject({ passed: true });
      await expectSound(store);
      await runtime.stop();
    }
  });
});
