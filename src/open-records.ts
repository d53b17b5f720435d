import type { MemoryStore } from '../persistence/memory/memory-store.ts';
import { createMemoryStore as createMemoryTables } from '../persistence/memory/memory-store.ts';
import type { AtOnce } from '../persistence/records/open-records.ts';
import { TableReader } from '../persistence/records/table-reader.ts';
import { TableRecords } from '../persistence/records/table-records.ts';
import type { CheckpointRule, CommitBatch, RecordReader, Records, Transaction } from '../persistence/store.ts';
import type { SqliteDatabase } from '../persistence/sqlite/driver.ts';
import type { SqliteReaderOptions, SqliteStoreOptions } from '../persistence/sqlite/open-sqlite-store.ts';
import { openSqliteReader as openReader, openSqliteStore as openStore } from '../persistence/sqlite/open-sqlite-store.ts';

/** Records in a database that this program may own. They answer at once. */
export interface SqliteRecords extends AtOnce<Records> {
  commitWith(build: (attempt: (write: (tx: Transaction<SqliteDatabase>) => void) => void) => CommitBatch): void;
}

/** Records in a database, for reading. They answer at once. */
export type SqliteRecordReader = AtOnce<RecordReader>;

/** As `openSqliteStore` of `flowstone/sqlite`: the records in it. */
export const openSqliteStore = (options: SqliteStoreOptions): SqliteRecords => new TableRecords(openStore(options)) as unknown as SqliteRecords;

/** As `openSqliteReader` of `flowstone/sqlite`: the records in it. */
export const openSqliteReader = (options: SqliteReaderOptions): SqliteRecordReader => new TableReader(openReader(options)) as unknown as SqliteRecordReader;

/** Records in memory, with what only a store in memory can do. */
export interface MemoryRecords extends Omit<AtOnce<Records>, 'backup'> {
  readonly tables: MemoryStore;
  copy(): MemoryRecords;
  reopen(): MemoryRecords;
  evict(): void;
  toBytes(): Uint8Array;
}

/** As `createMemoryStore`: the records in it. */
export const createMemoryStore = (tables: MemoryStore = createMemoryTables(), checkpoints?: CheckpointRule): MemoryRecords => {
  const records = new TableRecords(tables, checkpoints) as unknown as AtOnce<Records>;
  return Object.assign(records, {
    tables,
    copy: () => createMemoryStore(tables.copy(), checkpoints),
    reopen: () => createMemoryStore(tables.reopen(), checkpoints),
    evict: () => tables.evict(),
    toBytes: () => tables.toBytes(),
  });
};
