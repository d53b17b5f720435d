import { describe, expect, it } from 'vitest';
import type { ConsolidatedRecord } from '../../../persistence/consolidation-store.ts';
import { failure, makeBatch, makeExecution, owner, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

function makeConsolidated(key: number, generation = 1, parts: { readonly [Key in keyof ConsolidatedRecord]?: unknown } = {}): ConsolidatedRecord {
  const executionId = `execution-${key}`;
  const base = {
    consolidatedSessionId: `${executionId}_consolidated_${generation}`, executionId, generation, status: 'completed', content: '{"steps":[]}', originalSessionIds: '[]',
    score: 0.75, successRate: 0.5, totalTools: 4, executionDurationMs: 17, error: null, createdAt: start,
  };
  return { ...base, ...parts } as ConsolidatedRecord;
}

const forms = [makeConsolidated(1), makeConsolidated(2, 1, { status: 'failed', score: 0, error: failure }), makeConsolidated(3, 1, { status: 'timeout', score: 0, error: failure })];

export function testConsolidated(subject: Subject): void {
  describe('consolidated sessions', () => {
    it('are read back as they were written, by execution, generation and id', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ consolidated: [...forms, makeConsolidated(1, 2, { score: 1 }), makeConsolidated(1, 10, { score: 0 })] }));
      for (const reader of [store, subject.current.read()]) {
        for (const form of forms) {
          expect(await reader.getConsolidated(form.executionId, 1)).toEqual(form);
          const { content: _content, originalSessionIds: _ids, ...head } = form;
          expect(await reader.getConsolidatedHead(form.executionId, 1)).toEqual(head);
          expect(await reader.getConsolidatedById(form.consolidatedSessionId)).toEqual(form);
        }
        expect(await reader.getConsolidated('execution-1')).toMatchObject({ generation: 10, score: 0 });
        expect(await reader.getConsolidatedHead('execution-1')).toMatchObject({ generation: 10, score: 0 });
        expect(await reader.getConsolidatedHead('execution-1', 3)).toBeUndefined();
        expect(await reader.getConsolidated('execution-1', 3)).toBeUndefined();
        expect(await reader.getConsolidated('execution-9')).toBeUndefined();
        expect(await reader.getConsolidatedById('execution-1')).toBeUndefined();
        if (reader !== store) reader.close();
      }
    });

    it('are written once per execution and generation', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ consolidated: [makeConsolidated(1)] }));
      for (const again of [makeConsolidated(1), makeConsolidated(1, 1, { consolidatedSessionId: 'execution-1_consolidated_7' }), makeConsolidated(1, 2, { consolidatedSessionId: 'execution-1_consolidated_1' })]) {
        await expect((async () => store.commit(makeBatch({ executions: [makeExecution(5)], consolidated: [again] })))()).rejects.toMatchObject({ code: 'commit_failed' });
      }
      expect(await store.getExecution('execution-5')).toBeUndefined();
      expect(await store.getConsolidated('execution-1')).toEqual(makeConsolidated(1));
    });

    it('have a score and an error that fit their status', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const wrong: Parameters<typeof makeConsolidated>[2][] = [
        { score: 1.01 }, { score: -0.01 }, { error: failure }, { status: 'failed' }, { status: 'failed', error: failure }, { status: 'timeout', score: 0 },
        { status: 'open' }, { generation: 0 }, { successRate: 2 }, { totalTools: -1 }, { executionDurationMs: -1 },
      ];
      for (const parts of wrong) {
        await expect((async () => store.commit(makeBatch({ consolidated: [makeConsolidated(1, 1, parts)] })))(), JSON.stringify(parts)).rejects.toMatchObject({ code: 'commit_failed' });
      }
      expect(await store.getConsolidated('execution-1')).toBeUndefined();
    });

    it('go with their execution', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1, scored), makeExecution(2)], consolidated: [makeConsolidated(1), makeConsolidated(2)] }));
      expect(await store.prune({ settledBefore: start + 2_000 })).toBe(1);
      expect(await store.getConsolidated('execution-1')).toBeUndefined();
      expect(await store.getConsolidatedById('execution-1_consolidated_1')).toBeUndefined();
      expect(await store.getConsolidated('execution-2')).toBeDefined();
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
