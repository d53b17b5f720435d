import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { createGate, openRuntime, settleTicks, until } from '../runtime/open-runtime.ts';
import { expectSound } from './expect-sound.ts';

const ok = (): object => ({ ok: true });
const one: FlowSource = { id: 'one', steps: [{ id: 'a', uses: 'tool:work' }] };

describe('admission', () => {
  it('lets no more than maxActiveFlows run, the others by priority, then age', async () => {
    const order: number[] = [];
    const gates: ReturnType<typeof createGate>[] = [];
    const { runtime, store } = await openRuntime(
      { ...one, steps: [{ id: 'a', uses: 'tool:work', with: '{% input.n %}' }] },
      { work: ({ input }) => (order.push(input as number), gates.push(createGate()), gates.at(-1)?.promise) },
      { maxActiveFlows: 2 },
    );
    const priorities = [0, 0, 0, 5, 1, 5, -1, 1];
    const executions = [];
    for (const [n, priority] of priorities.entries()) executions.push(await runtime.start('one', { input: { n }, priority }));
    await settleTicks();
    expect(runtime.health().activeFlows).toBe(2);
    expect((await runtime.list({ status: ['pending'] })).length).toBe(6);
    for (let done = 0; done < priorities.length; done++) {
      expect(gates.length).toBe(Math.min(done + 2, priorities.length));
      gates[done]?.open(undefined);
      await settleTicks();
      expect(runtime.health().activeFlows).toBeLessThanOrEqual(2);
    }
    expect(order).toEqual([0, 1, 3, 5, 4, 7, 2, 6]);
    expect((await Promise.all(executions.map(execution => execution.settled()))).every(({ passed }) => passed)).toBe(true);
    await expectSound(store);
    await runtime.stop();
  });

  it('keeps that order over a crash', async () => {
    const store = createMemoryStore();
    const flow: FlowSource = { ...one, steps: [{ id: 'a', uses: 'tool:work', with: '{% input.n %}' }] };
    const first = await openRuntime(flow, { work: () => createGate().promise }, { store, maxActiveFlows: 1 });
    for (const [n, priority] of [0, 0, 9, 4].entries()) await first.runtime.start('one', { input: { n }, priority });
    await settleTicks();
    const order: unknown[] = [];
    const crashed = store.copy();
    const { runtime } = await openRuntime(flow, { work: ({ input }) => order.push(input) }, { store: crashed, clock: first.clock, maxActiveFlows: 1 });
    await until(() => order.length === 4);
    expect(order).toEqual([0, 2, 3, 1]);
    await settleTicks();
    expect((await runtime.list()).every(({ passed }) => passed)).toBe(true);
    await expectSound(crashed);
    await runtime.stop();
  });

  it('runs no more handlers at the same time than maxRunningSteps, over all flows', async () => {
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise<void>(resolve => setImmediate(resolve));
      running--;
    };
    const wide: FlowSource = { id: 'wide', steps: Array.from({ length: 10 }, (_, index) => ({ id: `s${index}`, uses: 'tool:work' })) };
    const { runtime, store } = await openRuntime(wide, { work }, { maxRunningSteps: 3 });
    const executions = await Promise.all(Array.from({ length: 5 }, () => runtime.start('wide')));
    for (const execution of executions) expect((await execution.settled()).passed).toBe(true);
    expect(most).toBe(3);
    await expectSound(store);
    await runtime.stop();
  });

  it('cancels an execution that was never admitted', async () => {
    const { runtime, store } = await openRuntime(one, { work: () => createGate().promise }, { maxActiveFlows: 1 });
    await runtime.start('one');
    const second = await runtime.start('one');
    expect(await second.cancel('not needed')).toBe(true);
    expect(await second.settled()).toMatchObject({ status: 'failed', failure: { code: 'cancelled' }, startedAt: null });
    expect(runtime.health().activeFlows).toBe(1);
    await expectSound(store);
    await runtime.stop({ timeoutMs: 0 });
  });
});

