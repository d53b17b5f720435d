import { describe, expect, it } from 'vitest';
import type { CatalogReader, CatalogWrites } from '../../../persistence/catalog-store.ts';
import { makeBatch, makeExecution, owner, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const label = (key: number, value: string, name = 'agent') => ({ executionId: `execution-${key}`, name, value });
const flow = (flowId: string, digest: string) => ({ flowId, digest, file: `/flows/${flowId}.yml`, syncedAt: start });

export function testCatalog(subject: Subject): void {
  const begin = async (catalog: CatalogWrites): Promise<CatalogReader> => {
    const { store } = subject.current;
    await store.acquire(owner);
    await store.commit(makeBatch({ executions: [1, 2, 3].map(key => makeExecution(key)), catalog }));
    return store.catalog as CatalogReader;
  };

  describe('the catalog', () => {
    it('keeps labels as they were given first', async () => {
      await begin({ labels: [label(1, 'b'), label(1, 'main', 'branch'), label(2, 'b')] });
      const { store } = subject.current;
      await store.commit(makeBatch({ catalog: { labels: [label(1, 'other')] } }));
      for (const reader of [store, subject.current.read()]) {
        expect(await reader.catalog?.listLabels('execution-1')).toEqual([label(1, 'b'), label(1, 'main', 'branch')]);
        expect(await reader.catalog?.listLabels('execution-3')).toEqual([]);
      }
    });

    it('lists executions with a label, the newest first, page by page', async () => {
      const catalog = await begin({ labels: [label(1, 'a'), label(2, 'b'), label(3, 'a'), label(2, 'a', 'other')] });
      expect(await catalog.listLabelled({ name: 'agent', value: 'a', limit: 10 })).toEqual(['execution-3', 'execution-1']);
      expect(await catalog.listLabelled({ name: 'agent', value: 'a', limit: 1 })).toEqual(['execution-3']);
      expect(await catalog.listLabelled({ name: 'agent', value: 'a', limit: 10, after: 'execution-3' })).toEqual(['execution-1']);
      expect(await catalog.listLabelled({ name: 'agent', value: 'a', limit: 10, order: 'oldest' })).toEqual(['execution-1', 'execution-3']);
      expect(await catalog.listLabelled({ name: 'agent', value: 'a', limit: 10, order: 'oldest', after: 'execution-1' })).toEqual(['execution-3']);
      expect(await catalog.listLabelled({ name: 'agent', value: 'x', limit: 10 })).toEqual([]);
    });

    it('keeps the latest definition of each flow', async () => {
      const catalog = await begin({ flows: [flow('b', 'one'), flow('a', 'two')] });
      await subject.current.store.commit(makeBatch({ catalog: { flows: [flow('b', 'three')] } }));
      expect(await catalog.getFlow('b')).toEqual(flow('b', 'three'));
      expect(await catalog.getFlow('c')).toBeUndefined();
      expect((await catalog.listFlows('', 10)).map(({ flowId }) => flowId)).toEqual(['a', 'b']);
      expect((await catalog.listFlows('a', 10)).map(({ flowId }) => flowId)).toEqual(['b']);
      expect(await catalog.listFlows('', 1)).toHaveLength(1);
    });

    it('loses labels with their execution, and no flow', async () => {
      const catalog = await begin({ labels: [label(1, 'a')], flows: [flow('a', 'one')] });
      const { store } = subject.current;
      await store.commit(makeBatch({ executions: [makeExecution(1, scored)] }));
      expect(await store.prune({ settledBefore: start + 5_000 })).toBe(1);
      expect(await catalog.listLabels('execution-1')).toEqual([]);
      expect(await catalog.getFlow('a')).toBeDefined();
    });
  });
}
