import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../../src/open-records.ts';
import { backupSqlite } from '../../../src/sqlite.ts';
import { makeBatch, makeExecution, owner } from '../conformance/fixtures.ts';

// Windows has no such modes: there a file has the rights of its folder.
describe.skipIf(process.platform === 'win32').each(['better-sqlite3', 'node:sqlite'] as const)('the files of a database that %s makes', driver => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'flowstone-private-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777;

  it('are for its user alone, with its log, the file of its owner and its backups', () => {
    const before = process.umask(0);
    try {
      const store = openSqliteStore({ file: join(folder, 'a.db'), driver });
      store.acquire(owner);
      store.commit(makeBatch({ executions: [makeExecution(1)] }));
      expect(existsSync(join(folder, 'a.db-wal'))).toBe(true);
      for (const name of ['a.db', 'a.db-wal', 'a.db-shm', 'a.db-owner']) expect([name, modeOf(name)]).toEqual([name, 0o600]);
      store.close();
      backupSqlite(join(folder, 'a.db'), join(folder, 'b.db'));
      expect(modeOf('b.db')).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  it('keep the mode that somebody has given them', () => {
    const file = join(folder, 'a.db');
    openSqliteStore({ file, driver }).close();
    chmodSync(file, 0o640);
    openSqliteStore({ file, driver }).close();
    expect(modeOf('a.db')).toBe(0o640);
  });
});
