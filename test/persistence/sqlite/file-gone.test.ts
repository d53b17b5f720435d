import { copyFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../persistence/sqlite/driver.ts';
import { openFilesStore } from '../../../src/files.ts';
import { openSqliteStore } from '../../../src/open-records.ts';
import { catchError } from '../conformance/commit.ts';
import { makeAttempt, makeBatch, makeExecution, owner } from '../conformance/fixtures.ts';
import { useTemporaryFiles } from './temporary-file.ts';

const toFile = useTemporaryFiles();
const stores: { close(): void }[] = [];

afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

const kept = <Value extends { close(): void }>(value: Value): Value => {
  stores.push(value);
  return value;
};

const large = (key: number) => makeBatch({ executions: [makeExecution(key)], attempts: [makeAttempt(key, 0, { output: JSON.stringify('x'.repeat(200_000)) })] });
const small = (key: number) => makeBatch({ executions: [makeExecution(key)] });
const remove = (file: string): void => {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
};

/** What becomes of files, by the name of what people do. */
const losses: readonly { readonly name: string; readonly code: string; readonly happen: (file: string) => void }[] = [
  { name: 'deleted', code: 'store_gone', happen: remove },
  { name: 'deleted with its folder', code: 'store_gone', happen: file => rmSync(dirname(file), { recursive: true }) },
  { name: 'moved', code: 'store_gone', happen: file => renameSync(file, `${file}.old`) },
  { name: 'moved with its folder', code: 'store_gone', happen: file => renameSync(dirname(file), `${dirname(file)}.old`) },
  { name: 'replaced by a backup that was moved in', code: 'store_gone', happen: file => renameSync(`${file}.backup`, file) },
  { name: 'replaced by an empty file', code: 'store_gone', happen: file => (remove(file), writeFileSync(file, '')) },
  { name: 'restored by a backup copied into it', code: 'store_gone', happen: file => copyFileSync(`${file}.backup`, file) },
  { name: 'cut off', code: 'store_gone', happen: file => truncateSync(file, 8_192) },
  { name: 'robbed of its log', code: 'store_log_gone', happen: file => rmSync(`${file}-wal`) },
  { name: 'given another log', code: 'store_log_gone', happen: file => (renameSync(`${file}-wal`, `${file}-old`), writeFileSync(`${file}-wal`, '')) },
];

describe.each(['better-sqlite3', 'node:sqlite'] as const)('a file of %s that goes away', driver => {
  const open = () => {
    const file = join(toFile(), '..', 'data', 'test.db');
    mkdirSync(dirname(file));
    const store = kept(openSqliteStore({ file, driver, durability: 'process' }));
    store.acquire(owner);
    store.commit(small(1));
    copyFileSync(file, `${file}.backup`);
    store.commit(small(2));
    return { file, store };
  };

  it.each(losses)('is noticed, and nothing more is acknowledged, when it is $name', async ({ code, happen }) => {
    const { file, store } = open();
    store.verify();
    happen(file);
    const found = await catchError(() => store.verify());
    expect(found).toMatchObject({ code });
    expect((found as Error).message).toMatch(/open it anew/);
    for (const act of [() => store.commit(small(3)), () => store.commitWith(() => small(4)), () => store.acquire({ ...owner, startedAt: owner.startedAt + 1 }), () => store.prune({ settledBefore: 1 })]) {
      expect(await catchError(act)).toMatchObject({ code });
    }
  });

  it.each(losses)('is noticed by the commit itself when it is $name in the middle of one', async ({ code, happen }) => {
    const { file, store } = open();
    const error = await catchError(() => store.commitWith(() => (happen(file), small(3))));
    expect(error).toMatchObject({ code });
  });

  it('is noticed when a checkpoint has put all of its log into it, too', async () => {
    const { file, store } = open();
    const other = openDatabase(driver, file, { busyTimeoutMs: 100 });
    other.exec('PRAGMA wal_checkpoint(PASSIVE)');
    other.close();
    store.verify();
    copyFileSync(`${file}.backup`, file);
    expect(await catchError(() => store.verify())).toMatchObject({ code: 'store_gone' });
  });

  it('is not said of one that only SQLite writes: by this store, by others, and by checkpoints of both', () => {
    const { file, store } = open();
    const other = kept(openDatabase(driver, file, { busyTimeoutMs: 1_000 }));
    other.exec('CREATE TABLE mine (text TEXT)');
    for (let key = 3; key < 80; key++) {
      store.commit(large(key));
      if (key % 3 === 0) other.exec(`INSERT INTO mine VALUES ('${'y'.repeat(key * 1_000)}')`);
      if (key % 7 === 0) other.exec('PRAGMA wal_checkpoint(PASSIVE)');
      if (key % 11 === 0) other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      if (key % 13 === 0) store.verify();
      if (key % 17 === 0) store.prune({ settledBefore: 0 });
      if (key % 19 === 0) store.compact();
    }
    store.verify();
    expect(store.getExecution('execution-79')).toBeDefined();
  });
});

it('a second SQLite library that opens and closes the file is noticed, and what was acknowledged before is kept', async () => {
  const file = toFile();
  const store = kept(openSqliteStore({ file, driver: 'better-sqlite3', durability: 'process' }));
  store.acquire(owner);
  store.commit(large(1));
  const other = openDatabase('node:sqlite', file, { busyTimeoutMs: 0 });
  other.prepare('SELECT count(*) FROM executions').get();
  other.close();
  expect(await catchError(() => store.commit(large(2)))).toMatchObject({ code: 'store_log_gone' });
  store.close();
  const again = kept(openSqliteStore({ file, driver: 'better-sqlite3' }));
  expect([again.getExecution('execution-1'), again.getExecution('execution-2')]).toEqual([makeExecution(1), undefined]);
});

it('a handle that was given is watched as well', async () => {
  const file = toFile();
  const database = kept(openDatabase('better-sqlite3', file, { busyTimeoutMs: 100 }));
  const store = kept(openSqliteStore({ database }));
  store.acquire(owner);
  for (let count = 0; count < 12; count++) {
    database.exec(`CREATE TABLE mine${count} AS SELECT zeroblob(1000000) AS bytes`);
    store.commit(large(count + 1));
  }
  remove(file);
  expect(await catchError(() => store.commit(large(99)))).toMatchObject({ code: 'store_gone' });
});

describe('a folder of files that goes away', () => {
  it.each([
    { name: 'deleted', happen: (folder: string) => rmSync(folder, { recursive: true }) },
    { name: 'moved', happen: (folder: string) => renameSync(folder, `${folder}.old`) },
    { name: 'robbed of its journal', happen: (folder: string) => rmSync(join(folder, 'journal.jsonl')) },
    { name: 'given another journal', happen: (folder: string) => (rmSync(join(folder, 'journal.jsonl')), writeFileSync(join(folder, 'journal.jsonl'), '')) },
    { name: 'cut off', happen: (folder: string) => truncateSync(join(folder, 'journal.jsonl'), 10) },
  ])('is noticed, and nothing more is acknowledged, when it is $name', async ({ happen }) => {
    const folder = toFile('store');
    const store = kept(openFilesStore({ folder, durability: 'process' }));
    store.acquire(owner);
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    store.verify();
    happen(folder);
    for (const act of [() => store.verify(), () => store.commit(makeBatch({ executions: [makeExecution(2)] }))]) expect(await catchError(act)).toMatchObject({ code: 'store_gone' });
  });
});
