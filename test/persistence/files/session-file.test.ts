import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFilesStore } from '../../../src/files.ts';
import { completed, failed, failure, makeAttempt, makeBatch, makeExecution, makeStep, owner, scored, start } from '../conformance/fixtures.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sessionPath = (id: string): string => join(folder, 'sessions', `session_${id}.json`);
const readSession = (id: string): { steps: { index: number; output: unknown; status: string; runs: unknown[] }[]; [key: string]: unknown } => JSON.parse(readFileSync(sessionPath(id), 'utf8'));

describe('a session file', () => {
  it('is written when the execution has settled, with every step in numeric order', () => {
    const store = openFilesStore({ folder, durability: 'process' });
    store.acquire(owner);
    const positions = Array.from({ length: 12 }, (_, index) => 11 - index);
    store.commit(makeBatch({ executions: [makeExecution(1)], steps: positions.map(position => makeStep(1, position, completed)), attempts: positions.map(position => makeAttempt(1, position, { output: String(position) })) }));
    expect(existsSync(join(folder, 'sessions'))).toBe(false);
    store.commit(makeBatch({ executions: [makeExecution(1, scored)] }));
    const session = readSession('execution-1');
    expect(session).toMatchObject({ format: 'flowstone.session', executionId: 'execution-1', status: 'scored', score: 0.75, passed: true, input: { key: 1 } });
    expect(session.steps.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(session.steps.map(({ output }) => output)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(session.steps[10]).toMatchObject({ sessionId: 'execution-1_step_10' });
    store.close();
  });

  it('tells failures as failures', () => {
    const store = openFilesStore({ folder, durability: 'process' });
    store.acquire(owner);
    store.commit(
      makeBatch({
        executions: [makeExecution(1, failed)], steps: [makeStep(1, 0, { status: 'failed', failure, settledAt: start })],
        attempts: [makeAttempt(1, 0, { status: 'failed', failure, output: null }), makeAttempt(1, 0, { run: 2, attempt: 2, status: 'failed', failure, output: null })],
      }),
    );
    expect(readSession('execution-1')).toMatchObject({ status: 'failed', passed: false, score: 0, failure, steps: [{ status: 'failed', output: null, failure, runs: [{ run: 1 }, { run: 2, failure }] }] });
    store.close();
  });

  it('is written by the next owner when the last one died before, or could not', () => {
    const store = openFilesStore({ folder, durability: 'process' });
    store.acquire(owner);
    // A file in the folder's place: nothing can be written into it.
    writeFileSync(join(folder, 'sessions'), '');
    store.commit(makeBatch({ executions: [makeExecution(1, scored)] }));
    expect(store.getExecution('execution-1')?.status).toBe('scored');
    rmSync(join(folder, 'sessions'));
    store.commit(makeBatch({ executions: [makeExecution(2, scored)] }));
    expect(existsSync(sessionPath('execution-1'))).toBe(true);
    store.close();
    rmSync(sessionPath('execution-2'));
    const next = openFilesStore({ folder });
    next.acquire(owner);
    expect(readSession('execution-2')).toMatchObject({ executionId: 'execution-2' });
    next.close();
  });

  it('goes with its execution, and never leaves the folder', () => {
    const store = openFilesStore({ folder, durability: 'process' });
    store.acquire(owner);
    store.commit(makeBatch({ executions: [makeExecution(1, { ...scored, executionId: '../../evil/*' })] }));
    expect(readdirSync(join(folder, 'sessions'))).toEqual(['session_..%2F..%2Fevil%2F%2A.json']);
    expect(store.prune({ settledBefore: start + 5_000 })).toBe(1);
    expect(readdirSync(join(folder, 'sessions'))).toEqual([]);
    store.close();
  });

  it('is for its user alone', () => {
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o755);
    const store = openFilesStore({ folder: join(folder, 'store') });
    store.acquire(owner);
    store.commit(makeBatch({ executions: [makeExecution(1, scored)] }));
    store.close();
    expect(readdirSync(join(folder, 'store')).toSorted()).toEqual(['journal.jsonl', 'owner.1.json', 'sessions']);
  });
});
