import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../persistence/sqlite/driver.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { openRuntime } from '../runtime/open-runtime.ts';

describe('the contents of artifacts', () => {
  it('are not read by anything but reading one', async () => {
    const database = openDatabase('better-sqlite3', ':memory:', { busyTimeoutMs: 0 });
    const { runtime } = await openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:t' }] }, { t: ({ artifact }: ToolCall) => artifact('a.txt', 'content') }, { store: openSqliteStore({ database }) });
    const execution = await runtime.start('f');
    await execution.settled();
    const before = [await runtime.artifacts.list(execution.executionId), await execution.get(), await runtime.list()];
    // What is not there cannot be read.
    database.exec('DELETE FROM contents');
    expect([await runtime.artifacts.list(execution.executionId), await execution.get(), await runtime.list()]).toEqual(before);
    await expect((await runtime.artifacts.get(execution.executionId, 'a.txt')).text()).rejects.toMatchObject({ code: 'artifact_not_found' });
    await runtime.stop();
  });

  it('go with their execution when retention deletes it', async () => {
    const database = openDatabase('better-sqlite3', ':memory:', { busyTimeoutMs: 0 });
    const store = openSqliteStore({ database });
    const { runtime, clock } = await openRuntime({ id: 'f', steps: [{ id: 'a', uses: 'tool:t' }] }, { t: ({ artifact }: ToolCall) => artifact('a.txt', 'content') }, { store });
    await (await runtime.start('f')).settled();
    expect(store.prune({ settledBefore: clock.now() + 1 })).toBe(1);
    for (const table of ['artifacts', 'contents', 'interactions', 'output_folders']) expect(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()).toEqual({ n: 0 });
    await runtime.stop();
  });
});
