import { setup } from 'xstate';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { approval } from './approval-machine.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

const pair: FlowSource = {
  id: 'order',
  steps: [
    { id: 'legal', uses: 'machine:approval', with: { item: 'contract' } },
    { id: 'finance', uses: 'machine:approval', with: { item: 'price' } },
  ],
};

async function open(flow: FlowSource, handlers: Parameters<typeof openRuntime>[1] = {}, options: Pick<RuntimeOptions, 'machines'> = {}) {
  const { runtime, store } = await openRuntime(flow, handlers, { machines: [approval], ...options });
  const { executionId } = await runtime.start('order');
  await settleTicks();
  const signal = async (name: string, payload?: unknown, force = false): Promise<void> => {
    await runtime.signal(executionId, name, payload, { force });
    await settleTicks();
  };
  const kept = async (): Promise<string[]> => (await store.listSignals((await store.getExecution(executionId))?.key ?? 0)).map(({ name }) => name);
  return { runtime, store, executionId, signal, kept, statuses: () => listStatuses(runtime, executionId) };
}

async function listStatuses(runtime: Runtime, executionId: string): Promise<string[]> {
  return (await (await runtime.get(executionId)).get()).steps.map(({ status }) => status);
}

describe('a signal to a flow whose steps are machines', () => {
  it('goes to the first machine that takes such an event, and to no other', async () => {
    const { runtime, executionId, signal, statuses } = await open(pair);
    await signal('approve', { by: 'Ada' });
    expect(await statuses()).toEqual(['completed', 'waiting']);
    await signal('approve', { by: 'Bob' });
    expect((await runtime.settled(executionId)).steps.map(({ output }) => output)).toMatchObject([{ by: 'Ada' }, { by: 'Bob' }]);
    await runtime.stop();
  });

  it('goes to the step that it names', async () => {
    const { runtime, signal, statuses, kept } = await open(pair);
    await signal('finance/approve', { by: 'Bob' });
    expect(await statuses()).toEqual(['waiting', 'completed']);
    // That step is over, and the other one is not meant.
    await signal('finance/approve', { by: 'Bob' });
    await signal('finance[0]/approve', { by: 'Bob' });
    expect(await statuses()).toEqual(['waiting', 'completed']);
    expect(await kept()).toEqual(['finance/approve', 'finance[0]/approve']);
    await runtime.stop();
  });

  it('goes first to a `signal` step that waits for it', async () => {
    const { runtime, signal, statuses } = await open({ id: 'order', steps: [...pair.steps, { id: 'plain', uses: 'signal', with: { name: 'approve' } }] } as FlowSource);
    await signal('approve');
    expect(await statuses()).toEqual(['waiting', 'waiting', 'completed']);
    await runtime.stop();
  });

  it('waits for a machine that has not begun', async () => {
    const gate = createGate();
    const flow: FlowSource = { id: 'order', steps: [{ id: 'make', uses: 'tool:make' }, { id: 'legal', uses: 'machine:approval', depends_on: ['make'] }] };
    const { runtime, executionId, signal, kept } = await open(flow, { make: () => gate.promise });
    await signal('other', 1, true);
    await signal('legal/approve', { by: 'Ada' });
    await signal('approve', { by: 'Bob' });
    expect(await kept()).toEqual(['other', 'legal/approve', 'approve']);
    gate.open();
    const { steps } = await runtime.settled(executionId);
    expect(steps[1]?.output).toMatchObject({ by: 'Ada' });
    await runtime.stop();
  });

  it('waits for a machine to come into a state that takes it, over restarts', async () => {
    const first = await open({ id: 'order', steps: [{ id: 'legal', uses: 'machine:approval', with: { draft: true } }] });
    const { executionId } = first;
    await first.signal('approve', { by: 'Ada' });
    await first.signal('nothing', null, true);
    expect(await first.kept()).toEqual(['approve', 'nothing']);
    const left = (first.store as ReturnType<typeof createMemoryStore>).copy();
    await first.runtime.stop();
    const { runtime } = await openRuntime(pair, {}, { machines: [approval], store: left });
    await settleTicks();
    expect(runtime.health().activeFlows).toBe(0);
    // Straight to the actor, so that the flow is not even in memory.
    await (await runtime.actor<typeof approval>(`flow:${executionId}.legal`)).send({ type: 'submit' });
    expect((await runtime.settled(executionId)).steps[0]?.output).toMatchObject({ by: 'Ada' });
    await runtime.stop();
  });

  it('is taken by what it makes possible, in the same tick', async () => {
    const { runtime, executionId } = await open({ id: 'order', steps: [{ id: 'legal', uses: 'machine:approval', with: { draft: true } }] });
    await Promise.all([runtime.signal(executionId, 'approve', { by: 'Ada' }), runtime.signal(executionId, 'submit')]);
    expect((await runtime.settled(executionId)).steps[0]?.output).toMatchObject({ by: 'Ada' });
    await runtime.stop();
  });

  it('is an event with the members of its payload, or with the payload', async () => {
    const taken: unknown[] = [];
    const machine = setup({ actions: { note: ({ event }) => void taken.push(event) } }).createMachine({ id: 'listener', on: { 'order.*': { actions: 'note' } } });
    const { runtime, signal, kept } = await open({ id: 'order', steps: [{ id: 'listen', uses: 'machine:listener' }] }, {}, { machines: [machine] });
    for (const payload of [{ by: 'Ada', type: 'forged' }, 5, ['a'], undefined]) await signal('order.sent', payload);
    await signal('xstate.stop', null, true);
    expect(taken).toEqual([{ type: 'order.sent', by: 'Ada' }, { type: 'order.sent', payload: 5 }, { type: 'order.sent', payload: ['a'] }, { type: 'order.sent' }]);
    expect(await kept()).toEqual(['xstate.stop']);
    await runtime.stop();
  });
});
