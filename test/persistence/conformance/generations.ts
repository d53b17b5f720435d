import { describe, expect, it } from 'vitest';
import { expectCode } from './commit.ts';
import { completed, failed, failure, makeAttempt, makeBatch, makeExecution, makeStep, owner, pending, scored, start } from './fixtures.ts';
import type { Subject } from './store-suite.ts';

const kept = (originKey: number, originPosition: number) => ({ ...completed, originKey, originPosition });

/** Execution `a` with three lives (keys 1, 3, 5), `b` with two (2, 4), `c` with one (6). */
async function fill({ current: { store } }: Subject): Promise<void> {
  await store.acquire(owner);
  const make = (key: number, executionId: string, generation: number, parts: object) => makeExecution(key, { executionId, generation, idempotencyKey: `key-${executionId}`, ...parts });
  await store.commit(makeBatch({ executions: [make(1, 'a', 1, { ...scored, settledAt: start + 10 }), make(2, 'b', 1, { ...failed, settledAt: start + 20 })] }));
  await store.commit(makeBatch({ executions: [make(3, 'a', 2, { ...failed, settledAt: start + 30 }), make(4, 'b', 2, {})] }));
  await store.commit(makeBatch({ executions: [make(5, 'a', 3, { ...scored, settledAt: start + 50 }), make(6, 'c', 1, { ...scored, settledAt: start + 40 })] }));
}

