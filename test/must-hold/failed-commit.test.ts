import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import type { SqliteDatabase } from '../../persistence/sqlite/driver.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { replayJournal } from '../../src/testing/replay.ts';
import { createGate, openRuntime, settleTicks, until } from '../runtime/open-runtime.ts';
import { createFailingStore } from './failing-store.ts';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'flowstone-commit-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const flow: FlowSource = {
  id: 'pair',
  steps: [{ id: 'a', uses: 'tool:work' }, { id: 'b', uses: 'tool:work', depends_on: ['a'] }],
};
const wait: FlowSource = { id: 'wait', steps: [{ id: 'w', uses: 'signal', with: { name: 'go' } }, { id: 'b', uses: 'tool:work', depends_on: ['w'] }] };

const stores = {
  'in memory': () => createMemoryStore(),
  'on disk': () => openSqliteStore({ file: join(folder, 'flows.db') }),
};

describe.each(Object.entries(stores))('a commit that throws, %s', (_name, openInner) => {
  it.each([false, true])('starts no handler and answers no caller; restart goes on (asynchronous: %s)', async asynchronous => {
    const failing = createFailingStore(openInner(), { asynchronous });
    const begun: string[] = [];
    const { runtime } = await openRuntime([flow, wait], { work: ({ stepId, executionId }) => begun.push(`${executionId}/${stepId}`) && { stepId } }, { store: failing.store });
    const waiting = await runtime.start('wait');
    await settleTicks();
    const reason = new Error('injected: the disk is gone');
    failing.fail(reason);

    const answers = await Promise.allSettled([
      runtime.start('pair'),
      runtime.start('pair', { idempotencyKey: 'k' }),
      waiting.signal('go'),
      waiting.cancel(),
      waiting.settled(),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'rejected', 'rejected']);
    await settleTicks();
    expect(begun).toEqual([]);
    expect(failing.refused).toBe(1);
    expect(runtime.health()).toMatchObject({ status: 'faulted', runningSteps: 0, error: reason });
    await expect(runtime.start('pair')).rejects.toMatchObject({ code: 'runtime_faulted', message: expect.stringContaining('injected: the disk is gone') });
    await expect(runtime.signal(waiting.executionId, 'go')).rejects.toMatchObject({ code: 'runtime_faulted' });
    await expect(runtime.cancel(waiting.executionId)).rejects.toMatchObject({ code: 'runtime_faulted' });
    expect(failing.refused).toBe(1);
    // What is stored can still be read.
    expect((await waiting.get()).steps.map(({ status }) => status)).toEqual(['waiting', 'pending']);
    expect((await runtime.list()).map(({ flowId }) => flowId)).toEqual(['wait']);

    failing.fail(undefined);
    await runtime.restart();
    expect(runtime.health().status).toBe('running');
    expect(runtime.health().error).toBeUndefined();
    const pair = await runtime.start('pair', { idempotencyKey: 'k' });
    expect(pair.created).toBe(true);
    await waiting.signal('go', 7);
    expect(await pair.settled()).toMatchObject({ status: 'scored', passed: true });
    expect(await waiting.settled()).toMatchObject({ status: 'scored', passed: true, steps: [{ output: 7 }, { status: 'completed' }] });
    expect(begun).toHaveLength(3);
    for (const { executionId } of [pair, waiting]) expect((await replayJournal(failing.store, executionId)).mismatches).toEqual([]);
    await runtime.stop();
  });

  it('runs a step whose success could not be stored again, as an interrupted run', async () => {
    const failing = createFailingStore(openInner());
    const gate = createGate<number>();
    let aborted = 0;
    const keys: string[] = [];
    let calls = 0;
    const { runtime } = await openRuntime(
      flow,
      {
        work: ({ stepId, signal, idempotencyKey }) => {
          if (stepId === 'b') return 2;
          keys.push(idempotencyKey);
          signal.addEventListener('abort', () => aborted++);
          return calls++ === 0 ? gate.promise : 1;
        },
      },
      { store: failing.store },
    );
    const first = await runtime.start('pair');
    const second = await runtime.start('pair').then(execution => execution.settled(), error => error as Error);
    expect(second).toMatchObject({ passed: true });
    failing.fail(new Error('full'));
    gate.open(1);
    await until(() => runtime.health().status === 'faulted');
    expect((await first.get()).steps[0]).toMatchObject({ status: 'running', attempts: 1 });
    failing.fail(undefined);
    await runtime.restart();
    const settled = await first.settled();
    expect(settled).toMatchObject({ passed: true });
    expect(settled.steps[0]).toMatchObject({ attempts: 1, interruptions: 1, output: 1 });
    expect(new Set(keys).size).toBe(2);
    expect(aborted).toBe(0);
    await runtime.stop();
  });

  it('aborts the handlers that run, and takes nothing of what they still answer', async () => {
    const failing = createFailingStore(openInner());
    const gate = createGate<number>();
    const reasons: unknown[] = [];
    let calls = 0;
    const { runtime } = await openRuntime(
      flow,
      {
        work: ({ stepId, signal }) => {
          if (stepId === 'b' || calls++ > 0) return 'new';
          signal.addEventListener('abort', () => reasons.push((signal.reason as { code: string }).code));
          return gate.promise;
        },
      },
      { store: failing.store },
    );
    const execution = await runtime.start('pair');
    failing.fail(new Error('full'));
    await expect(runtime.start('pair')).rejects.toThrow('full');
    expect(reasons).toEqual(['runtime_faulted']);
    failing.fail(undefined);
    await runtime.restart();
    const settled = execution.settled();
    gate.open(-1);
    expect((await settled).steps[0]).toMatchObject({ output: 'new', interruptions: 1 });
    await runtime.stop();
  });

  it('can be stopped while it stands still', async () => {
    const failing = createFailingStore(openInner());
    const { runtime } = await openRuntime(flow, { work: () => 1 }, { store: failing.store });
    failing.fail(new Error('full'));
    await expect(runtime.start('pair')).rejects.toThrow('full');
    await runtime.stop();
    expect(runtime.health().status).toBe('stopped');
    await expect(runtime.restart()).rejects.toMatchObject({ code: 'runtime_running' });
  });

  it('fails once more when the cause is still there, and answers only then', async () => {
    const failing = createFailingStore(openInner());
    const { runtime } = await openRuntime(flow, { work: () => 1 }, { store: failing.store });
    for (let time = 0; time < 3; time++) {
      failing.fail(new Error(`full ${time}`));
      await expect(runtime.start('pair')).rejects.toThrow(`full ${time}`);
      if (time === 2) failing.fail(undefined);
      await runtime.restart();
    }
    expect(await (await runtime.start('pair')).settled()).toMatchObject({ passed: true });
    expect(await runtime.list()).toHaveLength(1);
    await runtime.stop();
  });
});

