import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SqliteConnection } from '../../../persistence/sqlite/connection.ts';
import { openDatabase } from '../../../persistence/sqlite/driver.ts';
import { migrations } from '../../../persistence/sqlite/migrations/migrations.ts';
import { migrate } from '../../../persistence/sqlite/schema.ts';
import type { SqliteDatabase } from '../../../src/sqlite.ts';
import { openSqliteStore } from '../../../src/open-records.ts';
import { catchError } from '../conformance/commit.ts';
import { owner, start } from '../conformance/fixtures.ts';
import { dead, done, makeChange, makeMessage, makeQueueBatch, processing } from '../conformance/queue-fixtures.ts';

const readKeys = (database: SqliteDatabase, sql: string): number[] => database.prepare(sql).all().map(row => Number(Object.values(row as object)[0]));
const readOpen = (database: SqliteDatabase): number[] => readKeys(database, 'SELECT key FROM messages WHERE settled_at IS NULL ORDER BY key');
const readBlocks = (database: SqliteDatabase): number[] => readKeys(database, 'SELECT block FROM message_blocks ORDER BY block');
const toBlocks = (keys: readonly number[]): number[] => [...new Set(keys.map(key => Math.floor(key / 32)))];

describe('blocks of messages', () => {
  it('hold every message that has not settled, and are given up when the last of theirs has', () => {
    const publish = fc.record({ what: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 70 }), gap: fc.constantFrom(0, 0, 0, 40) });
    const move = fc.record({ what: fc.constantFrom('settle' as const, 'bury' as const, 'redrive' as const), from: fc.nat(200), count: fc.integer({ min: 1, max: 80 }) });
    const other = fc.record({ what: fc.constantFrom('fail' as const, 'reopen' as const) });
    const runs = fc.property(fc.array(fc.oneof(publish, move, other), { minLength: 1, maxLength: 12 }), steps => {
      const database = openDatabase('better-sqlite3', ':memory:', { busyTimeoutMs: 0 });
      let store = openSqliteStore({ database });
      store.acquire(owner);
      let last = 0;
      for (const step of steps) {
        const open = readOpen(database);
        if (step.what === 'publish') {
          last += step.gap;
          store.commit(makeQueueBatch({ published: Array.from({ length: step.count }, () => makeMessage(++last)) }));
        } else if (step.what === 'settle' || step.what === 'bury') {
          const state = step.what === 'settle' ? done : dead;
          store.commit(makeQueueBatch({ moved: open.slice(step.from, step.from + step.count).map(key => makeChange(key, state)) }));
        } else if (step.what === 'redrive') {
          const keys = readKeys(database, `SELECT key FROM messages WHERE status = 'dead' ORDER BY key`).slice(step.from, step.from + step.count);
          store.commit(makeQueueBatch({ redriven: keys.map(key => makeChange(key, { generation: 2 })) }));
        } else if (step.what === 'fail') {
          // All of them would settle, and one more be there; but the last change is of a message that does not exist.
          const moved = [...open.map(key => makeChange(key, done)), makeChange(last + 1_000, processing)];
          expect(() => store.commit(makeQueueBatch({ published: [makeMessage(last + 100)], moved }))).toThrow('settled');
        } else {
          store.close();
          store = openSqliteStore({ database });
          store.acquire(owner);
        }
        const now = readOpen(database);
        const blocks = readBlocks(database);
        expect(store.listMessages({ queue: 'mails', status: 'pending', limit: 10_000 }).map(({ key }) => key)).toEqual(now);
        expect(blocks).toEqual(expect.arrayContaining(toBlocks(now)));
        // The one that is being filled may be empty.
        expect(blocks.slice(0, -1)).toEqual(toBlocks(now).filter(block => block !== blocks.at(-1)));
      }
      store.close();
      database.close();
    });
    fc.assert(runs, { numRuns: 60 });
  });

  it('give pages in the order of keys, from any key on', async () => {
    const database = openDatabase('better-sqlite3', ':memory:', { busyTimeoutMs: 0 });
    const store = openSqliteStore({ database });
    store.acquire(owner);
    store.commit(makeQueueBatch({ published: Array.from({ length: 100 }, (_, index) => makeMessage(index + 1, index % 3 === 0 ? done : {})) }));
    const keys = readOpen(database);
    for (const after of [0, 31, 32, 33, 63, 64, 99, 100, 500]) {
      expect((await store.listMessages({ queue: 'mails', status: 'pending', after, limit: 7 })).map(({ key }) => key)).toEqual(keys.filter(key => key > after).slice(0, 7));
    }
  });

  it('are found in a database of an earlier version', async () => {
    const database = openDatabase('better-sqlite3', ':memory:', { busyTimeoutMs: 0 });
    const before = migrations.findIndex(({ name }) => name === 'message-blocks');
    migrate(new SqliteConnection(database, 'better-sqlite3'), migrations.slice(0, before), ':memory:');
    const insert = database.prepare(`
      INSERT INTO messages (key, message_id, queue, version, priority, max_attempts, max_interruptions, published_at, visible_at, status, claim, attempt, interruptions,
        generation, claimed_at, settled_at, history, payload) VALUES (?, ?, 'mails', 1, 0, 3, 5, ?, ?, ?, 0, 0, 0, 1, ?, ?, '[1,"message.publish","pending"]', '1')`);
    const settled = new Set([1, 2, 40, 64]);
    for (const key of [1, 2, 3, 40, 64, 70]) insert.run(key, `message-${key}`, start, start, settled.has(key) ? 'completed' : 'pending', start, settled.has(key) ? start : null);
    const store = openSqliteStore({ database });
    store.acquire(owner);
    expect(readBlocks(database)).toEqual([0, 2]);
    expect(store.listMessages({ queue: 'mails', status: 'pending' }).map(({ key }) => key)).toEqual([3, 70]);
    store.commit(makeQueueBatch({ moved: [makeChange(3, done)] }));
    expect(readBlocks(database)).toEqual([2]);
    expect(String(await catchError(() => store.commit(makeQueueBatch({ moved: [makeChange(3, done)] }))))).toContain('settled');
  });
});
