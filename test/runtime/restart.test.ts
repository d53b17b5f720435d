import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import { createFailingStore } from '../must-hold/failing-store.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

const flow = { id: 'f', steps: [{ id: 'a', uses: 'tool:work' }] };

describe('a restart', () => {
  it('goes on with what this runtime started, also when it recovers nothing that was there before', async () => {
    const failing = createFailingStore(createMemoryStore());
    let begun = 0;
    const { runtime } = await openRuntime(flow, { work: () => (begun++ === 0 ? createGate().promise : {}) }, { store: failing.store, recover: false });
    const { executionId } = await runtime.start('f');
    await settleTicks();
    failing.fail(new Error('the disk is full'));
    await expect(runtime.start('f')).rejects.toThrow('the disk is full');
    failing.fail(undefined);
    await runtime.restart();
    expect((await runtime.settled(executionId)).passed).toBe(true);
    await runtime.stop();
  });

  it('asked for twice happens once, also in a store that takes its time', async () => {
    const failing = createFailingStore(createMemoryStore());
    let acquired = 0;
    const slow = new Proxy(failing.store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== 'acquire') return typeof value === 'function' ? value.bind(target) : value;
        return async (owner: Parameters<Records['acquire']>[0]): Promise<number> => {
          acquired++;
          await settleTicks(acquired * 5);
          return target.acquire(owner);
        };
      },
    });
    const runs: number[] = [];
    const { runtime } = await openRuntime(flow, { work: () => (runs.push(1), createGate().promise) }, { store: slow });
    await runtime.start('f');
    await settleTicks();
    failing.fail(new Error('the disk is full'));
    await expect(runtime.start('f')).rejects.toThrow('the disk is full');
    failing.fail(undefined);
    await Promise.all([runtime.restart(), runtime.restart()]);
    await settleTicks();
    expect(runs).toEqual([1, 1]);
    expect(acquired).toBe(2);
    await expect(runtime.restart()).rejects.toMatchObject({ code: 'runtime_running' });
  });
});
