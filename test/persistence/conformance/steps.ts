import { describe, expect, it } from 'vitest';
import { completed, failure, makeAttempt, makeBatch, makeExecution, makeStep, owner, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

export function testSteps(subject: Subject): void {
  describe('steps', () => {
    it('follows a step through its life', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(1)] }));
      const life = [
        makeStep(1, 0),
        makeStep(1, 0, { status: 'retrying', failure, dueAt: start + 10 }),
        makeStep(1, 0, { run: 2, attempt: 2, failure }),
        makeStep(1, 0, { status: 'pending', run: 2, attempt: 1, failure }),
        makeStep(1, 0, { run: 3, attempt: 2, interruptions: 1 }),
        makeStep(1, 0, { status: 'waiting', run: 3, attempt: 2, interruptions: 1, dueAt: start + 99 }),
        makeStep(1, 0, { ...completed, run: 3, attempt: 2, interruptions: 1 }),
      ];
      for (const step of life) {
        await store.commit(makeBatch({ steps: [step] }));
        expect(await store.listSteps(1)).toEqual([step]);
      }
    });

    it('takes every first row a step can have', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const firsts = [
        makeStep(1, 0),
        makeStep(1, 1, { status: 'waiting' }),
        makeStep(1, 2, { status: 'waiting', run: 0, attempt: 0, dueAt: start }),
        makeStep(1, 3, { status: 'skipped', run: 0, attempt: 0, startedAt: null, settledAt: start, failure }),
        makeStep(1, 4, { status: 'cancelled', run: 0, attempt: 0, startedAt: null, settledAt: start, failure }),
        makeStep(1, 5, { status: 'failed', run: 0, attempt: 0, startedAt: null, settledAt: start, failure }),
        makeStep(1, 6, { run: 0, attempt: 0, counters: '{"total":3}' }),
        makeStep(1, 7, { ...completed, run: 0, attempt: 0, counters: '{"total":0}' }),
        makeStep(1, 8, { status: 'pending', run: 0, attempt: 0, startedAt: null }),
        makeStep(1, 9, completed),
      ];
      await store.commit(makeBatch({ steps: firsts }));
      expect(await store.listSteps(1)).toEqual(firsts);
      await store.commit(makeBatch({ steps: [makeStep(1, 1), makeStep(1, 6, { ...completed, run: 0, attempt: 0, counters: '{"total":3,"settled":3}' })] }));
      expect((await store.listSteps(1)).map(step => step.status)).toEqual([
        'running', 'running', 'waiting', 'skipped', 'cancelled', 'failed', 'completed', 'completed', 'pending', 'completed',
      ]);
    });

    it('moves a step twice in one batch', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ steps: [makeStep(1, 0), makeStep(1, 0, completed)] }));
      expect(await store.listSteps(1)).toEqual([makeStep(1, 0, completed)]);
    });

    it('replaces all of a row, also when a first run is not what was stored', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const late = { startedAt: start + 7, runAt: start + 7 };
      const lives = [
        [makeStep(1, 0), makeStep(1, 0, late), makeStep(1, 0, { ...completed, ...late })],
        [makeStep(1, 1, { failure }), makeStep(1, 1, completed)],
        [makeStep(1, 2, { status: 'waiting', recovery: 'ask' }), makeStep(1, 2, completed)],
        [makeStep(1, 3, { interruptions: 1 }), makeStep(1, 3, { ...completed, ...late })],
        [makeStep(1, 4, { counters: '{"total":1}' }), makeStep(1, 4, completed)],
      ];
      for (const life of lives) {
        for (const step of life) {
          await store.commit(makeBatch({ steps: [step] }));
          expect((await store.listSteps(1)).at(-1)).toEqual(step);
        }
      }
    });

    it('lists steps and items by place, as numbers, and only those of the execution', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const places = [[10, 2], [2, -1], [10, -1], [10, 11], [1, -1], [10, 0]] as const;
      await store.commit(
        makeBatch({
          steps: [...places.map(([position, item]) => makeStep(2, position, { item })), makeStep(1, 0), makeStep(12, 0)],
          attempts: [...places.map(([position, item]) => makeAttempt(2, position, { item })), makeAttempt(2, 10, { item: 2, run: 10 }), makeAttempt(2, 10, { item: 2, run: 9 }), makeAttempt(1, 0)],
        }),
      );
      expect((await store.listSteps(2)).map(({ position, item }) => [position, item])).toEqual([[1, -1], [2, -1], [10, -1], [10, 0], [10, 2], [10, 11]]);
      expect((await store.listAttempts(2)).map(({ position, item, run }) => [position, item, run])).toEqual([
        [1, -1, 1], [2, -1, 1], [10, -1, 1], [10, 0, 1], [10, 2, 1], [10, 2, 9], [10, 2, 10], [10, 11, 1],
      ]);
      expect(await store.listSteps(3)).toEqual([]);
    });

    it('keeps a row per attempt and answers with the output of the completed one', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const attempts = [
        makeAttempt(1, 0, { status: 'failed', failure, output: null }),
        makeAttempt(1, 0, { run: 2, status: 'interrupted', failure, output: null }),
        makeAttempt(1, 0, { run: 3, attempt: 2, output: '{"value":"ü \\u0000"}' }),
        makeAttempt(1, 1, { status: 'cancelled', output: null }),
        makeAttempt(1, 2, { status: 'released', output: null }),
        makeAttempt(1, 3, { output: null }),
      ];
      await store.commit(makeBatch({ attempts }));
      expect(await store.listAttempts(1)).toEqual(attempts);
      const reader = subject.current.read();
      expect(await reader.getOutput(1, 0, -1)).toBe('{"value":"ü \\u0000"}');
      for (const position of [1, 2, 3, 4]) expect(await reader.getOutput(1, position, -1)).toBeUndefined();
      expect(await reader.getOutput(2, 0, -1)).toBeUndefined();
    });

    it('lists the outputs of completed items by their place in the list', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(
        makeBatch({
          attempts: [
            makeAttempt(1, 4, { item: 10, output: '10' }), makeAttempt(1, 4, { item: 2, output: '2' }), makeAttempt(1, 4, { output: 'null' }),
            makeAttempt(1, 4, { item: 3, status: 'failed', failure, output: null }), makeAttempt(1, 5, { item: 0, output: '0' }),
          ],
        }),
      );
      expect(await store.listItemOutputs(1, 4)).toEqual([{ item: 2, output: '2' }, { item: 10, output: '10' }]);
      expect(await store.listItemOutputs(1, 6)).toEqual([]);
    });

    it('keeps inputs and outputs of many megabytes', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const large = JSON.stringify('ä'.repeat(3_000_000));
      await store.commit(
        makeBatch({ executions: [makeExecution(1, { input: large })], attempts: [makeAttempt(1, 0, { output: large })], inputs: [{ executionKey: 1, position: 0, item: -1, input: large }] }),
      );
      expect((await store.getExecution('execution-1'))?.input).toBe(large);
      expect(await store.getOutput(1, 0, -1)).toBe(large);
      expect(await store.getInput(1, 0, -1)).toBe(large);
      expect(await store.getInput(1, 0, 0)).toBeUndefined();
    });
  });
}
