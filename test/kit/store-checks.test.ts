import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemoryState } from '../../persistence/memory/memory-state.ts';
import { MemoryStore } from '../../persistence/memory/memory-store.ts';
import { toCreateSql } from '../../persistence/sqlite/create-table.ts';
import type { SqliteDriver } from '../../persistence/sqlite/driver.ts';
import { choosePreferredDriver, openDatabase } from '../../persistence/sqlite/driver.ts';
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
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-'));
  const database = openDatabase(driver, ':memory:', { busyTimeoutMs: 0 });
  const store = openSqliteTables({ database });
  database.exec(tables.map(toCreateSql).join('\n'));
  const backup = join(folder, 'backup.db');
  return {
    store,
    read: () => openSqliteTables({ database }),
    backup: { file: backup, open: () => openSqliteTables({ file: backup, driver }) },
    dispose() {
      store.close();
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
};

const openSqliteFile: OpenSubject = tables => {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-'));
  const file = join(folder, 'flowstone.db');
  const backup = join(folder, 'backup.db');
  openSqliteTables({ file }).close();
  const database = openDatabase(choosePreferredDriver(), file, { busyTimeoutMs: 0 });
  database.exec(tables.map(toCreateSql).join('\n'));
  database.close();
  const store = openSqliteTables({ file, durability: 'process' });
  const readers: { close(): void }[] = [store];
  const open = (from: string) => {
    const reader = openSqliteTables({ file: from });
    readers.push(reader);
    return reader;
  };
  return {
    store,
    read: () => open(file),
    backup: { file: backup, open: () => open(backup) },
    dispose() {
      for (const reader of readers) reader.close();
      rmSync(folder, { recursive: true });
    },
  };
};

describe.each([
  { name: 'in memory', open: openMemory },
  { name: 'of better-sqlite3', open: openSqlite('better-sqlite3') },
  { name: 'of node:sqlite', open: openSqlite('node:sqlite') },
  { name: 'in a file', open: openSqliteFile },
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
