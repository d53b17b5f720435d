import { describe, expect, it } from 'vitest';
import type { InteractionReader, InteractionRecord } from '../../../persistence/interaction-store.ts';
import { expectCode } from './commit.ts';
import { failure, makeBatch, makeExecution, owner, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

type Parts = { readonly [Key in keyof InteractionRecord]?: unknown };

export function makeInteraction(number: number, parts: Parts = {}): InteractionRecord {
  const base = {
    executionKey: 1, executionId: 'execution-1', number, position: 0, item: -1, stepId: 'step-0', attempt: 1, run: 1, stage: 'draft', model: 'a-1',
    prompt: `prompt ${number}`, status: 'pending', response: null, inputTokens: null, outputTokens: null, totalTokens: null, cost: null,
    startedAt: start, settledAt: null, failure: null,
  };
  return { ...base, ...parts } as InteractionRecord;
}

const done = { status: 'completed', response: 'yes', settledAt: start + 250, inputTokens: 10, outputTokens: 5, totalTokens: 15, cost: 0.25 } as const;

export function testInteractions(subject: Subject): void {
  const commit = async (...interactions: InteractionRecord[]): Promise<void> => subject.current.store.commit(makeBatch({ interactions }));
  const begin = async (): Promise<InteractionReader> => {
    const { store } = subject.current;
    await store.acquire(owner);
    await store.commit(makeBatch({ executions: [makeExecution(1), makeExecution(2)] }));
    return store.interactions as InteractionReader;
  };

  describe('interactions', () => {
    it('keeps a call while it is under way and when it has settled', async () => {
      const interactions = await begin();
      await commit(makeInteraction(1), makeInteraction(2, { item: 4 }), makeInteraction(3));
      expect(await interactions.list({ executionId: 'execution-1' })).toEqual([makeInteraction(1), makeInteraction(2, { item: 4 }), makeInteraction(3)]);
      const ended = { settledAt: start + 9, failure };
      const rows = [makeInteraction(1, done), makeInteraction(2, { item: 4, status: 'failed', ...ended }), makeInteraction(3, { status: 'cancelled', response: 'half', ...ended })];
      await commit(...rows);
      for (const reader of [subject.current.store, subject.current.read()]) expect(await reader.interactions?.list({ executionId: 'execution-1' })).toEqual(rows);
    });

    it('takes a settled one that is new', async () => {
      const interactions = await begin();
      await commit(makeInteraction(1, done));
      expect(await interactions.list({ executionId: 'execution-1' })).toEqual([makeInteraction(1, done)]);
    });

    it('never replaces one that has settled', async () => {
      const interactions = await begin();
      await commit(makeInteraction(1, done));
      await expectCode(() => commit(makeInteraction(1, { status: 'failed', settledAt: start + 1, failure })), 'record_settled');
      expect(await interactions.list({ executionId: 'execution-1' })).toEqual([makeInteraction(1, done)]);
    });

    it.each([
      ['pending with a response', { response: 'x' }],
      ['completed without a response', { ...done, response: null }],
      ['failed without a reason', { status: 'failed', settledAt: start }],
      ['cancelled without an end', { status: 'cancelled', failure }],
      ['in a state that there is not', { status: 'lost' }],
    ])('refuses one that is %s', async (_what, parts) => {
      await begin();
      await expectCode(() => commit(makeInteraction(1, parts)), 'commit_failed');
    });

    it('lists in order, page by page, by step', async () => {
      const interactions = await begin();
      await commit(...[1, 2, 3, 4].map(number => makeInteraction(number, { position: number % 2 })), makeInteraction(1, { executionId: 'execution-2', executionKey: 2 }));
      const list = async (params: object): Promise<number[]> => (await interactions.list({ executionId: 'execution-1', ...params })).map(({ number }) => number);
      expect(await list({})).toEqual([1, 2, 3, 4]);
      expect(await list({ limit: 2 })).toEqual([1, 2]);
      expect(await list({ after: 2, limit: 1 })).toEqual([3]);
      expect(await list({ position: 1 })).toEqual([1, 3]);
      expect(await interactions.last('execution-1')).toBe(4);
      expect(await interactions.last('execution-3')).toBe(0);
    });

    it('finds what is under way in all executions', async () => {
      const interactions = await begin();
      await commit(makeInteraction(2, { executionId: 'execution-2', executionKey: 2 }), makeInteraction(1), makeInteraction(2, done), makeInteraction(3));
      const found = async (limit: number): Promise<string[]> => (await interactions.listPending(limit)).map(({ executionId, number }) => `${executionId}/${number}`);
      expect(await found(10)).toEqual(['execution-1/1', 'execution-1/3', 'execution-2/2']);
      expect(await found(2)).toEqual(['execution-1/1', 'execution-1/3']);
    });

    it('adds up by step and model', async () => {
      const interactions = await begin();
      const ended = { status: 'failed', settledAt: start + 50, failure } as const;
      await commit(
        makeInteraction(1, done), makeInteraction(2, { ...done, item: 1 }), makeInteraction(3, { ...ended, model: 'b' }), makeInteraction(4),
        makeInteraction(5, { ...done, position: 2, stepId: 'step-2', cost: null, totalTokens: null }),
      );
      const nothing = { pending: 0, completed: 0, failed: 0, cancelled: 0, inputTokens: 0, outputTokens: 0, totalTokens: 0, cost: 0, durationMs: 0 };
      expect(await interactions.total('execution-1')).toEqual([
        { ...nothing, position: 0, stepId: 'step-0', model: 'a-1', calls: 3, pending: 1, completed: 2, inputTokens: 20, outputTokens: 10, totalTokens: 30, cost: 0.5, durationMs: 500 },
        { ...nothing, position: 0, stepId: 'step-0', model: 'b', calls: 1, failed: 1, durationMs: 50 },
        { ...nothing, position: 2, stepId: 'step-2', model: 'a-1', calls: 1, completed: 1, inputTokens: 10, outputTokens: 5, durationMs: 250 },
      ]);
      expect(await interactions.total('execution-2')).toEqual([]);
    });

    it('adds up what one generation called', async () => {
      const interactions = await begin();
      await commit(makeInteraction(1, done), makeInteraction(2, { ...done, executionKey: 2 }), makeInteraction(3, { ...done, executionKey: 2 }));
      const count = async (key?: number): Promise<number[]> => (await interactions.total('execution-1', key)).map(({ calls }) => calls);
      expect([await count(), await count(1), await count(2), await count(3)]).toEqual([[3], [1], [2], []]);
    });

    it('goes with its execution', async () => {
      const { store } = subject.current;
      const interactions = await begin();
      await commit(makeInteraction(1, done), makeInteraction(1, { executionId: 'execution-2', executionKey: 2 }));
      await store.commit(makeBatch({ executions: [makeExecution(1, scored)] }));
      await store.prune({ settledBefore: start + 10_000 });
      expect(await interactions.list({ executionId: 'execution-1' })).toEqual([]);
      expect(await interactions.list({ executionId: 'execution-2' })).toHaveLength(1);
    });
  });
}
