import { describe, expect, it } from 'vitest';
import { MemoryState } from '../../persistence/memory/memory-state.ts';
import { MemoryStore } from '../../persistence/memory/memory-store.ts';
import { createSeededRandom } from '../../src/core/ids.ts';
import type { OpenSubject } from '../../src/kit.ts';
import { storeChecks } from '../../src/kit.ts';
import type { Execution } from '../../src/kinds/flows/execution-api.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import { expectSound } from '../must-hold/expect-sound.ts';
import { openRuntime, settleTicks } from '../runtime/open-runtime.ts';
import { delayStore } from './delayed-store.ts';

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

const openDelayed: OpenSubject = () => {
  const store = new MemoryStore(new MemoryState());
  return { store: delayStore(store, createSeededRandom(1)), read: () => store.reopen(), dispose: () => store.close() };
};

describe('a store that answers later', () => {
  it.each(storeChecks)('$name', async ({ run }) => {
    await run(openDelayed);
  });

  it.each(seeds)('gets every flow to its end, whatever is read first: children, lists, sleepers, back-offs, cancels (seed %i)', async seed => {
    const random = createSeededRandom(seed);
    const records = createMemoryStore();
    const flows = [
      { id: 'parent', steps: [{ id: 'kids', uses: 'flow:kid', for_each: '{% [1,2,3] %}', with: {} }, { id: 'last', uses: 'tool:ok', depends_on: ['kids'], with: '{% $count(steps.kids.output) %}' }] },
      { id: 'kid', steps: [{ id: 'nap', uses: 'sleep', with: { for: '2s' } }, { id: 'work', uses: 'tool:flaky', retry: { maxAttempts: 3, initialInterval: '1s' }, depends_on: ['nap'] }] },
      { id: 'list', concurrency: 2, steps: [{ id: 'each', uses: 'tool:ok', for_each: '{% [1..20] %}', with: '{% item %}' }, { id: 'sum', uses: 'tool:ok', depends_on: ['each'], with: '{% $sum(steps.each.output) %}' }] },
    ];
    const handlers = { ok: ({ input }: { readonly input: unknown }) => input ?? null, flaky: ({ attempt }: { readonly attempt: number }) => { if (attempt === 1) throw new Error('not yet'); return attempt; } };
    const { runtime, clock } = await openRuntime(flows, handlers, { store: delayStore(records.tables, random), maxActiveFlows: 1 + (seed % 4), keepResidentMs: seed % 2 === 0 ? 0 : 1_000 });
    const started: Execution[] = [];
    for (const id of ['parent', 'list', 'parent', 'list', 'parent']) started.push(await runtime.start(id));
    const dropped = started.pop() as Execution;
    void dropped.cancel();
    let done = 0;
    for (const execution of started) void execution.settled().then(() => done++, () => {});
    for (let turn = 0; turn < 120 && done < started.length; turn++) {
      await settleTicks(60);
      clock.advance(400);
    }
    expect(runtime.health()).toMatchObject({ status: 'running' });
    expect(done).toBe(started.length);
    await settleTicks(400);
    expect((await dropped.get()).status).toBe('failed');
    for (const execution of started) expect((await execution.get()).passed, execution.executionId).toBe(true);
    await runtime.stop();
    await expectSound(createMemoryStore(records.tables.reopen()));
  });
});