describe('a flow whose tools are missing', () => {
  const steps: Record<string, FlowSource['steps']> = {
    'with a step cut off by the crash': [{ id: 'w', uses: 'tool:gone' }],
    'asleep': [{ id: 'w', uses: 'sleep', with: { for: '1h' } }],
    'waiting for a signal': [{ id: 'w', uses: 'signal', with: { name: 'go' } }],
    'waiting for a child': [{ id: 'w', uses: 'flow:inner' }],
  };
  const inner: FlowSource = { id: 'inner', steps: [{ id: 'x', uses: 'tool:gone' }] };
  const other: FlowSource = { id: 'other', steps: [{ id: 'a', uses: 'tool:ok' }] };

  it.each(Object.keys(steps))('%s, waits, is listed with what it waits for, stops no other, and goes on later', async what => {
    const store = createMemoryStore();
    const flow: FlowSource = { id: 'needs', steps: [...(steps[what] ?? []), { id: 'last', uses: 'tool:gone', depends_on: ['w'] }] };
    const first = await openRuntime([flow, inner], { gone: () => createGate().promise }, { store });
    const { executionId } = await first.runtime.start('needs');
    await settleTicks();

    const crashed = store.copy();
    const second = await openRuntime(other, { ok }, { store: crashed, clock: first.clock, maxActiveFlows: 1 });
    await settleTicks();
    await second.runtime.signal(executionId, 'go', 'kept', { force: true });
    second.clock.advance(3_600_000);
    await settleTicks();
    const blocked = (await second.runtime.list()).find(summary => summary.executionId === executionId);
    expect(blocked).toMatchObject({ status: 'stepping', blockedBy: { code: expect.stringMatching(/^(tool|flow)_unknown$/), message: expect.stringMatching(/gone|inner/) } });
    for (let time = 0; time < 3; time++) expect(await (await second.runtime.start('other')).settled()).toMatchObject({ passed: true });
    expect((await (await second.runtime.get(executionId)).get()).steps.some(({ status }) => status === 'failed')).toBe(false);
    await second.runtime.stop({ timeoutMs: 0 });

    const third = await openRuntime([flow, inner, other], { gone: ok, ok }, { store: crashed.reopen(), clock: first.clock });
    await settleTicks();
    await third.runtime.signal(executionId, 'go').catch(() => {});
    const settled = await third.runtime.settled(executionId);
    expect(settled).toMatchObject({ status: 'scored', passed: true });
    expect((await third.runtime.list()).every(({ blockedBy }) => blockedBy === undefined)).toBe(true);
    await expectSound(third.store);
    await third.runtime.stop();
  });

  it('can be cancelled while it waits', async () => {
    const store = createMemoryStore();
    const flow: FlowSource = { id: 'needs', steps: [{ id: 'w', uses: 'tool:gone' }] };
    const first = await openRuntime(flow, { gone: () => createGate().promise }, { store });
    const { executionId } = await first.runtime.start('needs');
    await settleTicks();
    const { runtime, store: crashed } = await openRuntime(other, { ok }, { store: store.copy(), clock: first.clock });
    await settleTicks();
    expect(await runtime.cancel(executionId)).toBe(true);
    expect(await runtime.settled(executionId)).toMatchObject({ status: 'failed', failure: { code: 'cancelled' } });
    expect((await runtime.list())[0]?.blockedBy).toBeUndefined();
    expect(runtime.health().activeFlows).toBe(0);
    await expectSound(crashed);
    await runtime.stop();
  });

  it('does not keep the process busy when it is overdue', async () => {
    const store = createMemoryStore();
    const flow: FlowSource = { id: 'needs', steps: [{ id: 'w', uses: 'sleep', with: { for: '1h' } }, { id: 'x', uses: 'tool:gone', depends_on: ['w'] }] };
    const first = await openRuntime(flow, { gone: ok }, { store });
    await first.runtime.start('needs');
    await settleTicks();
    const inner2 = store.copy();
    let reads = 0;
    const counting = new Proxy(inner2, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name === 'listDue') reads++;
        return value.bind(target) as unknown;
      },
    });
    const { runtime, clock } = await openRuntime(other, { ok }, { store: counting, clock: first.clock });
    clock.advance(3_600_000);
    await settleTicks();
    const before = reads;
    for (let time = 0; time < 100; time++) {
      clock.advance(10);
      await settleTicks(2);
    }
    expect(reads - before).toBeLessThan(10);
    await runtime.stop();
  });
});

describe('a child flow', () => {
  const flows: FlowSource[] = [
    { id: 'parent', steps: [{ id: 'child', uses: 'flow:inner', with: { n: 3 } }, { id: 'after', uses: 'tool:echo', with: '{% steps.child.output.outputs.x %}', depends_on: ['child'] }] },
    { id: 'inner', steps: [{ id: 'nap', uses: 'sleep', with: { for: '1h' } }, { id: 'x', uses: 'tool:work', with: '{% input.n %}', depends_on: ['nap'] }] },
  ];
  const echo = ({ input }: { readonly input: unknown }): unknown => input;

  it.each([1, 2])('gets its turn beside its parent with maxActiveFlows %i, also over crashes, and runs once', async maxActiveFlows => {
    const begun: unknown[] = [];
    let life = 0;
    let store = createMemoryStore();
    let opened = await openRuntime(flows, { echo, work: () => createGate().promise }, { store, maxActiveFlows });
    const { executionId } = await opened.runtime.start('parent');
    const crash = async (answer: (input: unknown) => unknown): Promise<void> => {
      await settleTicks();
      const own = ++life;
      store = store.copy();
      // A process that is dead begins nothing any more.
      const work = ({ executionId: id, input }: { readonly executionId: string; readonly input: unknown }): unknown => (life === own && begun.push(id), answer(input));
      opened = await openRuntime(flows, { echo, work }, { store, maxActiveFlows, clock: opened.clock });
      await settleTicks();
    };
    await crash(() => createGate().promise);
    opened.clock.advance(3_600_000);
    await until(() => begun.length === 1);
    await crash(input => (input as number) * 10);
    const settled = await opened.runtime.settled(executionId);
    expect(settled).toMatchObject({ passed: true, steps: [{ output: { passed: true, outputs: { x: 30 } } }, { output: 30 }] });
    expect(await opened.runtime.list({ flowId: 'inner' })).toHaveLength(1);
    expect(new Set(begun)).toEqual(new Set([`${executionId}.child`]));
    await expectSound(store);
    await opened.runtime.stop();
  });

  it('that fails fails its step with child_failed; one that is cancelled with its parent ends, too', async () => {
    const held: number[] = [];
    const { runtime, store } = await openRuntime(
      [{ id: 'parent', steps: [{ id: 'child', uses: 'flow:inner' }] }, { id: 'inner', steps: [{ id: 'x', uses: 'tool:work' }] }],
      { work: () => (held.push(1) === 1 ? createGate().promise : Promise.reject(new Error('no'))) },
    );
    const first = await runtime.start('parent');
    await until(() => held.length === 1);
    expect(await first.cancel()).toBe(true);
    expect(await runtime.settled(`${first.executionId}.child`)).toMatchObject({ status: 'failed', failure: { code: 'cancelled' } });
    const second = await (await runtime.start('parent')).settled();
    expect(second).toMatchObject({ passed: false, steps: [{ status: 'failed', reason: { code: 'child_failed' } }] });
    await settleTicks();
    expect(runtime.health().activeFlows).toBe(0);
    await expectSound(store);
    await runtime.stop({ timeoutMs: 0 });
  });
});
