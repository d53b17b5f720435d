import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

const flow = { id: 'f', steps: [{ id: 'a', uses: 'tool:work' }, { id: 'b', uses: 'tool:ok', depends_on: ['a'] }] };
const ok = (): object => ({});

describe('recover', () => {
  it('is asked once for each execution; one it throws for stays where it is', async () => {
    const store = createMemoryStore();
    const first = await openRuntime(flow, { work: () => createGate().promise, ok }, { store });
    const started: string[] = [];
    for (let flows = 0; flows < 3; flows++) started.push((await first.runtime.start('f')).executionId);
    await settleTicks();
    await first.runtime.stop({ timeoutMs: 0 });

    const [taken, left, broken] = started as [string, string, string];
    const asked: string[] = [];
    const recover = ({ executionId }: { executionId: string }): boolean => {
      asked.push(executionId);
      if (executionId === broken) throw new Error('no such tenant');
      return executionId === taken;
    };
    const { runtime } = await openRuntime(flow, { work: ok, ok }, { store: store.reopen(), recover });
    expect((await runtime.settled(taken)).passed).toBe(true);
    await runtime.signal(broken, 'note', null, { force: true });
    await settleTicks();
    for (const id of [left, broken]) expect(await (await runtime.get(id)).get()).toMatchObject({ status: 'stepping' });
    expect(asked.toSorted()).toEqual(started.toSorted());
    expect(runtime.health().status).toBe('running');
    await runtime.stop();
  });
});
