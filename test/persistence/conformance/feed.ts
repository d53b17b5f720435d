import { describe, expect, it } from 'vitest';
import type { FeedRow } from '../../../persistence/feed-store.ts';
import type { CommitBatch } from '../../../persistence/store.ts';
import { makeBatch, makeExecution, owner, scored, start } from './fixtures.ts';
import { makeChange, makeMessage, makeQueueBatch, processing } from './queue-fixtures.ts';
import type { Subject } from './store-suite.ts';

const journal = (executionKey: number, seq: number, at = start): CommitBatch['journal'][number] => ({ executionKey, seq, at, entries: `[["",{"type":"flow.start"},"${seq}"]]` });
const machine = { machineId: 'm', machineVersion: '1', machineDigest: 'd', status: 'active', wakeAt: null, tree: '{}', seq: 0, createdAt: start, settledAt: null } as const;
const took = (actorId: string, seq: number, at = start): object => ({ actorId, seq, at, entries: `[[${seq},"",{"type":"go"}]]` });
const toPlaces = (rows: readonly FeedRow[]): unknown[] => rows.map(({ kind, instance, seq }) => [kind, instance, seq]);

export function testFeed(subject: Subject): void {
  describe('the journal as readers follow it', () => {
    const begin = async (): Promise<Subject['current']['store']> => {
      const { store } = subject.current;
      await store.acquire(owner);
      return store;
    };

    it('numbers everything that commits say, in the order of the commits, and tells it to any process', async () => {
      const store = await begin();
      await store.commit(makeBatch({ executions: [makeExecution(1), makeExecution(2)], journal: [journal(1, 1), journal(2, 1)] }));
      await store.commit(makeBatch({ actors: { put: [{ ...machine, actorId: 'a' }], journal: [took('a', 1)] } as NonNullable<CommitBatch['actors']> }));
      await store.commit({ ...makeQueueBatch({ published: [makeMessage(1)] }), journal: [journal(1, 2)] });
      await store.commit(makeQueueBatch({ at: start + 10, moved: [makeChange(1, processing)] }));
      for (const reader of [store, subject.current.read()]) {
        const rows = await reader.readFeed(0, 100);
        expect(toPlaces(rows)).toEqual([['flow', 'execution-1', 1], ['flow', 'execution-2', 1], ['actor', 'a', 1], ['flow', 'execution-1', 2], ['queue', makeMessage(1).queue, null], ['queue', makeMessage(1).queue, null]]);
        const numbers = rows.map(({ number }) => number);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        expect(new Set(numbers).size).toBe(6);
        expect((await reader.getFeedState()).head).toBe(numbers.at(-1));
        expect(rows[0]).toMatchObject({ generation: 1, at: start, entries: journal(1, 1).entries });
        expect(JSON.parse(rows[5]?.entries ?? '')).toEqual([[makeMessage(1).messageId, [start + 10, 'message.claim', 'processing']]]);
        expect(toPlaces(await reader.readFeed(numbers[1] ?? 0, 2))).toEqual([['actor', 'a', 1], ['flow', 'execution-1', 2]]);
        if (reader !== store) reader.close();
      }
    });

    it('never gives a number twice, also when the newest rows are gone and another owner goes on', async () => {
      const store = await begin();
      await store.commit(makeBatch({ executions: [makeExecution(1, scored)], journal: [journal(1, 1), journal(1, 2)] }));
      const { head } = await store.getFeedState();
      expect(await store.prune({ settledBefore: start + 2_000, at: start + 3_000 })).toBe(1);
      const rows = await store.readFeed(0, 100);
      expect(toPlaces(rows)).toEqual([['deleted', 'execution-1', null]]);
      expect(rows[0]).toMatchObject({ at: start + 3_000, entries: '[["execution.deleted",{}]]' });
      expect(rows[0]?.number).toBeGreaterThan(head);
      store.close();
      const next = subject.current.reopen();
      await next.acquire(owner);
      await next.commit(makeBatch({ executions: [makeExecution(2)], journal: [journal(2, 1)] }));
      expect((await next.readFeed(head, 100)).map(({ number }) => number).toSorted((a, b) => a - b)).toEqual((await next.readFeed(head, 100)).map(({ number }) => number));
      expect((await next.readFeed(rows[0]?.number ?? 0, 100)).length).toBe(1);
      next.close();
    });

    it('knows its owners by the first number of each', async () => {
      const store = await begin();
      const { owners: first } = await store.getFeedState();
      await store.commit(makeBatch({ executions: [makeExecution(1)], journal: [journal(1, 1)] }));
      const { head } = await store.getFeedState();
      store.close();
      const next = subject.current.reopen();
      await next.acquire(owner);
      const { owners } = await next.getFeedState();
      expect(owners.slice(0, first.length)).toEqual(first);
      expect(owners).toHaveLength(first.length + 1);
      expect(owners.at(-1)).toEqual({ first: head + 1, id: expect.stringMatching(/^[0-9a-f]{32}$/) });
      expect(new Set(owners.map(({ id }) => id)).size).toBe(owners.length);
      next.close();
    });

    it('loses what goes by its age, the oldest first, and says up to where', async () => {
      const store = await begin();
      await store.commit(makeBatch({ executions: [makeExecution(1)], journal: [journal(1, 1)], actors: { put: [{ ...machine, actorId: 'a' }], journal: [took('a', 1), took('a', 2, start + 5)] } as NonNullable<CommitBatch['actors']> }));
      await store.commit(makeQueueBatch({ at: start + 6, published: [makeMessage(1)] }));
      expect((await store.getFeedState()).prunedTo).toBe(0);
      expect(await store.pruneJournal(start + 6, 1)).toBe(1);
      expect(await store.pruneJournal(start + 6, 10)).toBe(1);
      expect(await store.pruneJournal(start + 6, 10)).toBe(0);
      const rows = await store.readFeed(0, 10);
      expect(toPlaces(rows)).toEqual([['flow', 'execution-1', 1], ['queue', makeMessage(1).queue, null]]);
      expect((await store.getFeedState()).prunedTo).toBe((rows[1]?.number ?? 0) - 1);
      expect(await store.readJournal(1, 0)).toHaveLength(1);
    });

    it('says that an actor went, and keeps nothing of a commit that failed', async () => {
      const store = await begin();
      await store.commit(makeBatch({ actors: { put: [{ ...machine, actorId: 'a' }], journal: [took('a', 1)] } as NonNullable<CommitBatch['actors']> }));
      await store.commit(makeBatch({ actors: { removed: ['a'], removedAt: start + 1 } }));
      expect(toPlaces(await store.readFeed(0, 10))).toEqual([['deleted', 'a', null]]);
      await store.commit(makeBatch({ executions: [makeExecution(1)], journal: [journal(1, 1)] }));
      await expect((async () => store.commit(makeBatch({ journal: [journal(1, 2), journal(1, 1)] })))()).rejects.toMatchObject({ code: 'commit_failed' });
      expect(toPlaces(await store.readFeed(0, 10))).toEqual([['deleted', 'a', null], ['flow', 'execution-1', 1]]);
    });
  });
}
