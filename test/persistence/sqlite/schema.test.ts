import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SqliteConnection } from '../../../persistence/sqlite/connection.ts';
import { openDatabase } from '../../../persistence/sqlite/driver.ts';
import { migrations } from '../../../persistence/sqlite/migrations/migrations.ts';
import { migrate, readVersion } from '../../../persistence/sqlite/schema.ts';
import { openSqliteReader, openSqliteStore } from '../../../src/open-records.ts';
import { catchError, expectCode } from '../conformance/commit.ts';
import { makeBatch, makeExecution, owner } from '../conformance/fixtures.ts';
import { useTemporaryFiles } from './temporary-file.ts';

const toFile = useTemporaryFiles();

const connect = (file: string): SqliteConnection => new SqliteConnection(openDatabase('better-sqlite3', file, { busyTimeoutMs: 1000 }), 'better-sqlite3');

const readSchema = (connection: SqliteConnection): unknown => connection.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();

describe('migrations', () => {
  it('changes nothing when applied twice', () => {
    const connection = connect(':memory:');
    migrate(connection, migrations, ':memory:');
    const before = [readSchema(connection), connection.prepare('SELECT * FROM flowstone_migrations').all()];
    migrate(connection, migrations, ':memory:');
    expect([readSchema(connection), connection.prepare('SELECT * FROM flowstone_migrations').all()]).toEqual(before);
    connection.close();
  });

  it('brings a database of every earlier version to the same schema', () => {
    const whole = connect(':memory:');
    migrate(whole, migrations, ':memory:');
    for (let version = 1; version < migrations.length; version++) {
      const connection = connect(':memory:');
      migrate(connection, migrations.slice(0, version), ':memory:');
      expect(readVersion(connection)).toBe(version);
      migrate(connection, migrations, ':memory:');
      expect(readSchema(connection)).toEqual(readSchema(whole));
      connection.close();
    }
    whole.close();
  });

  it('leaves nothing of a migration that fails, and says why', async () => {
    const file = toFile();
    openSqliteStore({ file }).close();
    const connection = connect(file);
    const before = readSchema(connection);
    const broken = [...migrations, { name: 'broken', sql: 'CREATE TABLE half (a); CREATE TABLE half (a);' }];
    expect(String(await catchError(() => migrate(connection, broken, file)))).toContain('half already exists');
    expect(readSchema(connection)).toEqual(before);
    expect(readVersion(connection)).toBe(migrations.length);
    connection.close();
  });

  it('upgrades an older file when it is opened, but not for a reader', async () => {
    const file = toFile();
    const connection = connect(file);
    migrate(connection, migrations.slice(0, -1), file);
    connection.close();
    await expectCode(() => openSqliteReader({ file }), 'store_outdated');
    const older = openSqliteReader({ file, outdated: 'read' });
    expect(older.listExecutions({})).toEqual([]);
    older.close();
    const store = openSqliteStore({ file });
    store.acquire(owner);
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    store.close();
    const reader = openSqliteReader({ file });
    expect(reader.getExecution('execution-1')).toEqual(makeExecution(1));
    reader.close();
  });

  it('does not upgrade a file under the owner that uses it', async () => {
    const file = toFile();
    openSqliteStore({ file }).close();
    const holder = openSqliteStore({ file });
    holder.acquire(owner);
    const connection = connect(file);
    const all = connection.prepare(`SELECT type, name FROM sqlite_schema WHERE type IN ('view', 'table') AND name NOT LIKE 'sqlite%' ORDER BY type DESC`).all() as { readonly type: string; readonly name: string }[];
    for (const { type, name } of all) connection.exec(`DROP ${type} ${name}`);
    migrate(connection, migrations.slice(0, -1), file);
    connection.close();
    await expectCode(() => openSqliteStore({ file }), 'store_owned');
    holder.close();
    openSqliteStore({ file }).close();
  });
});

