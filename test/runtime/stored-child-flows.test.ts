import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { openRuntime, settleTicks } from './open-runtime.ts';

const flows: FlowSource[] = [
  { id: 'top', steps: [{ id: 'wait', uses: 'signal', with: { name: 'go' } }, { id: 'call', uses: 'flow:middle', depends_on: ['wait'] }] },
  { id: 'middle', steps: [{ id: 'call', uses: 'flow:bottom' }] },
  { id: 'bottom', steps: [{ id: 'work', uses: 'tool:work' }] },
];
const bottom = (uses: string): FlowSource => ({ id: 'bottom', steps: [{ id: 'work', uses }] });
const handlers = (ran: string[]) => ({ work: () => ran.push('work'), other: () => ran.push('other'), broken: () => Promise.reject(new Error('broken')) });

describe('the flows that an execution starts', () => {
  it('are stored with its start: a runtime that has none of them goes on with it', async () => {
    const store = createMemoryStore();
    const before = await openRuntime(flows, handlers([]), { store });
    const { executionId } = await before.runtime.start('top');
    await settleTicks();
    await before.runtime.stop();

    const ran: string[] = [];
    const after = await openRuntime([], handlers(ran), { store: store.reopen(), clock: before.clock });
    expect((await after.runtime.list())[0]?.blockedBy).toBeUndefined();
    await after.runtime.signal(executionId, 'go');
    expect(await after.runtime.settled(executionId)).toMatchObject({ status: 'scored', passed: true });
    expect(ran).toEqual(['work']);
    await expect(after.runtime.start('bottom')).rejects.toMatchObject({ code: 'flow_unknown' });
    await after.runtime.stop();
  });

  it('are there for an execution that had not begun, and for one that is retried', async () => {
    const store = createMemoryStore();
    const clock = new SimulatedClock();
    const source = [{ ...flows[0], steps: [{ id: 'call', uses: 'flow:middle' }] } as FlowSource, flows[1] as FlowSource, bottom('tool:broken')];
    const before = await openRuntime([...source, { id: 'first', steps: [{ id: 'a', uses: 'tool:hold' }] }], { ...handlers([]), hold: () => new Promise(() => {}) }, { store, clock, maxActiveFlows: 1 });
    await before.runtime.start('first');
    const { executionId } = await before.runtime.start('top');
    await before.runtime.stop({ timeoutMs: 0 });

    const after = await openRuntime([], handlers([]), { store: store.reopen(), clock });
    expect(await after.runtime.settled(executionId)).toMatchObject({ passed: false, steps: [{ reason: { code: 'child_failed' } }] });
    await after.runtime.stop();

    const ran: string[] = [];
    const last = await openRuntime([], { ...handlers(ran), broken: () => ran.push('mended') }, { store: (after.store as typeof store).reopen(), clock });
    await last.runtime.retry(executionId);
    expect(await last.runtime.settled(executionId)).toMatchObject({ passed: true });
    expect(ran).toEqual(['mended']);
    await last.runtime.stop();
  });

  it('are those that are registered, where they are', async () => {
    const store = createMemoryStore();
    const before = await openRuntime(flows, handlers([]), { store });
    const { executionId } = await before.runtime.start('top');
    await settleTicks();
    await before.runtime.stop();
    const ran: string[] = [];
    const after = await openRuntime([bottom('tool:other')], handlers(ran), { store: store.reopen(), clock: before.clock });
    await after.runtime.signal(executionId, 'go');
    await after.runtime.settled(executionId);
    expect(ran).toEqual(['other']);
    await after.runtime.stop();
  });
});
