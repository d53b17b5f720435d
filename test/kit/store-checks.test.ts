import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemoryState } from '../../persistence/memory/memory-state.ts';
import { MemoryStore } from '../../persistence/memory/memory-store.ts';
import { toCreateSql } from '../../persistence/sqlite/create-table.ts';
import type { SqliteDriver } from '../../persistence/sqlite/driver.ts';
import { openDatabase } from '../../persistence/sqlite/driver.ts';
import type { OpenSubject } from '../../src/kit.ts';
import { storeChecks } from '../../src/kit.ts';
import { openSqliteTables } from '../../src/kit.ts';
import { createMaps, MapsStore } from './maps-store.ts';

const openMemory: OpenSubject = () => {
  const store = new MemoryStore(new MemoryState());
  return { store, read: () => store.reopen(), dispose: () => store.close() };
};

const openMaps: OpenSubject = () => {
  const maps = createMaps();
  const store = new MapsStore(maps);
  return { store, read: () => new MapsStore(maps), dispose: () => store.close() };
};

const openSqlite = (driver: SqliteDriver): OpenSubject => tables => {
  const database = openDatabase(driver, ':memory:', { busyTimeoutMs: 0 });
  const store = openSqliteTables({ database });
  database.exec(tables.map(toCreateSql).join('\n'));
  return { store, read: () => openSqliteTables({ database }), dispose: () => (store.close(), void database.close()) };
};

describe.each([
  { name: 'in memory', open: openMemory },
  { name: 'of better-sqlite3', open: openSqlite('better-sqlite3') },
  { name: 'of node:sqlite', open: openSqlite('node:sqlite') },
  { name: 'of a stranger, over maps', open: openMaps },
])('a store $name', ({ open }) => {
  it.each(storeChecks)('$name', async ({ run }) => {
    await run(open);
  });
});

describe('a store of a stranger', () => {
  it('takes at most 300 lines and imports nothing but the public entry points', () => {
    const text = readFileSync(new URL('maps-store.ts', import.meta.url), 'utf8');
    expect(text.split('\n').length).toBeLessThanOrEqual(300);
    const imports = Array.from(text.matchAll(/from '([^']+)'/g), ([, path]) => path);
    expect([...new Set(imports)].toSorted()).toEqual(['../../src/index.ts', '../../src/kit.ts']);
  });
});
