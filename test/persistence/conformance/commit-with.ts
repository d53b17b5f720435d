import { describe, expect, it } from 'vitest';
import type { StoreCapability } from '../../../persistence/store-capabilities.ts';
import { expectCode } from './commit.ts';
import { makeBatch, makeExecution, makeStep, completed, owner } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

export function testCommitWith(subject: Subject, lacks: readonly StoreCapability[]): void {
  describe.skipIf(lacks.includes('ownWrites'))('commitWith', () => {
    it('stores the batch that is built inside the transaction', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      store.commitWith?.(attempt => {
        attempt(tx => expect(tx.handle).toBeDefined());
        return makeBatch({ executions: [makeExecution(1)] });
      });
      expect(await store.getExecution('execution-1')).toEqual(makeExecution(1));
    });

    it('hands the error of a write to the builder, which may go on without it', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const boom = new Error('boom');
      let caught: unknown;
      store.commitWith?.(attempt => {
        try {
          attempt(() => {
            throw boom;
          });
        } catch (error) {
          caught = error;
        }
        return makeBatch({ executions: [makeExecution(1)] });
      });
      expect(caught).toBe(boom);
      expect(await store.getExecution('execution-1')).toBeDefined();
    });

    it('refuses a write that returns a promise', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await expectCode(
        () =>
          store.commitWith?.(attempt => {
            attempt((() => Promise.reject(new Error('late'))) as () => void);
            return makeBatch({});
          }),
        'write_not_synchronous',
      );
    });

    it('stores nothing when the builder throws', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await expectCode(
        () =>
          store.commitWith?.(() => {
            throw new RangeError('a fault');
          }),
        'commit_failed',
      );
      await store.commit(makeBatch({ steps: [makeStep(1, 0, completed)] }));
      await expectCode(() => store.commitWith?.(() => makeBatch({ executions: [makeExecution(1)], steps: [makeStep(1, 0)] })), 'record_settled');
      expect(await store.getExecution('execution-1')).toBeUndefined();
    });

    it('refuses a commit inside a commit', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await expectCode(
        () =>
          store.commitWith?.(() => {
            void store.commit(makeBatch({ executions: [makeExecution(2)] }));
            return makeBatch({ executions: [makeExecution(1)] });
          }),
        'commit_failed',
      );
      expect(await store.listExecutions({})).toEqual([]);
      await store.commit(makeBatch({ executions: [makeExecution(1)] }));
    });
  });
}
