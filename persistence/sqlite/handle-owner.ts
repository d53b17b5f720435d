import type { OwnerRecord } from '../records.ts';
import { createOwnedError } from '../store-errors.ts';
import type { SqliteDatabase } from './driver.ts';

/** Owners of databases without a file: only this process can reach them, through one handle. */
const owners = new WeakMap<SqliteDatabase, { readonly token: object; readonly owner: OwnerRecord }>();

/** As `acquireOwnerLock`, for a database in memory. */
export function acquireHandle(database: SqliteDatabase, owner: OwnerRecord, token: object): void {
  const held = owners.get(database);
  if (held && held.token !== token) throw createOwnedError(':memory:', held.owner);
  owners.set(database, { token, owner: { ...owner } });
}

export function releaseHandle(database: SqliteDatabase, token: object): void {
  if (owners.get(database)?.token === token) owners.delete(database);
}

export function readHandleOwner(database: SqliteDatabase): OwnerRecord | undefined {
  const held = owners.get(database);
  return held && { ...held.owner };
}
