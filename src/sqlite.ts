export { backupSqlite, restoreSqlite } from '../persistence/sqlite/backup.ts';
export type { SqliteExamination } from '../persistence/sqlite/examine-file.ts';
export { examineDriver, examineSqlite } from '../persistence/sqlite/examine-file.ts';
export type { SqliteRecordReader as SqliteReader, SqliteRecords as SqliteStore } from './open-records.ts';
export { openSqliteReader, openSqliteStore } from './open-records.ts';
export type { SqliteReaderOptions, SqliteStoreOptions } from '../persistence/sqlite/open-sqlite-store.ts';
export type { SqliteDatabase, SqliteDriver } from '../persistence/sqlite/driver.ts';
export type { Durability } from '../persistence/sqlite/open.ts';
export type { UpgradeStep } from '../persistence/sqlite/schema.ts';
