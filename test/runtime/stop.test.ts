import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

describe('stop, called twice', () => {
  it('resolves both times when everything is done', async () => {
    const gate = createGate<number>();
    const { runtime } = await openRuntime({ id: 'slow', steps: [{ id: 'a', uses: 'tool:slow' }] }, { slow: () => gate.promise });
    await runtime.start('slow');
    await settleTicks();
    const done: string[] = [];
    const first = runtime.stop().then(() => done.push('first'));
    const second = runtime.stop().then(() => done.push('second'));
    await settleTicks();
    expect(done).toEqual([]);
    gate.open(1);
    await Promise.all([first, second]);
    expect(runtime.health().status).toBe('stopped');
  });
});

describe('whoever waits when the runtime stops', () => {
  const flow = { id: 'wait', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] };

  it('is told that it has stopped', async () => {
    const { runtime } = await openRuntime(flow, {});
    const execution = await runtime.start('wait');
    const settled = execution.settled();
    const followed: string[] = [];
    const follow = async (): Promise<void> => {
      for await (const update of execution.transitions({ after: 0 })) followed.push(update.type);
    };
    const followedToTheEnd = follow();
    await settleTicks();
    expect(followed.length).toBeGreaterThan(1);
    await Promise.all([
      expect(settled).rejects.toMatchObject({ code: 'runtime_stopped' }),
      expect(followedToTheEnd).rejects.toMatchObject({ code: 'runtime_stopped' }),
      runtime.stop(),
    ]);
  });

  it('is told that it stands still, when a commit failed', async () => {
    const store = createMemoryStore();
    const { runtime } = await openRuntime(flow, {}, { store });
    const execution = await runtime.start('wait');
    const settled = execution.settled();
    await settleTicks();
    store.tables.commit = () => {
      throw new Error('the disk is full');
    };
    const told = expect(settled).rejects.toMatchObject({ code: 'runtime_faulted' });
    await expect(execution.signal('go')).rejects.toThrow('the disk is full');
    await told;
    await runtime.stop();
  });
});
