import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { createFailingStore } from '../must-hold/failing-store.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

const ok = (): object => ({ ok: true });

describe('a handler', () => {
  it('may change its input: later attempts, steps and items get what they would get after a crash', async () => {
    const flow: FlowSource = {
      id: 'f',
      steps: [
        { id: 'make', uses: 'tool:make' },
        { id: 'spoil', uses: 'tool:spoil', with: { list: '{% steps.make.output.list %}' }, depends_on: ['make'], retry: { maxAttempts: 2, initialInterval: 0 } },
        { id: 'see', uses: 'tool:see', with: { list: '{% steps.make.output.list %}' }, depends_on: ['spoil'] },
        { id: 'each', uses: 'tool:change', for_each: '{% input.rows %}', depends_on: ['see'] },
        { id: 'rows', uses: 'tool:see', with: { list: '{% input.rows %}' }, depends_on: ['each'] },
      ],
    };
    const seen: unknown[] = [];
    const { runtime } = await openRuntime(flow, {
      make: () => ({ list: [1, 2] }),
      spoil({ input, attempt }) {
        const { list } = input as { list: number[] };
        seen.push([...list]);
        list.push(3);
        if (attempt === 1) throw new Error('again');
      },
      change: ({ input }) => void ((input as { n: number }).n = 7),
      see: ({ input }) => void seen.push((input as { list: unknown }).list),
    });
    const { executionId } = await runtime.start('f', { input: { rows: [{ n: 1 }] } });
    expect((await runtime.settled(executionId)).passed).toBe(true);
    expect(seen).toEqual([[1, 2], [1, 2], [1, 2], [{ n: 1 }]]);
    await runtime.stop();
  });

  it('that does not listen to a cancel holds no room, and a stop waits for it', async () => {
    const flows: FlowSource[] = [{ id: 'f', steps: [{ id: 'a', uses: 'tool:hold' }] }, { id: 'g', steps: [{ id: 'a', uses: 'tool:ok' }] }];
    const gate = createGate();
    const { runtime } = await openRuntime(flows, { hold: () => gate.promise, ok }, { maxRunningSteps: 1 });
    const { executionId } = await runtime.start('f');
    await settleTicks();
    await runtime.cancel(executionId);
    expect((await (await runtime.start('g')).settled()).passed).toBe(true);
    expect(runtime.health().runningSteps).toBe(1);
    let stopped = false;
    const stopping = runtime.stop().then(() => (stopped = true));
    await settleTicks();
    expect(stopped).toBe(false);
    gate.open();
    await stopping;
  });

  it('that a stop gave up leaves no timer behind', async () => {
    const flow: FlowSource = { id: 'f', steps: [{ id: 'a', uses: 'tool:hold', timeout: '1h' }] };
    const { runtime, clock } = await openRuntime(flow, { hold: () => createGate().promise });
    await runtime.start('f');
    await settleTicks();
    const stopping = runtime.stop({ timeoutMs: 10 });
    await settleTicks();
    clock.advance(10);
    await stopping;
    expect(clock.nextTimerAt()).toBeUndefined();
  });

  it('that waited for room when a commit failed begins once: in the runtime as it was restarted', async () => {
    const flows: FlowSource[] = [{ id: 'f', steps: [{ id: 'a', uses: 'tool:hold' }, { id: 'b', uses: 'tool:count' }] }, { id: 'g', steps: [{ id: 'a', uses: 'tool:count' }] }];
    const failing = createFailingStore(createMemoryStore());
    const gates = [createGate(), createGate()];
    let held = 0;
    let begun = 0;
    const { runtime } = await openRuntime(flows, { hold: () => gates[held++]?.promise, count: () => void begun++ }, { store: failing.store, maxRunningSteps: 1 });
    const { executionId } = await runtime.start('f');
    await settleTicks();
    failing.fail(new Error('the disk is full'));
    await expect(runtime.start('g')).rejects.toThrow('the disk is full');
    failing.fail(undefined);
    await runtime.restart();
    await settleTicks();
    expect(held).toBe(2);
    gates[0]?.fail(new Error('aborted'));
    await settleTicks();
    expect(begun).toBe(0);
    gates[1]?.open();
    expect((await runtime.settled(executionId)).passed).toBe(true);
    expect(begun).toBe(1);
    await runtime.stop();
  });
});
