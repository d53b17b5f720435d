import { describe, expect, it } from 'vitest';
import { tables } from '../../../persistence/records/tables.ts';
import { toCreateSql } from '../../../persistence/sqlite/create-table.ts';
import { openDatabase } from '../../../persistence/sqlite/driver.ts';
import type { Table } from '../../../persistence/table.ts';
import { findIndex, toSqlName } from '../../../persistence/table.ts';
import type { SqliteDatabase } from '../../../src/sqlite.ts';
import { openSqliteTables } from '../../../src/kit.ts';

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

interface IndexRow {
  readonly name: string;
  readonly unique: number;
  readonly origin: string;
  readonly partial: number;
}

const types = { integer: 'INTEGER', real: 'REAL', text: 'TEXT', bytes: 'BLOB', any: 'ANY' } as const;

function createMigrated(): SqliteDatabase {
  const database = openDatabase('better-sqlite3', ':memory:', { busyTimeoutMs: 0 });
  openSqliteTables({ database });
  return database;
}

const database = createMigrated();
const list = <Row>(sql: string): Row[] => database.prepare(sql).all() as Row[];

describe.each(tables.map(table => ({ name: table.name, table })))('the table $name', ({ table }: { table: Table }) => {
  it('has the columns that the migrations make', () => {
    const columns = list<ColumnRow>(`PRAGMA table_info(${table.name})`).filter(({ name }) => table.name !== 'meta' || name !== 'epoch');
    const key = new Set(table.key.map(toSqlName));
    const wanted = Object.entries(table.columns).map(([name, { type, nullable = false }]) => ({ name: toSqlName(name), type: types[type], nullable }));
    const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
    // A key of one text need not say that it is set.
    const found = columns.map(({ name, type, notnull, pk }) => ({ name, type, nullable: notnull === 0 && pk === 0 && !key.has(name) }));
    expect(found.toSorted(byName)).toEqual(wanted.toSorted(byName));
  });

  it('has the indexes that the migrations make, and no other', () => {
    const indexes = list<IndexRow>(`PRAGMA index_list(${table.name})`);
    const named = indexes.filter(({ origin }) => origin === 'c').map(({ name }) => name);
    expect(named.toSorted()).toEqual(Object.keys(table.indexes).filter(name => !table.indexes[name]?.unnamed).toSorted());
    for (const { name, unique, partial } of indexes.filter(({ origin }) => origin === 'c')) {
      const index = findIndex(table, name);
      expect({ name, unique: unique === 1, partial: partial === 1 }).toEqual({ name, unique: index.unique ?? false, partial: index.where !== undefined });
      const columns = list<{ name: string; desc: number; key: number }>(`PRAGMA index_xinfo(${name})`).filter(({ key }) => key === 1);
      expect(columns.map(column => [column.name, column.desc === 1])).toEqual(index.columns.map(column => [toSqlName(column), index.falling?.includes(column) ?? false]));
    }
  });

  it('can be made from what it is as data', () => {
    const fresh = openDatabase('better-sqlite3', ':memory:', { busyTimeoutMs: 0 });
    fresh.exec(toCreateSql(table));
    const columns = (of: SqliteDatabase): string[] => (of.prepare(`PRAGMA table_info(${table.name})`).all() as ColumnRow[]).map(({ name }) => name).filter(name => name !== 'epoch').toSorted();
    expect(columns(fresh)).toEqual(columns(database));
    fresh.close();
  });
});
