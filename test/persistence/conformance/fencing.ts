import { describe, expect, it } from 'vitest';
import type { StoreCapability } from '../../../persistence/store-capabilities.ts';
import { expectCode } from './commit.ts';
import { makeBatch, makeExecution, owner } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

export function testFencing(subject: Subject, lacks: readonly StoreCapability[]): void {
  describe('fencing', () => {
    it('refuses every write of an owner that has been replaced', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1)] }));
      subject.current.usurp();
      await expectCode(() => store.commit(makeBatch({ executions: [makeExecution(2)] })), 'stale_owner');
      if (!lacks.includes('ownWrites')) await expectCode(() => store.commitWith?.(() => makeBatch({ executions: [makeExecution(2)] })), 'stale_owner');
      await expectCode(() => store.prune({ settledBefore: Number.MAX_SAFE_INTEGER }), 'stale_owner');
      expect((await store.listExecutions({})).map(row => row.key)).toEqual([1]);
    });

    it.skipIf(lacks.includes('ownWrites'))('runs no write of a step for an owner that has been replaced', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      subject.current.usurp();
      let ran = false;
      await expectCode(
        () =>
          store.commitWith?.(attempt => {
            attempt(() => {
              ran = true;
            });
            return makeBatch({});
          }),
        'stale_owner',
      );
      expect(ran).toBe(false);
    });
  });
}
