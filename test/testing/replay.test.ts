import { describe, expect, it } from 'vitest';
import { replayJournal } from '../../src/testing/replay.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const flow = {
  id: 'all',
  concurrency: 2,
  steps: [
    { id: 'list', uses: 'tool:list' },
    { id: 'each', uses: 'tool:echo', for_each: '{% steps.list.output %}', depends_on: ['list'], retry: { maxAttempts: 2, initialInterval: 0 } },
    { id: 'never', uses: 'tool:echo', when: false },
    { id: 'ask', uses: 'signal', with: { name: 'go' } },
    { id: 'bad', uses: 'tool:bad', critical: false },
    { id: 'end', uses: 'tool:echo', depends_on: ['each', 'ask'] },
  ],
};
const tools = { list: () => [1, 2, 3], echo: ({ input }: { input: unknown }) => input, bad: () => { throw new Error('bad'); } };

describe('replaying a journal', () => {
  it('reproduces every stored snapshot of a settled execution', async () => {
    const { runtime, store } = await openRuntime(flow, tools);
    const execution = await runtime.start('all');
    await execution.signal('go', 1);
    await execution.settled();
    const replay = await replayJournal(store, execution.executionId);
    expect(replay.mismatches).toEqual([]);
    expect(replay.actors).toBe(10);
    await runtime.stop();
  });

  it('reproduces every stored snapshot of a cancelled one, and of one that waits', async () => {
    const { runtime, store } = await openRuntime(flow, tools);
    const execution = await runtime.start('all');
    await settleTicks();
    expect((await replayJournal(store, execution.executionId)).mismatches).toEqual([]);
    await execution.cancel();
    expect((await replayJournal(store, execution.executionId)).mismatches).toEqual([]);
    await runtime.stop();
  });

  it('reports a snapshot that does not follow from the journal', async () => {
    const { runtime, store } = await openRuntime(flow, tools);
    const execution = await runtime.start('all');
    await execution.cancel();
    const reader = new Proxy(store, {
      get(target, name) {
        if (name === 'listSteps') return (key: number) => (target.listSteps(key) as object[]).map(row => ({ ...row, attempt: 7 }));
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const { mismatches } = await replayJournal(reader, execution.executionId);
    expect(mismatches).toContainEqual({ address: 'end', seq: null, what: 'attempt', expected: 0, found: 7 });
    await runtime.stop();
  });
});
