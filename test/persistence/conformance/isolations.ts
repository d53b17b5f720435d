import { describe, expect, it } from 'vitest';
import type { IsolationReader, IsolationRecord } from '../../../persistence/isolation-store.ts';
import { catchError, expectCode } from './commit.ts';
import { makeBatch, makeExecution, owner, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const makeIsolation = (executionKey: number, parts: Partial<IsolationRecord> = {}): IsolationRecord => ({
  executionKey, status: 'open', folder: `/runs/${executionKey}`, taken: 0, session: null, ...parts,
});

export function testIsolations(subject: Subject): void {
  const begin = async (...isolations: IsolationRecord[]): Promise<IsolationReader> => {
    const { store } = subject.current;
    await store.acquire(owner);
    await store.commit(makeBatch({ executions: [makeExecution(1), makeExecution(2), makeExecution(3)], isolations }));
    return store.isolations as IsolationReader;
  };

  describe('isolations', () => {
    it('follows one to its end', async () => {
      const isolations = await begin(makeIsolation(1));
      expect(await isolations.get(1)).toEqual(makeIsolation(1));
      expect(await isolations.get(2)).toBeUndefined();
      const { store } = subject.current;
      await store.commit(makeBatch({ isolations: [makeIsolation(1, { taken: 3 })] }));
      await store.commit(makeBatch({ isolations: [makeIsolation(1, { taken: 3, folder: '/elsewhere' })] }));
      expect(await isolations.get(1)).toEqual(makeIsolation(1, { taken: 3 }));
      const ended = makeIsolation(1, { taken: 7, status: 'ended', session: 'ab12' });
      await store.commit(makeBatch({ isolations: [ended] }));
      for (const reader of [store, subject.current.read()]) expect(await reader.isolations?.get(1)).toEqual(ended);
    });

    it('lists those that are open, by key, page by page', async () => {
      const isolations = await begin(makeIsolation(3), makeIsolation(1), makeIsolation(2, { status: 'ended' }));
      expect((await isolations.listOpen(0, 10)).map(row => row.executionKey)).toEqual([1, 3]);
      expect((await isolations.listOpen(0, 1)).map(row => row.executionKey)).toEqual([1]);
      expect((await isolations.listOpen(1, 10)).map(row => row.executionKey)).toEqual([3]);
    });

    it('never takes a line in twice, nor goes on behind the end', async () => {
      const isolations = await begin(makeIsolation(1, { taken: 5 }), makeIsolation(2, { status: 'ended' }));
      const { store } = subject.current;
      const batch = makeBatch({ executions: [makeExecution(9)], isolations: [makeIsolation(1, { taken: 4 })] });
      await expectCode(() => store.commit(batch), 'commit_failed');
      await expectCode(() => store.commit(makeBatch({ isolations: [makeIsolation(2, { taken: 1 })] })), 'commit_failed');
      expect(await store.getExecution('execution-9')).toBeUndefined();
      expect(await isolations.get(1)).toMatchObject({ taken: 5 });
      await catchError(() => store.commit(makeBatch({ isolations: [{ ...makeIsolation(3), status: 'lost' as never }] })));
      expect(await isolations.get(3)).toBeUndefined();
    });

    it('goes with its execution', async () => {
      const isolations = await begin(makeIsolation(1));
      const { store } = subject.current;
      await store.commit(makeBatch({ executions: [makeExecution(1, scored)] }));
      expect(await store.prune({ settledBefore: start + 5_000 })).toBe(1);
      expect(await isolations.get(1)).toBeUndefined();
    });
  });
}
