import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Records } from '../../persistence/store.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { fail } from '../../src/core/outcome.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import type { Handlers } from './open-runtime.ts';
import { openRuntime } from './open-runtime.ts';

/** Counts how often the results of executions are read from the store. */
function watchReads<Kind extends Records>(store: Kind): { readonly store: Kind; readonly reads: () => number } {
  let reads = 0;
  const listResults = store.listResults.bind(store);
  store.listResults = key => {
    reads++;
    return listResults(key);
  };
  return { store, reads: () => reads };
}

const handlers: Handlers = {
  work: ({ input }) => ({ got: input }),
  nothing: () => undefined,
  broken: () => fail('it broke', { code: 'broken', retryable: false, details: { why: { deep: [1, 2] } } }),
};

const flow: FlowSource = {
  id: 'all', mode: 'lenient', consolidation: { uses: 'refuse' },
  steps: [
    { id: 'first', uses: 'tool:work', with: { to: '{% input.to %}' } },
    { id: 'each', uses: 'tool:work', for_each: [1, { two: 2 }], depends_on: ['first'] },
    { id: 'none', uses: 'tool:nothing', for_each: [] },
    { id: 'quiet', uses: 'tool:nothing' },
    { id: 'broken', uses: 'tool:broken', critical: false },
    { id: 'mended', uses: 'tool:broken', recover: { alternative: 'spare' } },
    { id: 'spare', uses: 'tool:work', with: { spare: true } },
    { id: 'never', uses: 'tool:work', when: false },
  ],
};

describe('the answer to whoever waits for an execution', () => {
  it.each([['memory', () => createMemoryStore()], ['sqlite', () => openSqliteStore({ file: ':memory:' })]] as const)('is what the store would have said, without asking it, on %s', async (_name, create) => {
    const { store, reads } = watchReads<Records>(create());
    const { runtime } = await openRuntime(flow, handlers, { store, consolidators: { refuse: () => ({ score: 2 }) } });
    const execution = await runtime.start('all', { input: { to: 'me' }, labels: { team: 'a', agent: 'b' } });
    const [{ durationMs: _ms, ...settled }, other] = await Promise.all([execution.settled(), execution.settled()]);
    expect(reads()).toBe(0);
    expect(settled).toEqual(await execution.get());
    expect(reads()).toBe(1);
    expect(settled).toMatchObject({ labels: { team: 'a', agent: 'b' }, consolidationError: { code: 'consolidation_invalid' } });
    expect(settled.steps.map(({ stepId, status }) => `${stepId}:${status}`)).toContain('mended:completed');
    // Each has its own: what one of them changes is nothing to the other.
    const reasonOf = ({ steps }: Pick<typeof settled, 'steps'>): unknown => steps.find(({ stepId }) => stepId === 'broken')?.reason;
    expect(reasonOf(settled)).toEqual(reasonOf(other));
    expect(reasonOf(settled)).not.toBe(reasonOf(other));
    await runtime.stop();
  });

  it('is read from the store when the execution is long, was retried, or was there before', async () => {
    const steps = Array.from({ length: 100 }, (_, index) => ({ id: `s${index}`, uses: 'tool:work' }));
    const { store, reads } = watchReads<Records>(createMemoryStore());
    const { runtime } = await openRuntime([{ id: 'long', steps }, { id: 'big', steps: [{ id: 'only', uses: 'tool:big' }] }, { id: 'short', steps: [{ id: 'only', uses: 'tool:broken' }] }], { ...handlers, big: () => 'x'.repeat(40_000) }, { store });
    for (const [index, id] of ['long', 'big'].entries()) {
      const execution = await runtime.start(id);
      const { durationMs: _ms, ...settled } = await execution.settled();
      expect(reads()).toBe(2 * index + 1);
      expect(settled).toEqual(await execution.get());
    }
    const short = await runtime.start('short', { labels: { team: 'a' } });
    await short.settled();
    expect(reads()).toBe(4);
    await short.retry({ step: 'only' });
    expect(await short.settled()).toMatchObject({ generation: 2, labels: { team: 'a' } });
    expect(await short.settled()).toMatchObject({ generation: 2, labels: { team: 'a' } });
    expect(reads()).toBe(6);
    await runtime.stop();
  });

  it('tells of one that was cancelled what it had done', async () => {
    const { runtime } = await openRuntime({ id: 'waits', steps: [{ id: 'first', uses: 'tool:work' }, { id: 'sleep', uses: 'sleep', with: { for: '1h' }, depends_on: ['first'] }] }, handlers);
    const execution = await runtime.start('waits');
    const end = execution.settled();
    await execution.cancel('enough');
    const { durationMs: _ms, ...settled } = await end;
    expect(settled).toMatchObject({ status: 'failed', consolidatedSessionId: null });
    expect(settled).toEqual(await execution.get());
    await runtime.stop();
  });
});
