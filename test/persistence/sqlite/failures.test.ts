import { describe, expect, it } from 'vitest';
import type { SqliteDatabase } from '../../../src/sqlite.ts';
import { openSqliteStore } from '../../../src/open-records.ts';
import { openDatabase } from '../../../persistence/sqlite/driver.ts';
import { catchError, expectCode } from '../conformance/commit.ts';
import { makeAttempt, makeBatch, makeExecution, makeStep, owner } from '../conformance/fixtures.ts';
import { useTemporaryFiles } from './temporary-file.ts';

const toFile = useTemporaryFiles();

const insert = (id: number, step: string) => (tx: { handle: SqliteDatabase }) => void tx.handle.prepare('INSERT INTO orders VALUES (?, ?)').run(id, step);

describe.each(['better-sqlite3', 'node:sqlite'] as const)('a failed commit with %s', driver => {
  const open = () => {
    const file = toFile();
    const database = openDatabase(driver, file, { busyTimeoutMs: 50 });
    const store = openSqliteStore({ database, busyTimeoutMs: 50 });
    store.acquire(owner);
    const isOpen = (): boolean => ((database as { inTransaction?: boolean }).inTransaction ?? (database as { isTransaction?: boolean }).isTransaction) === true;
    return { file, database, store, isOpen };
  };

  it('says that the disk is full, stores nothing, and works again when there is space', async () => {
    const { database, store, isOpen } = open();
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    database.exec('PRAGMA max_page_count = 60');
    const large = makeBatch({ executions: [makeExecution(2)], attempts: [makeAttempt(2, 0, { output: JSON.stringify('x'.repeat(500_000)) })] });
    const error = await catchError(() => store.commit(large));
    expect(error).toMatchObject({ code: 'commit_failed', details: { sqliteCode: 'SQLITE_FULL' } });
    expect((error as Error).message).toContain('free some space');
    expect(isOpen()).toBe(false);
    expect(store.getExecution('execution-2')).toBeUndefined();
    database.exec('PRAGMA max_page_count = 4294967294');
    store.commit(large);
    expect(store.getExecution('execution-2')).toEqual(makeExecution(2));
    store.close();
    database.close();
  });

  it('says that the file may not be written', async () => {
    const { database, store, isOpen } = open();
    database.exec('PRAGMA query_only = 1');
    expect(await catchError(() => store.commit(makeBatch({ executions: [makeExecution(1)] })))).toMatchObject({
      code: 'commit_failed',
      details: { sqliteCode: expect.stringContaining('SQLITE_READONLY') as string },
    });
    expect(isOpen()).toBe(false);
    database.exec('PRAGMA query_only = 0');
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    store.close();
    database.close();
  });

  it('says that another program keeps the file locked', async () => {
    const { file, database, store, isOpen } = open();
    const browser = openDatabase(driver, file, { busyTimeoutMs: 0 });
    browser.exec('BEGIN IMMEDIATE');
    const error = await catchError(() => store.commit(makeBatch({ executions: [makeExecution(1)] })));
    expect(error).toMatchObject({ code: 'commit_failed', details: { sqliteCode: 'SQLITE_BUSY' } });
    expect((error as Error).message).toContain('locked');
    expect(isOpen()).toBe(false);
    browser.exec('ROLLBACK');
    browser.close();
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    store.close();
    database.close();
  });

  it('refuses to be acquired when the file may not be written', async () => {
    const file = toFile();
    openSqliteStore({ file, driver }).close();
    const database = openDatabase(driver, file, { readOnly: true, busyTimeoutMs: 0 });
    const store = openSqliteStore({ database });
    await expectCode(() => store.acquire(owner), 'commit_failed');
    expect(store.getOwner()).toBeUndefined();
    store.close();
    database.close();
    const next = openSqliteStore({ file, driver });
    next.acquire(owner);
    next.close();
  });

  it('undoes the write of a step that throws, and only that', async () => {
    const { database, store, isOpen } = open();
    database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, step TEXT) STRICT');
    store.commitWith(attempt => {
      attempt(insert(1, 'a'));
      expect(() =>
        attempt(tx => {
          insert(2, 'b')(tx);
          insert(1, 'b')(tx);
        }),
      ).toThrow(/UNIQUE/);
      attempt(insert(3, 'c'));
      return makeBatch({ executions: [makeExecution(1)] });
    });
    const list = () => database.prepare('SELECT id FROM orders ORDER BY id').all().map(row => (row as { id: number }).id);
    expect(list()).toEqual([1, 3]);
    await expectCode(
      () =>
        store.commitWith(attempt => {
          attempt(insert(4, 'd'));
          return makeBatch({ executions: [makeExecution(2)], steps: [makeStep(1, 0, { item: -9 })] });
        }),
      'commit_failed',
    );
    expect(list()).toEqual([1, 3]);
    expect(isOpen()).toBe(false);
    store.close();
    database.close();
  });

  it('stores nothing when a write ends the transaction it is in', async () => {
    const { database, store, isOpen } = open();
    for (const word of ['ROLLBACK', 'COMMIT']) {
      await expectCode(
        () =>
          store.commitWith(attempt => {
            try {
              attempt(({ handle }) => void handle.exec(word));
            } catch {
              // The host may go on when a step's write fails.
            }
            return makeBatch({ executions: [makeExecution(1)] });
          }),
        'commit_failed',
      );
      expect(store.getExecution('execution-1')).toBeUndefined();
      expect(isOpen()).toBe(false);
    }
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    store.close();
    database.close();
  });
});
