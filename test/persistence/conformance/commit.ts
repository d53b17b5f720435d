import { describe, expect, it } from 'vitest';
import type { CommitBatch } from '../../../persistence/store.ts';
import { isFlowError } from '../../../src/core/errors.ts';
import { completed, failed, failure, makeAttempt, makeBatch, makeExecution, makeStep, owner, pending, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

/** The error a call throws; fails when it throws none. */
export async function catchError(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('Expected an error, but there was none');
}

export async function expectCode(call: () => unknown, code: string): Promise<void> {
  const error = await catchError(call);
  expect(isFlowError(error), String(error)).toBe(true);
  expect((error as { code: string }).code).toBe(code);
}

export function testCommit(subject: Subject): void {
  describe('commit', () => {
    it('stores everything of a batch', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const execution = makeExecution(1, { idempotencyKey: 'order-7', parentId: 'execution-0', parentStep: 'child[2]', priority: -5, seq: 2, context: '{"total":1}' });
      const step = makeStep(1, 0, { item: 3, status: 'retrying', dueAt: start + 50, failure, run: 2, attempt: 2, interruptions: 1, counters: '{"a":1}' });
      const attempt = makeAttempt(1, 0, { item: 3, status: 'failed', failure, output: null });
      const definition = { digest: 'digest', flowId: 'flow', version: '1.0.0', definition: '{}', createdAt: start };
      const journal = { executionKey: 1, seq: 1, at: start, entries: '[["",{"type":"flow.start"},"stepping"],["a",{},"running"]]' };
      const signal = { executionKey: 1, number: 1, name: 'approve', payload: '{"by":"A"}', receivedAt: start };
      await store.commit(
        makeBatch({
          definitions: [definition], executions: [execution], steps: [step], attempts: [attempt],
          inputs: [{ executionKey: 1, position: 0, item: 3, input: '{"x":1}' }], journal: [journal], signals: { received: [signal], consumed: [] },
        }),
      );
      for (const reader of [store, subject.current.read()]) {
        expect(await reader.getDefinition('digest')).toEqual(definition);
        expect(await reader.getExecution('execution-1')).toEqual(execution);
        expect(await reader.findByIdempotencyKey('order-7')).toEqual(execution);
        expect(await reader.listSteps(1)).toEqual([step]);
        expect(await reader.listAttempts(1)).toEqual([attempt]);
        expect(await reader.getInput(1, 0, 3)).toBe('{"x":1}');
        expect(await reader.readJournal(1, 0)).toEqual([journal]);
        expect(await reader.listSignals(1)).toEqual([signal]);
      }
    });

    it('stores an empty batch', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({}));
      expect(await store.listExecutions({})).toEqual([]);
    });

    it('keeps the first of two definitions with one digest', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const definition = { digest: 'd', flowId: 'flow', version: '1', definition: '{"a":1}', createdAt: start };
      await store.commit(makeBatch({ definitions: [definition] }));
      await store.commit(makeBatch({ definitions: [{ ...definition, createdAt: start + 1 }] }));
      expect(await store.getDefinition('d')).toEqual(definition);
      expect(await store.getDefinition('e')).toBeUndefined();
    });

    it('replaces what moves in an execution and keeps what it was started with', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1, { ...pending, input: '{"first":true}' })] }));
      await store.commit(makeBatch({ executions: [makeExecution(1, { input: '{"second":true}', flowId: 'other', context: '{"b":2}', seq: 4 })] }));
      expect(await store.getExecution('execution-1')).toEqual(makeExecution(1, { input: '{"first":true}', context: '{"b":2}', seq: 4 }));
      await store.commit(makeBatch({ executions: [makeExecution(1, scored)] }));
      expect(await store.getExecution('execution-1')).toEqual(makeExecution(1, { ...scored, input: '{"first":true}' }));
    });

    it('takes executions in any order of their keys, and what moves while they work', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(7)] }));
      await store.commit(makeBatch({ executions: [makeExecution(5, pending), makeExecution(9)] }));
      const lives = [
        makeExecution(5, { startedAt: start + 90 }),
        makeExecution(7, { status: 'consolidating', context: '{"a":1}', seq: 3 }),
        makeExecution(9, { wakeAt: start + 500, seq: 2 }),
        makeExecution(9, { seq: 3 }),
        makeExecution(9, { startedAt: start + 99, seq: 4 }),
      ];
      for (const row of lives) {
        await store.commit(makeBatch({ executions: [row] }));
        expect(await store.getExecution(row.executionId)).toEqual(row);
      }
    });

    it('never replaces a settled execution', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1, scored), makeExecution(2, failed)] }));
      await expectCode(() => store.commit(makeBatch({ executions: [makeExecution(1)] })), 'record_settled');
      await expectCode(() => store.commit(makeBatch({ executions: [makeExecution(1, scored)] })), 'record_settled');
      await expectCode(() => store.commit(makeBatch({ executions: [makeExecution(2, scored)] })), 'record_settled');
      expect(await store.getExecution('execution-1')).toEqual(makeExecution(1, scored));
      expect(await store.getExecution('execution-2')).toEqual(makeExecution(2, failed));
    });

    it('never replaces a settled step', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const settled = [
        makeStep(1, 0, completed),
        makeStep(1, 1, { status: 'failed', failure, settledAt: start }),
        makeStep(1, 2, { status: 'skipped', failure, startedAt: null, settledAt: start, run: 0, attempt: 0 }),
        makeStep(1, 3, { status: 'cancelled', failure, settledAt: start }),
      ];
      await store.commit(makeBatch({ executions: [makeExecution(1)], steps: settled }));
      for (const step of settled) {
        await expectCode(() => store.commit(makeBatch({ steps: [makeStep(1, step.position)] })), 'record_settled');
        await expectCode(() => store.commit(makeBatch({ steps: [makeStep(1, step.position, { run: 3 })] })), 'record_settled');
        await expectCode(() => store.commit(makeBatch({ steps: [step] })), 'record_settled');
      }
      expect(await store.listSteps(1)).toEqual(settled);
    });

    it('stores nothing of a batch when one row of it cannot be stored', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1)], steps: [makeStep(1, 0, completed)], attempts: [makeAttempt(1, 0)] }));
      const bad: Partial<CommitBatch>[] = [
        { attempts: [makeAttempt(1, 0)] },
        { steps: [makeStep(1, 0)] },
        { executions: [makeExecution(3, { executionId: 'execution-1' })] },
        { inputs: [{ executionKey: 1, position: 1, item: -1, input: '1' }, { executionKey: 1, position: 1, item: -1, input: '2' }] },
        { journal: [{ executionKey: 1, seq: 1, at: start, entries: '[["",{},null]]' }, { executionKey: 1, seq: 1, at: start, entries: '[["",{},null]]' }] },
      ];
      for (const { executions = [], ...parts } of bad) {
        await catchError(() => store.commit(makeBatch({ ...parts, executions: [makeExecution(2), ...executions] })));
        expect(await store.getExecution('execution-2')).toBeUndefined();
      }
      expect(await store.getInput(1, 1, -1)).toBeUndefined();
      expect(await store.readJournal(1, 0)).toEqual([]);
      expect(await store.listAttempts(1)).toEqual([makeAttempt(1, 0)]);
      await store.commit(makeBatch({ executions: [makeExecution(2)] }));
      expect(await store.getExecution('execution-2')).toEqual(makeExecution(2));
    });

    it('answers with commit_failed when a row breaks the lifecycle', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const bad: Partial<CommitBatch>[] = [
        { executions: [makeExecution(1, { settledAt: start })] },
        { executions: [makeExecution(1, { ...scored, passed: null })] },
        { executions: [makeExecution(1, { ...pending, wakeAt: 0 })] },
        { executions: [makeExecution(1, { ...failed, passed: true })] },
        { executions: [makeExecution(1, { status: 'done' })] },
        { steps: [makeStep(1, 0, { status: 'completed' })] },
        { steps: [makeStep(1, 0, { ...completed, failure })] },
        { steps: [makeStep(1, 0, { status: 'failed', settledAt: start })] },
        { steps: [makeStep(1, 0, { status: 'retrying', failure })] },
        { steps: [makeStep(1, 0, { item: -2 })] },
        { attempts: [makeAttempt(1, 0, { run: 0 })] },
        { attempts: [makeAttempt(1, 0, { status: 'running' })] },
      ];
      for (const parts of bad) await expectCode(() => store.commit(makeBatch(parts)), 'commit_failed');
      expect(await store.listExecutions({})).toEqual([]);
      expect(await store.listSteps(1)).toEqual([]);
      expect(await store.listAttempts(1)).toEqual([]);
    });

    it('keeps two executions from sharing an idempotency key', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1, { idempotencyKey: 'k' })] }));
      await expectCode(() => store.commit(makeBatch({ executions: [makeExecution(2, { idempotencyKey: 'k' })] })), 'commit_failed');
      await store.commit(makeBatch({ executions: [makeExecution(2), makeExecution(3)] }));
      expect((await store.findByIdempotencyKey('k'))?.key).toBe(1);
    });

    it('keeps its own copy of what it is given', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const details = { status: 503, tags: ['a'] };
      const step = makeStep(1, 0, { status: 'failed', failure: { ...failure, details }, settledAt: start });
      await store.commit(makeBatch({ steps: [step] }));
      details.tags.push('b');
      step.attempt = 9;
      const [found] = await store.listSteps(1);
      expect(found).toMatchObject({ attempt: 1, failure });
      if (found?.failure) found.failure.message = 'changed by a reader';
      expect((await store.listSteps(1))[0]?.failure).toEqual(failure);
    });
  });
}
