import { describe, expect, it } from 'vitest';
import { completed, makeAttempt, makeBatch, makeExecution, makeStep, owner, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

async function fill(subject: Subject, count: number): Promise<void> {
  const { store } = subject.current;
  await store.acquire(owner);
  const keys = Array.from({ length: count }, (_, index) => index + 1);
  await store.commit(
    makeBatch({
      executions: keys.map(key => makeExecution(key, { ...scored, settledAt: start + key, idempotencyKey: `k${key}` })),
      steps: keys.map(key => makeStep(key, 0, completed)),
      attempts: keys.map(key => makeAttempt(key, 0)),
      inputs: keys.map(executionKey => ({ executionKey, position: 0, item: -1, input: '1' })),
      journal: keys.map(executionKey => ({ executionKey, seq: 1, at: start, entries: '[["",{},"scored"]]' })),
      signals: { received: keys.map(executionKey => ({ executionKey, number: 1, name: 's', payload: 'null', receivedAt: start })), consumed: [] },
    }),
  );
}

export function testPrune(subject: Subject): void {
  describe('prune', () => {
    it('deletes settled executions with everything of theirs', async () => {
      await fill(subject, 3);
      const { store } = subject.current;
      await store.commit(makeBatch({ executions: [makeExecution(9)], steps: [makeStep(9, 0)] }));
      expect(await store.prune({ settledBefore: start + 3 })).toBe(2);
      expect((await store.listExecutions({})).map(row => row.key)).toEqual([9, 3]);
      for (const key of [1, 2]) {
        expect(await store.getExecution(`execution-${key}`)).toBeUndefined();
        expect(await store.findByIdempotencyKey(`k${key}`)).toBeUndefined();
        for (const list of [store.listSteps(key), store.listAttempts(key), store.readJournal(key, 0), store.listSignals(key)]) expect(await list).toEqual([]);
        expect(await store.getInput(key, 0, -1)).toBeUndefined();
        expect(await store.getOutput(key, 0, -1)).toBeUndefined();
      }
      expect(await store.listSteps(3)).toHaveLength(1);
      expect(await store.listSteps(9)).toHaveLength(1);
      expect(await store.prune({ settledBefore: start + 3 })).toBe(0);
      await store.commit(makeBatch({ executions: [makeExecution(10, { idempotencyKey: 'k1' })] }));
    });

    it('deletes at most as many as asked for, the oldest first', async () => {
      await fill(subject, 250);
      const { store } = subject.current;
      expect(await store.prune({ settledBefore: start + 1000, limit: 120 })).toBe(120);
      expect((await store.listExecutions({ order: 'oldest', limit: 1 }))[0]?.key).toBe(121);
      expect(await store.prune({ settledBefore: start + 1000 })).toBe(130);
      expect(await store.listExecutions({})).toEqual([]);
    });

    it('keeps what was imported, however old it is', async () => {
      await fill(subject, 1);
      const { store } = subject.current;
      await store.commit(makeBatch({ executions: [makeExecution(2, { ...scored, idempotencyKey: 'import:execution-2' })] }));
      expect(await store.prune({ settledBefore: start + 10_000 })).toBe(1);
      expect((await store.listExecutions({})).map(row => row.key)).toEqual([2]);
      expect(await store.prune({ settledBefore: start + 10_000 })).toBe(0);
    });

    it('says how large it is', async () => {
      await fill(subject, 50);
      const { bytes, freeBytes } = await subject.current.store.getSize();
      expect(bytes).toBeGreaterThan(50 * 100);
      expect(freeBytes).toBeGreaterThanOrEqual(0);
    });
  });
}
