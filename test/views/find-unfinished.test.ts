import { describe, expect, it } from 'vitest';
import type { ExecutionRecord } from '../../persistence/records.ts';
import { describeResumed, findSameRun, withDescendants } from '../../src/views/cli/find-unfinished.ts';
import { createRunKey, readStartFolder } from '../../src/views/cli/start-folder.ts';

const now = 1_767_225_600_000;

function record(executionId: string, changes: Partial<ExecutionRecord> = {}): ExecutionRecord {
  return {
    key: 1, executionId, flowId: 'flow', flowVersion: '1', digest: 'd1', input: '{"a":1,"b":[2]}', priority: 0, idempotencyKey: createRunKey(now, '/work'),
    parentId: null, parentStep: null, context: '{}', seq: 0, createdAt: now, status: 'stepping', wakeAt: 0, startedAt: now, settledAt: null, score: null, passed: null, failure: null,
    ...changes,
  } as ExecutionRecord;
}

const wanted = { flowId: 'flow', digest: 'd1', input: { b: [2], a: 1 }, cwd: '/work', idempotencyKey: undefined };

describe('the run that a second `run` goes on with', () => {
  it('has the same definition, the same input and the same folder', () => {
    expect(findSameRun([record('x')], wanted)?.executionId).toBe('x');
    expect(findSameRun([record('x', { digest: 'd2' })], wanted)).toBeUndefined();
    expect(findSameRun([record('x', { input: '{"a":2}' })], wanted)).toBeUndefined();
    expect(findSameRun([record('x', { idempotencyKey: createRunKey(now, '/elsewhere') })], wanted)).toBeUndefined();
    expect(findSameRun([record('x', { idempotencyKey: 'mine' })], wanted)).toBeUndefined();
    expect(findSameRun([record('x', { parentId: 'p' })], wanted)).toBeUndefined();
  });

  it('is the one with the same idempotency key when one is given', () => {
    const all = [record('x'), record('y', { idempotencyKey: 'mine', input: '{}' })];
    expect(findSameRun(all, { ...wanted, idempotencyKey: 'mine' })?.executionId).toBe('y');
    expect(findSameRun(all, { ...wanted, idempotencyKey: 'yours' })).toBeUndefined();
  });

  it('brings the flows it started along', () => {
    const all = [record('grandchild', { parentId: 'child' }), record('x'), record('child', { parentId: 'x' }), record('other')];
    expect([...withDescendants(all, ['x'])].toSorted()).toEqual(['child', 'grandchild', 'x']);
  });

  it('is told apart by a key that names the folder, also an odd one', () => {
    expect(readStartFolder(createRunKey(now, '/a b/ü:\n'))).toBe('/a b/ü:\n');
    expect(readStartFolder('mine')).toBeUndefined();
    expect(createRunKey(now, '/a')).not.toBe(createRunKey(now, '/a'));
  });

  it('is announced with what it brings along', () => {
    expect(describeResumed('x', 9, { completed: 4, cutOff: 1 })).toBe('Resumed x: 4 of 9 steps were already completed, 1 run was cut off');
    expect(describeResumed('x', 9, { completed: 1, cutOff: 0 })).toBe('Resumed x: 1 of 9 steps was already completed');
    expect(describeResumed('x', 9, { completed: 0, cutOff: 2 })).toBe('Resumed x: 0 of 9 steps were already completed, 2 runs were cut off');
  });
});