export function testGenerations(subject: Subject): void {
  describe('generations', () => {
    it('answers with the newest, and with an older one on request', async () => {
      await fill(subject);
      for (const reader of [subject.current.store, subject.current.read()]) {
        expect((await reader.getExecution('a'))?.key).toBe(5);
        expect((await reader.getExecution('a', 1))?.key).toBe(1);
        expect((await reader.getExecution('a', 2))?.key).toBe(3);
        expect(await reader.getExecution('a', 4)).toBeUndefined();
        expect(await reader.getExecution('c', 2)).toBeUndefined();
        expect((await reader.findByIdempotencyKey('key-a'))?.key).toBe(5);
        expect((await reader.listGenerations('a')).map(row => row.generation)).toEqual([3, 2, 1]);
        expect((await reader.listGenerations('a', 2)).map(row => row.generation)).toEqual([3, 2]);
        expect(await reader.listGenerations('nobody')).toEqual([]);
      }
    });

    it('lists and counts each execution once, as its newest generation is', async () => {
      await fill(subject);
      const { store } = subject.current;
      expect((await store.listExecutions({})).map(row => row.key)).toEqual([6, 5, 4]);
      expect((await store.listExecutions({ order: 'oldest', after: 4 })).map(row => row.key)).toEqual([5, 6]);
      expect(await store.listExecutions({ status: ['failed'] })).toEqual([]);
      expect((await store.listExecutions({ status: ['scored', 'stepping'], flowId: 'flow' })).map(row => row.key)).toEqual([6, 5, 4]);
      expect(await store.countExecutions()).toEqual({ pending: 0, stepping: 1, consolidating: 0, scored: 2, failed: 0 });
    });

    it('refuses the same generation twice', async () => {
      await fill(subject);
      const { store } = subject.current;
      await expectCode(() => store.commit(makeBatch({ executions: [makeExecution(7, { ...pending, executionId: 'a', generation: 3 })] })), 'commit_failed');
      await store.commit(makeBatch({ executions: [makeExecution(7, { ...pending, executionId: 'a', generation: 4 })] }));
      expect((await store.getExecution('a'))?.key).toBe(7);
    });

    it('reads what a kept step produced, and was given, where it is kept', async () => {
      const { store, read } = subject.current;
      await store.acquire(owner);
      await store.commit(
        makeBatch({
          steps: [makeStep(1, 2, completed), makeStep(1, 3, { ...completed, counters: '{"total":2}' }), makeStep(1, 3, { ...completed, item: 0 }), makeStep(1, 3, { ...completed, item: 1 })],
          attempts: [makeAttempt(1, 2, { output: '"two"' }), makeAttempt(1, 3, { item: 0, output: '"x"' }), makeAttempt(1, 3, { item: 1, output: '"y"' })],
          inputs: [{ executionKey: 1, position: 2, item: -1, input: '"in"' }, { executionKey: 1, position: 3, item: -1, input: '[1,2]' }],
        }),
      );
      const steps = [
        makeStep(9, 0, kept(1, 2)),
        makeStep(9, 1, { ...kept(1, 3), counters: '{"total":2}', stale: true }),
        makeStep(9, 1, { ...kept(1, 3), item: 0 }),
        makeStep(9, 1, { ...kept(1, 3), item: 1 }),
        makeStep(9, 2),
      ];
      await store.commit(makeBatch({ executions: [makeExecution(9)], steps }));
      await store.commit(makeBatch({ steps: [makeStep(9, 2, completed)], attempts: [makeAttempt(9, 2, { output: '"anew"' })] }));
      for (const reader of [store, read()]) {
        expect(await reader.listSteps(9)).toEqual([...steps.slice(0, 4), makeStep(9, 2, completed)]);
        expect((await reader.listResults(9)).map(({ output }) => output)).toEqual(['"two"', null, '"x"', '"y"', '"anew"']);
        expect(await reader.getOutput(9, 0, -1)).toBe('"two"');
        expect(await reader.getOutput(9, 1, 1)).toBe('"y"');
        expect(await reader.getOutput(9, 2, -1)).toBe('"anew"');
        expect(await reader.listItemOutputs(9, 1)).toEqual([{ item: 0, output: '"x"' }, { item: 1, output: '"y"' }]);
        expect(await reader.getInput(9, 0, -1)).toBe('"in"');
        expect(await reader.getInput(9, 1, -1)).toBe('[1,2]');
        expect(await reader.getInput(9, 2, -1)).toBeUndefined();
        expect((await reader.listAttempts(9)).map(({ position }) => position)).toEqual([2]);
      }
    });

    it('reads what the items of one list produced, some of them kept of one generation, some of another', async () => {
      const { store, read } = subject.current;
      await store.acquire(owner);
      const item = (key: number, number: number, parts: object) => makeStep(key, 3, { ...completed, item: number, ...parts });
      await store.commit(
        makeBatch({
          steps: [makeStep(1, 5, { ...completed, counters: '{"total":4}' }), makeStep(1, 5, { ...completed, item: 2 }), item(2, 0, {})],
          attempts: [makeAttempt(1, 5, { item: 2, output: '"c"' }), makeAttempt(1, 5, { item: 1, output: '"another"' }), makeAttempt(2, 3, { item: 0, output: '"a"' })],
          inputs: [{ executionKey: 1, position: 5, item: 2, input: '"for c"' }, { executionKey: 1, position: 5, item: 1, input: '"for another"' }],
        }),
      );
      await store.commit(makeBatch({ executions: [makeExecution(9)], steps: [makeStep(9, 3, { ...completed, counters: '{"total":4}' }), item(9, 0, kept(2, 3)), item(9, 1, {}), item(9, 2, kept(1, 5))], attempts: [makeAttempt(9, 3, { item: 1, output: '"b"' })] }));
      for (const reader of [store, read()]) {
        expect(await reader.listItemOutputs(9, 3)).toEqual([{ item: 0, output: '"a"' }, { item: 1, output: '"b"' }, { item: 2, output: '"c"' }]);
        expect([await reader.getOutput(9, 3, 2), await reader.getOutput(9, 3, 1), await reader.getOutput(9, 3, 3)]).toEqual(['"c"', '"b"', undefined]);
        expect([await reader.getInput(9, 3, 2), await reader.getInput(9, 3, 1)]).toEqual(['"for c"', undefined]);
        expect((await reader.listResults(9)).map(({ output }) => output)).toEqual([null, '"a"', '"b"', '"c"']);
      }
    });

    it('never writes a kept step again, and keeps only what has settled', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeBatch({ executions: [makeExecution(9)], steps: [makeStep(9, 0, kept(1, 0))] }));
      await expectCode(() => store.commit(makeBatch({ steps: [makeStep(9, 0)] })), 'record_settled');
      await expectCode(() => store.commit(makeBatch({ steps: [makeStep(9, 0, kept(2, 0))] })), 'record_settled');
      await expectCode(() => store.commit(makeBatch({ steps: [makeStep(9, 1, { originKey: 1, originPosition: 1 })] })), 'commit_failed');
      await expectCode(() => store.commit(makeBatch({ steps: [makeStep(9, 1, { ...completed, originKey: 1, originPosition: null })] })), 'commit_failed');
      expect(await store.listSteps(9)).toEqual([makeStep(9, 0, kept(1, 0))]);
    });

    it('prunes only the executions that are named, when they are', async () => {
      await fill(subject);
      const { store } = subject.current;
      expect(await store.prune({ settledBefore: start + 51, executionIds: ['b', 'nobody'] })).toBe(0);
      expect(await store.listGenerations('a')).toHaveLength(3);
      expect(await store.prune({ settledBefore: start + 51, executionIds: ['a', 'b'] })).toBe(1);
      expect(await store.listGenerations('a')).toEqual([]);
      expect(await store.listGenerations('b')).toHaveLength(2);
    });

    it('prunes an execution with all its generations, once the newest has settled long enough', async () => {
      await fill(subject);
      const { store } = subject.current;
      await store.commit(makeBatch({ steps: [1, 2, 3, 5].map(key => makeStep(key, 0, { status: 'failed', failure, settledAt: start + 5 })) }));
      expect(await store.prune({ settledBefore: start + 35 })).toBe(0);
      expect(await store.listGenerations('a')).toHaveLength(3);
      expect(await store.prune({ settledBefore: start + 51 })).toBe(2);
      for (const key of [1, 3, 5]) expect(await store.listSteps(key)).toEqual([]);
      expect(await store.listGenerations('a')).toEqual([]);
      expect(await store.findByIdempotencyKey('key-a')).toBeUndefined();
      // One generation of it goes on.
      expect(await store.listGenerations('b')).toHaveLength(2);
      expect(await store.listSteps(2)).toHaveLength(1);
      expect(await store.countExecutions()).toEqual({ pending: 0, stepping: 1, consolidating: 0, scored: 0, failed: 0 });
    });
  });
}