describe('opening', () => {
  it('refuses a database that a newer version has written', async () => {
    const file = toFile();
    openSqliteStore({ file }).close();
    const connection = connect(file);
    connection.exec(`INSERT INTO flowstone_migrations (number, name, applied_at) VALUES (${migrations.length + 1}, 'later', 0)`);
    connection.close();
    await expectCode(() => openSqliteStore({ file }), 'store_newer');
    await expectCode(() => openSqliteReader({ file }), 'store_newer');
  });

  it('refuses a file that is not a database and leaves it as it is', async () => {
    const file = toFile('notes.txt');
    const text = 'These are my notes. '.repeat(200);
    writeFileSync(file, text);
    for (const driver of ['better-sqlite3', 'node:sqlite'] as const) {
      await expectCode(() => openSqliteStore({ file, driver }), 'store_not_a_database');
      await expectCode(() => openSqliteReader({ file, driver }), 'store_not_a_database');
    }
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  it('refuses the database of another program and leaves it as it is', async () => {
    const file = toFile();
    const connection = connect(file);
    connection.exec('CREATE TABLE customers (name)');
    connection.close();
    const before = readFileSync(file);
    await expectCode(() => openSqliteStore({ file }), 'store_not_a_database');
    await expectCode(() => openSqliteReader({ file }), 'store_not_a_database');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('shares a database with tables of its own when it is given the handle', () => {
    const file = toFile();
    const database = openDatabase('node:sqlite', file, { busyTimeoutMs: 1000 });
    database.exec('CREATE TABLE customers (name)');
    const store = openSqliteStore({ database });
    store.acquire(owner);
    store.commitWith(attempt => {
      attempt(({ handle }) => handle.prepare('INSERT INTO customers VALUES (?)').run('Ann'));
      return makeBatch({ executions: [makeExecution(1)] });
    });
    store.close();
    expect(database.prepare('SELECT name FROM customers').all()).toHaveLength(1);
    const again = openSqliteStore({ database });
    expect(again.getExecution('execution-1')).toEqual(makeExecution(1));
    again.close();
    database.close();
  });

  it('says what is wrong with a path', async () => {
    const file = toFile();
    await expectCode(() => openSqliteStore({ file: join(dirname(file), 'missing', 'a.db') }), 'store_cannot_open');
    await expectCode(() => openSqliteReader({ file }), 'store_not_found');
    mkdirSync(file);
    await expectCode(() => openSqliteStore({ file }), 'store_cannot_open');
  });

  it('knows one file by all its names', async () => {
    const file = toFile();
    const store = openSqliteStore({ file });
    store.acquire(owner);
    const link = toFile('link.db');
    symlinkSync(file, link);
    const second = openSqliteStore({ file: link });
    expect(second.location).toBe(store.location);
    await expectCode(() => second.acquire({ ...owner, pid: 1 }), 'store_owned');
    second.close();
    expect(openSqliteStore({ file }).getOwner()).toEqual(owner);
    store.close();
  });

  it('takes the ownership also when the file beside it was damaged', () => {
    const file = toFile();
    for (const damage of ['not a database at all, '.repeat(400), '', 'short']) {
      writeFileSync(`${file}-owner`, damage);
      const store = openSqliteStore({ file });
      expect(store.getOwner()).toBeUndefined();
      store.acquire(owner);
      expect(store.getOwner()).toEqual(owner);
      store.close();
      const reader = openSqliteReader({ file });
      expect(reader.getOwner()).toBeUndefined();
      reader.close();
    }
  });

  it.each([4_608, 5_632, 7_680])('takes the ownership also when a power cut tore the file beside it after %d bytes', length => {
    const file = toFile();
    const first = openSqliteStore({ file });
    first.acquire({ ...owner, pid: 1 });
    const bytes = readFileSync(`${file}-owner`);
    first.close();
    rmSync(`${file}-owner-journal`, { force: true });
    writeFileSync(`${file}-owner`, bytes.subarray(0, length));
    const store = openSqliteStore({ file });
    store.acquire(owner);
    expect(store.getOwner()).toEqual(owner);
    store.close();
  });

  it('refuses options that mean nothing', async () => {
    await expectCode(() => openSqliteStore({}), 'option_invalid');
    await expectCode(() => openSqliteStore({ file: '' }), 'option_invalid');
    await expectCode(() => openSqliteStore({ file: ':memory:', database: openDatabase('node:sqlite', ':memory:', { busyTimeoutMs: 0 }) }), 'option_invalid');
    await expectCode(() => openSqliteStore({ file: ':memory:', durability: 'full' as 'power' }), 'option_invalid');
    await expectCode(() => openSqliteStore({ file: ':memory:', driver: 'sqlite3' as 'node:sqlite' }), 'option_invalid');
    await expectCode(() => openSqliteStore({ file: ':memory:', busyTimeoutMs: -1 }), 'option_invalid');
    await expectCode(() => openSqliteStore({ database: { prepare: () => ({}), exec: () => {}, close: () => {} } as never }), 'option_invalid');
  });
});
