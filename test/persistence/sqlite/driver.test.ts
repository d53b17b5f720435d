import { describe, expect, it } from 'vitest';
import { canLoadNative, choosePreferredDriver } from '../../../persistence/sqlite/driver.ts';
import { openSqliteReader, openSqliteStore } from '../../../src/open-records.ts';
import { catchError, expectCode } from '../conformance/commit.ts';
import { useTemporaryFiles } from './temporary-file.ts';

const toFile = useTemporaryFiles();

describe('the driver', () => {
  it('is better-sqlite3 where Node-API 10 is there', () => {
    expect(canLoadNative({ node: '22.14.0', napi: '10' })).toBe(true);
    expect(canLoadNative({ node: '24.21.0', napi: '10' })).toBe(true);
    expect(canLoadNative({ node: '30.0.0', napi: '12' })).toBe(true);
    expect(choosePreferredDriver()).toBe('better-sqlite3');
  });

  it('is node:sqlite where Node-API is older or missing', () => {
    expect(canLoadNative({ node: '23.5.0', napi: '9' })).toBe(false);
    expect(canLoadNative({ node: '24.0.0' })).toBe(false);
  });

  it('is none on a Node that is too old, and says which one is needed', async () => {
    for (const node of ['20.19.2', '22.13.1', '18.0.0']) {
      const error = await catchError(() => canLoadNative({ node, napi: '9' }));
      expect(error).toMatchObject({ code: 'node_too_old' });
      expect((error as Error).message).toContain(`Expected Node ≥ 22.14, got ${node}`);
    }
  });

  it('is one and the same for all who have a file open in this process', async () => {
    const file = toFile();
    const store = openSqliteStore({ file, driver: 'node:sqlite' });
    await expectCode(() => openSqliteStore({ file, driver: 'better-sqlite3' }), 'driver_conflict');
    const reader = openSqliteReader({ file });
    await expectCode(() => openSqliteReader({ file, driver: 'better-sqlite3' }), 'driver_conflict');
    reader.close();
    store.close();
    openSqliteStore({ file, driver: 'better-sqlite3' }).close();
  });
});
