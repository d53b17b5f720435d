import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { SimulatedClock, systemClock } from '../../src/core/clock.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { createFolder, run } from './program-harness.ts';

let folder: ReturnType<typeof createFolder>;
beforeEach(() => {
  folder = createFolder();
});
afterEach(() => folder.remove());

const day = 86_400_000;
const flows = [
  defineFlow({ id: 'quick', steps: [{ id: 'one', uses: 'tool:value.make', with: { n: 1 } }] }),
  defineFlow({ id: 'asks', steps: [{ id: 'one', uses: 'signal', with: { name: 'go' } }] }),
];

/** A database with executions that began so many days ago, and one that waits; returns their ids. */
async function fill(daysAgo: readonly number[] = [0], waits = false): Promise<string[]> {
  const ids: string[] = [];
  for (const days of daysAgo) {
    const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder.path, 'flowstone.db'), durability: 'process' }), flows, listen: false, clock: new SimulatedClock(systemClock.now() - days * day) });
    const execution = await runtime.start('quick');
    await execution.settled();
    ids.push(execution.executionId);
    if (waits) ids.push((await runtime.start('asks')).executionId);
    await runtime.stop({ timeoutMs: 0 });
  }
  return ids;
}

const json = async (...argv: string[]): Promise<{ code: number | null; document: Record<string, unknown> }> => {
  const { code, stdout } = await run([...argv, '--json'], folder.path);
  return { code, document: JSON.parse(stdout) as Record<string, unknown> };
};

const listIds = async (): Promise<string[]> => ((await json('list')).document['executions'] as { executionId: string }[]).map(({ executionId }) => executionId);

describe('delete', () => {
  it('deletes those that are named, and no other', async () => {
    const [first = '', second = '', third = ''] = await fill([0, 0, 0]);
    expect(await json('delete', first, third)).toMatchObject({ code: 0, document: { deleted: [first, third] } });
    expect(await listIds()).toEqual([second]);
    expect((await json('delete', first)).document).toMatchObject({ error: { code: 'execution_not_found' } });
  });

  it('deletes none when one of them has not settled', async () => {
    const ids = await fill([0], true);
    const { code, document } = await json('delete', ...ids);
    expect([code, (document['error'] as { code: string }).code]).toEqual([1, 'execution_unsettled']);
    expect((await listIds()).toSorted()).toEqual(ids.toSorted());
  });

  it('is done by the runtime that owns the database, which goes on', async () => {
    const [id = '', other = ''] = await fill([0, 0]);
    const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder.path, 'flowstone.db') }), flows });
    const waiting = await runtime.start('asks');
    expect(await json('delete', id)).toMatchObject({ code: 0, document: { deleted: [id], deletedBy: process.pid } });
    await expect(runtime.get(id)).rejects.toMatchObject({ code: 'execution_not_found' });
    expect(await json('delete', waiting.executionId)).toMatchObject({ code: 1, document: { error: { code: 'execution_unsettled' } } });
    expect((await runtime.list()).map(({ executionId }) => executionId)).toEqual([waiting.executionId, other]);
    await waiting.signal('go');
    expect(await waiting.settled()).toMatchObject({ passed: true });
    expect(await json('delete', waiting.executionId)).toMatchObject({ code: 0 });
    await runtime.stop();
    expect(await listIds()).toEqual([other]);
  });

  it('is refused, with what to do, beside a runtime that takes no requests', async () => {
    const [id = ''] = await fill();
    const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder.path, 'flowstone.db') }), listen: false });
    expect(await json('delete', id)).toMatchObject({ code: 3, document: { error: { code: 'owner_unreachable', message: expect.stringContaining('stop it first') } } });
    await runtime.stop();
    expect(await listIds()).toEqual([id]);
  });
});

