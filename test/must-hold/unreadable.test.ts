import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/open-records.ts';
import { createGate, openRuntime, settleTicks } from '../runtime/open-runtime.ts';

const flow = { id: 'f', steps: [{ id: 'a', uses: 'tool:work' }] };

describe('an execution whose rows cannot be read', () => {
  it.each([
    ['what its journal says of its steps', `UPDATE journal SET changes = '{' WHERE kind = 1 AND instance = (SELECT key FROM executions WHERE execution_id = ?)`],
    ['its input', `UPDATE inputs SET input = '{' WHERE position = -1 AND execution_key = (SELECT key FROM executions WHERE execution_id = ?)`],
    ['its definition', `UPDATE executions SET digest = 'none' WHERE execution_id = ?`],
  ])('stays where it is and says why, others go on: %s', async (_what, spoil) => {
    const database = new Database(':memory:');
    const first = await openRuntime(flow, { work: () => createGate().promise }, { store: openSqliteStore({ database }) });
    const spoilt = await first.runtime.start('f');
    const good = await first.runtime.start('f');
    await settleTicks();
    await first.runtime.stop({ timeoutMs: 0 });
    database.prepare(spoil).run(spoilt.executionId);

    const { runtime } = await openRuntime(flow, { work: () => ({}) }, { store: openSqliteStore({ database }) });
    expect((await runtime.settled(good.executionId)).passed).toBe(true);
    expect((await (await runtime.start('f')).settled()).passed).toBe(true);
    expect(runtime.health().status).toBe('running');
    const listed = (await runtime.list()).find(({ executionId }) => executionId === spoilt.executionId);
    expect(listed).toMatchObject({ status: 'stepping', blockedBy: { code: expect.any(String) as string } });
    await expect(runtime.cancel(spoilt.executionId)).rejects.toMatchObject({ code: expect.stringMatching(/^(execution_unreadable|definition_missing)$/) as string });
    expect(runtime.health().status).toBe('running');
    await runtime.stop();
  });
});
