import { describe, expect, it } from 'vitest';
import { completed, failed, failure, makeBatch, makeExecution, makeStep, owner, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const sort = (rows: readonly { stepId: string; durationMs: number }[]): string[] => rows.map(({ stepId, durationMs }) => `${stepId} ${durationMs}`).toSorted();

export function testDurations(subject: Subject): void {
  describe('durations', () => {
    it('are the last runs of completed steps, of the newest executions of the flow before the one named', async () => {
      const { store, read } = subject.current;
      await store.acquire(owner);
      const took = (ms: number) => ({ ...completed, startedAt: start, runAt: start + 100, settledAt: start + 100 + ms });
      await store.commit(makeBatch({
        executions: [makeExecution(1, scored), makeExecution(2, failed), makeExecution(3, { ...scored, flowId: 'other' }), makeExecution(4), makeExecution(5, scored)],
        steps: [
          makeStep(1, 0, took(10)), makeStep(1, 1, took(11)),
          makeStep(2, 0, took(20)), makeStep(2, 1, { status: 'failed', settledAt: start + 9, failure }), makeStep(2, 2, { ...took(22), counters: '{"total":1}' }), makeStep(2, 2, { ...took(5), item: 0 }),
          makeStep(3, 0, took(30)),
          makeStep(4, 0, { ...took(40), runAt: null }), makeStep(4, 1), makeStep(4, 2, { ...took(42), originKey: 2, originPosition: 2 }),
          makeStep(5, 0, took(50)),
        ],
      }));
      for (const reader of [store, read()]) {
        const all = { flowId: 'flow', before: 5, executions: 20, steps: 3 };
        expect(sort(await reader.listDurations(all))).toEqual(['step-0 10', 'step-0 140', 'step-0 20', 'step-1 11', 'step-2 22']);
        expect(sort(await reader.listDurations({ ...all, executions: 2 }))).toEqual(['step-0 140', 'step-0 20', 'step-2 22']);
        expect(sort(await reader.listDurations({ ...all, steps: 1 }))).toEqual(['step-0 10', 'step-0 140', 'step-0 20']);
        expect(sort(await reader.listDurations({ ...all, before: 1 }))).toEqual([]);
        expect(sort(await reader.listDurations({ ...all, flowId: 'other' }))).toEqual(['step-0 30']);
      }
    });
  });
}
