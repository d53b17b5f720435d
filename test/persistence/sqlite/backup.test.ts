import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openSqliteReader, openSqliteStore } from '../../../src/sqlite.ts';
import { createRuntime, defineFlow, defineTool } from '../../../src/index.ts';
import { useTemporaryFiles } from './temporary-file.ts';

const temporary = useTemporaryFiles();
const codeOf = (act: () => Promise<unknown>): Promise<unknown> => act().then(() => undefined, (error: unknown) => (error as { code?: unknown }).code);

const large = 'x'.repeat(30_000);
const make = defineTool({ name: 'make', run: () => large });
const flow = defineFlow({ id: 'flow', steps: [{ id: 'one', uses: 'tool:make' }, { id: 'two', uses: 'tool:make' }] });

describe.each(['better-sqlite3', 'node:sqlite'] as const)('a backup that the owner writes with %s', driver => {
  it('is of one moment, and the owner goes on meanwhile', async () => {
    const file = temporary();
    const target = temporary('backup.db');
    const store = openSqliteStore({ file, driver, durability: 'process' });
    const runtime = await createRuntime({ store, flows: [flow], tools: [make] });
    const run = async (): Promise<void> => void (await (await runtime.start('flow')).settled());
    await Promise.all(Array.from({ length: 100 }, run));
    let isWritten = false;
    const written = store.backup(target).then(() => void (isWritten = true));
    expect(existsSync(target)).toBe(false);
    let more = 0;
    for (; !isWritten; more++) {
      await run();
      await nextTurn();
    }
    await written;
    expect(more).toBeGreaterThan(1);

    const reader = openSqliteReader({ file: target, driver });
    const kept = reader.listExecutions({ limit: 10_000 });
    expect(kept.length).toBeGreaterThanOrEqual(100);
    expect(kept.length).toBeLessThanOrEqual(100 + more);
    // Newest first; one at most was under way.
    expect(kept.slice(1).every(({ status }) => status === 'scored')).toBe(true);
    for (const { key } of kept.slice(1)) expect(reader.listResults(key).map(({ output }) => output?.length)).toEqual([30_002, 30_002]);
    reader.close();

    // Its locks are those of the connection that goes on.
    store.verify();
    const other = openSqliteStore({ file, driver });
    expect(() => other.acquire({ pid: 1, hostname: 'other', startedAt: 1, socket: null })).toThrowError(expect.objectContaining({ code: 'store_owned' }) as Error);
    other.close();
    await run();
    await runtime.stop();
  });

  it('of a database in memory is a file that a runtime goes on with', async () => {
    const target = temporary('backup.db');
    const store = openSqliteStore({ file: ':memory:', driver });
    const runtime = await createRuntime({ store, flows: [flow], tools: [make] });
    const { executionId } = await runtime.start('flow');
    await store.backup(target);
    await runtime.stop();
    const again = await createRuntime({ store: openSqliteStore({ file: target, driver }), flows: [flow], tools: [make] });
    expect((await (await again.get(executionId)).settled()).status).toBe('scored');
    await again.stop();
  });

  it('leaves no file where it fails, and says why', async () => {
    const file = temporary();
    const store = openSqliteStore({ file, driver });
    writeFileSync(join(dirname(file), 'there.db'), 'mine');
    mkdirSync(join(dirname(file), 'wrong.db.partial'));
    expect(await codeOf(() => store.backup(join(dirname(file), 'there.db')))).toBe('backup_exists');
    expect(await codeOf(() => store.backup(join(dirname(file), 'nowhere/backup.db')))).toBe('file_unreadable');
    expect(await codeOf(() => store.backup(join(dirname(file), 'wrong.db')))).toBe('store_cannot_open');
    expect(existsSync(join(dirname(file), 'wrong.db'))).toBe(false);
    store.close();
    expect(await codeOf(() => store.backup(temporary('late.db')))).toBe('store_closed');
  });
});