describe('a disk that is full', () => {
  it('stops everything with SQLITE_FULL in the reason, keeps what was stored, and goes on when there is room', async () => {
    const database = new Database(join(folder, 'full.db')) as unknown as SqliteDatabase & { pragma(text: string): unknown };
    const store = openSqliteStore({ database });
    let begun = 0;
    const { runtime } = await openRuntime(flow, { work: () => ++begun && { text: 'x'.repeat(20_000) } }, { store });
    const before = await (await runtime.start('pair')).settled();
    const [{ page_count: pages }] = database.pragma('page_count') as [{ page_count: number }];
    database.pragma(`max_page_count = ${pages + 20}`);
    const started = await Promise.allSettled(Array.from({ length: 50 }, () => runtime.start('pair')));
    await until(() => runtime.health().status === 'faulted');
    const { error } = runtime.health();
    expect(error).toMatchObject({ code: 'commit_failed', details: { sqliteCode: 'SQLITE_FULL' }, message: expect.stringContaining('full') });
    const begunBefore = begun;
    await settleTicks();
    expect(begun).toBe(begunBefore);
    const answered = started.filter(({ status }) => status === 'fulfilled').length;
    const stored = await runtime.list({ limit: 1_000 });
    expect(stored.length).toBe(answered + 1);
    expect((await runtime.get(before.executionId)).executionId).toBe(before.executionId);
    expect(stored.filter(({ status }) => status === 'scored').length).toBeLessThan(51);

    database.pragma('max_page_count = 1000000');
    await runtime.restart();
    const all = await Promise.all(stored.map(({ executionId }) => runtime.settled(executionId)));
    expect(all.every(({ passed }) => passed)).toBe(true);
    for (const { executionId } of all) expect((await replayJournal(store, executionId)).mismatches).toEqual([]);
    await runtime.stop();
    (database as unknown as { close(): void }).close();
  });
});

describe('a database that became read-only', () => {
  it('is reported with the reason, and gone on with once it may be written', async () => {
    const database = new Database(join(folder, 'readonly.db')) as unknown as SqliteDatabase & { pragma(text: string): unknown };
    const store = openSqliteStore({ database });
    let begun = 0;
    const { runtime } = await openRuntime(flow, { work: () => ++begun }, { store });
    database.pragma('query_only = 1');
    await expect(runtime.start('pair')).rejects.toMatchObject({ code: 'commit_failed' });
    expect(begun).toBe(0);
    expect(runtime.health()).toMatchObject({ status: 'faulted', error: { code: 'commit_failed', details: { sqliteCode: 'SQLITE_READONLY' } } });
    await expect(runtime.restart()).rejects.toMatchObject({ code: 'commit_failed' });
    expect(runtime.health().status).toBe('faulted');
    database.pragma('query_only = 0');
    await runtime.restart();
    expect(await (await runtime.start('pair')).settled()).toMatchObject({ passed: true });
    expect(await runtime.list()).toHaveLength(1);
    await runtime.stop();
    (database as unknown as { close(): void }).close();
  });
});
