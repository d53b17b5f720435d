import { describe, expect, it } from 'vitest';
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
