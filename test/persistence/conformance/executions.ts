import { describe, expect, it } from 'vitest';
import type { ListExecutionsParams } from '../../../persistence/store.ts';
import { failed, makeBatch, makeExecution, owner, pending, scored } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

async function fill(subject: Subject): Promise<void> {
  const { store } = subject.current;
  await store.acquire(owner);
  const forms = [pending, {}, { status: 'consolidating' as const }, scored, failed];
  await store.commit(
    makeBatch({ executions: Array.from({ length: 10 }, (_, index) => makeExecution(index + 1, { ...forms[index % 5], flowId: index % 2 ? 'odd' : 'even' })) }),
  );
}

async function list({ current }: Subject, params: ListExecutionsParams): Promise<number[]> {
  const fromStore = (await current.store.listExecutions(params)).map(row => row.key);
  expect((await current.read().listExecutions(params)).map(row => row.key)).toEqual(fromStore);
  return fromStore;
}

export function testExecutions(subject: Subject): void {
  describe('executions', () => {
    it('answers undefined for what is not there', async () => {
      await fill(subject);
      expect(await subject.current.store.getExecution('nobody')).toBeUndefined();
      expect(await subject.current.store.findByIdempotencyKey('none')).toBeUndefined();
    });

    it('lists the newest first, or the oldest', async () => {
      await fill(subject);
      expect(await list(subject, {})).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
      expect(await list(subject, { order: 'oldest' })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });

    it('lists by status, by several, by flow, and by both', async () => {
      await fill(subject);
      expect(await list(subject, { status: ['scored'] })).toEqual([9, 4]);
      expect(await list(subject, { status: ['failed', 'pending', 'failed'] })).toEqual([10, 6, 5, 1]);
      expect(await list(subject, { status: ['failed', 'pending'], order: 'oldest', limit: 3 })).toEqual([1, 5, 6]);
      expect(await list(subject, { status: [] })).toEqual([]);
      expect(await list(subject, { flowId: 'odd' })).toEqual([10, 8, 6, 4, 2]);
      expect(await list(subject, { flowId: 'odd', status: ['scored', 'stepping'] })).toEqual([4, 2]);
      expect(await list(subject, { flowId: 'none' })).toEqual([]);
    });

    it('pages through all of them, in either order', async () => {
      await fill(subject);
      for (const order of ['newest', 'oldest'] as const) {
        const found: number[] = [];
        for (let after: number | undefined; ; ) {
          const page = await list(subject, { order, limit: 3, ...(after !== undefined && { after }), status: ['pending', 'stepping', 'consolidating', 'scored', 'failed'] });
          if (page.length === 0) break;
          found.push(...page);
          after = page.at(-1);
        }
        expect(found).toEqual(order === 'newest' ? [10, 9, 8, 7, 6, 5, 4, 3, 2, 1] : [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      }
    });

    it('lists a hundred when no limit is given', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: Array.from({ length: 103 }, (_, index) => makeExecution(index + 1)) }));
      expect(await list(subject, {})).toHaveLength(100);
      expect(await list(subject, { status: ['stepping'] })).toHaveLength(100);
    });

    it('counts by status', async () => {
      expect(await subject.current.store.countExecutions()).toEqual({ pending: 0, stepping: 0, consolidating: 0, scored: 0, failed: 0 });
      await fill(subject);
      const counts = { pending: 2, stepping: 2, consolidating: 2, scored: 2, failed: 2 };
      expect(await subject.current.store.countExecutions()).toEqual(counts);
      expect(await subject.current.read().countExecutions()).toEqual(counts);
    });
  });
}