describe('prune', () => {
  it('deletes what settled before, and keeps what is newer or has not settled', async () => {
    const [, old = '', waiting = '', recent = ''] = [undefined, ...(await fill([40], true)), ...(await fill([2]))];
    expect(await json('prune', '--older-than', '30d')).toMatchObject({ code: 0, document: { executions: 1 } });
    expect((await listIds()).toSorted()).toEqual([waiting, recent].toSorted());
    expect(old).not.toBe('');
  });

  it('is done by the runtime that owns the database', async () => {
    const [old = '', recent = ''] = await fill([40, 2]);
    const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder.path, 'flowstone.db') }), flows, retentionMs: null });
    expect(await json('prune', '--older-than', '30d')).toMatchObject({ code: 0, document: { executions: 1, prunedBy: process.pid } });
    await expect(runtime.get(old)).rejects.toMatchObject({ code: 'execution_not_found' });
    expect((await runtime.list()).map(({ executionId }) => executionId)).toEqual([recent]);
    await runtime.stop();
  });

  it('refuses what is no duration, and nothing at all', async () => {
    await fill();
    expect(await json('prune', '--older-than', 'yesterday')).toMatchObject({ code: 2, document: { error: { code: 'duration_invalid' } } });
    expect(await json('prune')).toMatchObject({ code: 2, document: { error: { code: 'usage_invalid' } } });
    expect(await listIds()).toHaveLength(1);
  });
});

describe('backup and restore', () => {
  it('bring a database back as it was, and keep the one that was there', async () => {
    const [first = ''] = await fill();
    expect((await json('backup', 'kept.db')).code).toBe(0);
    const [second = ''] = await fill();
    expect((await listIds()).toSorted()).toEqual([first, second].toSorted());
    const { document } = await json('restore', 'kept.db');
    expect(await listIds()).toEqual([first]);
    copyFileSync(String(document['kept']), join(folder.path, 'flowstone.db'));
    expect((await run(['list', '--json', '--db', String(document['kept'])], folder.path)).stdout).toContain(second);
  });

  it('are whole while a runtime writes, and are refused in place of a database that is owned', async () => {
    const runtime = await createRuntime({ store: openSqliteStore({ file: join(folder.path, 'flowstone.db'), durability: 'process' }), flows, listen: false });
    const waiting = await runtime.start('asks');
    expect((await json('backup', 'kept.db')).code).toBe(0);
    expect(await json('restore', 'kept.db')).toMatchObject({ code: 3, document: { error: { code: 'store_owned' } } });
    await runtime.stop({ timeoutMs: 0 });
    expect((await run(['list', '--json', '--db', join(folder.path, 'kept.db')], folder.path)).stdout).toContain(waiting.executionId);
  });

  it('never write over a file that is there, and take no file that is no backup', async () => {
    const [id = ''] = await fill();
    writeFileSync(join(folder.path, 'taken.db'), 'mine');
    expect(await json('backup', 'taken.db')).toMatchObject({ code: 2, document: { error: { code: 'backup_exists' } } });
    expect(readFileSync(join(folder.path, 'taken.db'), 'utf8')).toBe('mine');
    expect(await json('restore', 'taken.db')).toMatchObject({ code: 3, document: { error: { code: 'store_not_a_database' } } });
    expect(await json('restore', 'nothing.db')).toMatchObject({ code: 3, document: { error: { code: 'store_not_found' } } });
    expect(await listIds()).toEqual([id]);
    expect(existsSync(join(folder.path, 'flowstone.db.restoring'))).toBe(false);
  });
});

describe('doctor', () => {
  it('finds nothing wrong with a database in order, and says what waits for what', async () => {
    const ids = await fill([0], true);
    const { code, document } = await json('doctor');
    expect([code, document['passed']]).toEqual([0, true]);
    expect((document['findings'] as { name: string }[]).map(({ name }) => name)).toEqual(['Node.js', 'driver', 'database', 'file', 'owner', 'size', 'disk']);
    expect(document['waiting']).toEqual([expect.objectContaining({ executionId: ids[1], flowId: 'asks', why: expect.stringContaining('waits for signal go') })]);
    expect((await run(['doctor'], folder.path)).stdout).toMatch(/1 unfinished:\n.*asks {2}stepping\n.*waits for signal go/);
  });

  it('does without a database, and finds one that is damaged', async () => {
    expect(await json('doctor')).toMatchObject({ code: 0, document: { passed: true } });
    await fill();
    const file = join(folder.path, 'flowstone.db');
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4_096 * 3, 4_096 * 6);
    writeFileSync(file, bytes);
    const { code, document } = await json('doctor');
    expect([code, document['passed']]).toEqual([1, false]);
    expect(document['findings']).toContainEqual(expect.objectContaining({ name: 'file', ok: false }));
  });
});
