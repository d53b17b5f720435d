import { describe, expect, it } from 'vitest';
import type { ConsolidatedRecord } from '../../../persistence/consolidation-store.ts';
import { failure, makeBatch, makeExecution, owner, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

function makeConsolidated(executionKey: number, parts: { readonly [Key in keyof ConsolidatedRecord]?: unknown } = {}): ConsolidatedRecord {
  const base = { executionKey, status: 'completed', content: null, successRate: 0.5, totalTools: 4, executionDurationMs: 17, error: null, createdAt: start };
  return { ...base, ...parts } as ConsolidatedRecord;
}

const forms = [
  makeConsolidated(1), makeConsolidated(2, { content: '{"extra":1}' }), makeConsolidated(3, { status: 'failed', error: failure }), makeConsolidated(4, { status: 'timeout', error: failure }),
];

export function testConsolidated(subject: Subject): void {
  describe('consolidated sessions', () => {
    it('are read back as they were written, by the key of their execution', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ consolidated: forms }));
      for (const reader of [store, subject.current.read()]) {
        for (const form of forms) expect(await reader.getConsolidated(form.executionKey)).toEqual(form);
        expect(await reader.getConsolidated(9)).toBeUndefined();
        if (reader !== store) reader.close();
      }
    });

    it('are written once per generation of an execution', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ consolidated: [makeConsolidated(1)] }));
      await expect((async () => store.commit(makeBatch({ executions: [makeExecution(5)], consolidated: [makeConsolidated(1, { totalTools: 5 })] })))()).rejects.toMatchObject({ code: 'commit_failed' });
      expect(await store.getExecution('execution-5')).toBeUndefined();
      expect(await store.getConsolidated(1)).toEqual(makeConsolidated(1));
    });

    it('have an error that fits their status', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const wrong: Parameters<typeof makeConsolidated>[1][] = [
        { error: failure }, { status: 'failed' }, { status: 'timeout' }, { status: 'open' }, { successRate: 2 }, { totalTools: -1 }, { executionDurationMs: -1 },
      ];
      for (const parts of wrong) {
        await expect((async () => store.commit(makeBatch({ consolidated: [makeConsolidated(1, parts)] })))(), JSON.stringify(parts)).rejects.toMatchObject({ code: 'commit_failed' });
      }
      expect(await store.getConsolidated(1)).toBeUndefined();
    });

    it('go with their execution', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1, scored), makeExecution(2)], consolidated: [makeConsolidated(1), makeConsolidated(2)] }));
      expect(await store.prune({ settledBefore: start + 2_000 })).toBe(1);
      expect(await store.getConsolidated(1)).toBeUndefined();
      expect(await store.getConsolidated(2)).toBeDefined();
    });
  });

  describe('listInputs', () => {
    it('gives what expressions made for the steps of one execution, by place', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const inputs = [[11, -1], [2, -1], [2, 10], [2, 9]].map(([position = 0, item = 0]) => ({ executionKey: 1, position, item, input: `[${position},${item}]` }));
      await store.commit(makeBatch({ executions: [makeExecution(1)], inputs: [...inputs, { executionKey: 2, position: 0, item: -1, input: '1' }] }));
      expect((await store.listInputs(1)).map(({ input }) => input)).toEqual(['[2,-1]', '[2,9]', '[2,10]', '[11,-1]']);
      expect(await store.listInputs(3)).toEqual([]);
    });
  });
}
