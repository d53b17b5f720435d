import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from '../../src/open-records.ts';
import { openDatabase } from '../../persistence/sqlite/driver.ts';
import type { SqliteDriver } from '../../persistence/sqlite/driver.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { TableRecords } from '../../persistence/records/table-records.ts';
import { openFilesStore } from '../../src/files.ts';
import { createMaps, MapsStore } from '../kit/maps-store.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { start } from './conformance/fixtures.ts';
import { testStore } from './conformance/store-suite.ts';

testStore({
  name: 'memory',
  setup() {
    const store = createMemoryStore();
    return {
      store,
      reopen: () => store.reopen(),
      read: () => store.reopen(),
      usurp() {
        store.evict();
        store.reopen().acquire({ pid: 1, hostname: 'usurper', startedAt: start, socket: null });
      },
    };
  },
});

testStore({
  name: 'of a stranger, over maps',
  lacks: ['ownWrites'],
  setup() {
    const maps = createMaps();
    const open = () => new TableRecords(new MapsStore(maps));
    return {
      store: open(),
      reopen: open,
      read: open,
      usurp() {
        maps.owner = undefined;
        void open().acquire({ pid: 1, hostname: 'usurper', startedAt: start, socket: null });
      },
    };
  },
});

const folders: string[] = [];

testStore({
  name: 'files',
  lacks: ['ownWrites'],
  setup() {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-files-'));
    folders.push(folder);
    const open = () => openFilesStore({ folder, durability: 'process' });
    const store = open();
    return {
      store,
      reopen: open,
      // As another process: it does not know what this one has in memory.
      read: open,
      usurp: () => writeFileSync(join(folder, 'owner.2.json'), '{}'),
    };
  },
  teardown() {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  },
});

for (const driver of ['better-sqlite3', 'node:sqlite'] satisfies SqliteDriver[]) {
  const readers: RecordReader[] = [];

  testStore({
    name: `sqlite on file with ${driver}`,
    setup() {
      const folder = mkdtempSync(join(tmpdir(), 'flowstone-store-'));
      folders.push(folder);
      const file = join(folder, 'test.db');
      const open = () => openSqliteStore({ file, driver, durability: 'process' });
      return {
        store: open(),
        reopen: open,
        read() {
          const reader = openSqliteReader({ file, driver });
          readers.push(reader);
          return reader;
        },
        usurp() {
          const database = openDatabase(driver, file, { busyTimeoutMs: 1000 });
          database.exec('UPDATE meta SET epoch = epoch + 1');
          database.close();
        },
      };
    },
    teardown() {
      for (const reader of readers.splice(0)) reader.close();
      for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
    },
  });

  testStore({
    name: `sqlite in memory with ${driver}`,
    setup() {
      const database = openDatabase(driver, ':memory:', { busyTimeoutMs: 0 });
      const open = () => openSqliteStore({ database });
      const store = open();
      return { store, reopen: open, read: () => store, usurp: () => database.exec('UPDATE meta SET epoch = epoch + 1') };
    },
  });
}
