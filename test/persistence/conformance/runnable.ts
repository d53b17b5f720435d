import { describe, expect, it } from 'vitest';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import { failed, makeBatch, makeExecution, owner, pending, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const toKeys = (rows: readonly ExecutionRecord[]): number[] => rows.map(row => row.key);

async function fill(subject: Subject): Promise<void> {
  const { store } = subject.current;
  await store.acquire(owner);
  await store.commit(
    makeBatch({
      executions: [
        makeExecution(1, { wakeAt: start + 30 }), makeExecution(2, { ...pending, priority: 1 }), makeExecution(3), makeExecution(4, { wakeAt: null }),
        makeExecution(5, { wakeAt: start + 10 }), makeExecution(6, scored), makeExecution(7, { ...pending, priority: -1 }), makeExecution(8, { ...pending, priority: 10 }),
        makeExecution(9, { ...pending, priority: 1 }), makeExecution(10, failed), makeExecution(11, { status: 'consolidating' }), makeExecution(12, { wakeAt: start + 10 }),
        makeExecution(13, { wakeAt: null }), makeExecution(14, { ...failed, startedAt: null }),
      ],
    }),
  );
}

export function testRunnable(subject: Subject): void {
  describe('what should run', () => {
    it('lists executions that had work in progress, page by page', async () => {
      await fill(subject);
      const { store } = subject.current;
      expect(toKeys(await store.listInterrupted(0, 10))).toEqual([3, 11]);
      expect(toKeys(await store.listInterrupted(0, 1))).toEqual([3]);
      expect(toKeys(await store.listInterrupted(3, 10))).toEqual([11]);
      expect((await store.listInterrupted(0, 1))[0]).toEqual(makeExecution(3));
    });

    it('lists sleeping executions that are due, the earliest first', async () => {
      await fill(subject);
      const { store } = subject.current;
      expect(toKeys(await store.listDue(start + 9, 10))).toEqual([]);
      expect(toKeys(await store.listDue(start + 10, 10))).toEqual([5, 12]);
      expect(toKeys(await store.listDue(start + 99, 10))).toEqual([5, 12, 1]);
      expect(toKeys(await store.listDue(start + 99, 1))).toEqual([5]);
    });

    it('lists executions that wait to be admitted by priority, then age', async () => {
      await fill(subject);
      expect(toKeys(await subject.current.store.listPending(10))).toEqual([8, 2, 9, 7]);
      expect(toKeys(await subject.current.store.listPending(2))).toEqual([8, 2]);
    });

    it('knows when the next one wakes', async () => {
      const { store } = subject.current;
      expect(await store.nextWakeAt(0)).toBeUndefined();
      await fill(subject);
      expect(await store.nextWakeAt(0)).toBe(start + 10);
      expect(await store.nextWakeAt(start + 10)).toBe(start + 30);
      await store.commit(makeBatch({ executions: [makeExecution(5), makeExecution(12, scored)] }));
      expect(await store.nextWakeAt(0)).toBe(start + 30);
      await store.commit(makeBatch({ executions: [makeExecution(1, { wakeAt: null })] }));
      expect(await store.nextWakeAt(0)).toBeUndefined();
      expect(toKeys(await store.listInterrupted(0, 10))).toEqual([3, 5, 11]);
    });
  });
}
