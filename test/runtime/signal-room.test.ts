import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import type { Opened } from './open-runtime.ts';
import { openRuntime, settleTicks } from './open-runtime.ts';

const flow = {
  id: 'f',
  steps: [
    { id: 'first', uses: 'signal', with: { name: 'open' } },
    { id: 'second', uses: 'signal', with: { name: 'noise' }, depends_on: ['first'] },
  ],
};

const sendMany = ({ runtime }: Opened, executionId: string, count: number, payload: unknown): Promise<PromiseSettledResult<void>[]> =>
  Promise.allSettled(Array.from({ length: count }, () => runtime.signal(executionId, 'noise', payload)));
const refused = (results: readonly PromiseSettledResult<void>[]): unknown[] => results.flatMap(result => (result.status === 'rejected' ? [(result.reason as { readonly code?: unknown }).code] : []));

describe('signals that no step waits for', () => {
  it('are kept up to ten thousand; one that a step waits for is taken all the same', async () => {
    const store = createMemoryStore();
    const opened = await openRuntime(flow, {}, { store });
    const { executionId } = await opened.runtime.start('f');
    expect(refused(await sendMany(opened, executionId, 10_002, 1))).toEqual(['signals_full', 'signals_full']);
    expect(store.listSignals(1)).toHaveLength(10_000);
    await opened.runtime.signal(executionId, 'open', 'yes');
    expect((await opened.runtime.settled(executionId)).steps.map(({ output }) => output)).toEqual(['yes', 1]);
    await opened.runtime.stop();
  });

  it('are kept up to sixteen mebi characters, also over a restart', async () => {
    const store = createMemoryStore();
    const opened = await openRuntime(flow, {}, { store });
    const { executionId } = await opened.runtime.start('f');
    const large = 'x'.repeat(4 * 1_024 * 1_024 - 2);
    expect(refused(await sendMany(opened, executionId, 5, large))).toEqual(['signals_full']);
    const copy = store.copy();
    await opened.runtime.stop();
    const again = await openRuntime(flow, {}, { store: copy });
    await settleTicks();
    expect(refused(await sendMany(again, executionId, 1, 1))).toEqual(['signals_full']);
    await again.runtime.stop();
  });
});
