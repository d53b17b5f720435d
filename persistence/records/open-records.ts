import type { Answer } from '../answer.ts';
import type { TableStore, TableStoreReader } from '../contract.ts';
import type { Store, StoreReader } from '../store.ts';
import { TableReader } from './table-reader.ts';
import { TableRecords } from './table-records.ts';

/** Records as one owner reads and writes them: what a runtime makes of a store. */
export type Records = Store;
/** Records as anybody reads them. */
export type RecordReader = StoreReader;

/** A store, or the records of one that were opened before. */
export type AnyStore = TableStore | Records;
export type AnyReader = TableStoreReader | RecordReader;

/** What answers at once, where the store under it does. */
export type AtOnce<T> = {
  -readonly [Name in keyof T]-?: T[Name] extends ((...values: never) => Promise<unknown>) | undefined ? NonNullable<T[Name]>
    : T[Name] extends ((...values: infer Values) => Answer<infer Result>) | undefined ? (...values: Values) => Awaited<Result>
    : T[Name] extends object | undefined ? AtOnce<NonNullable<T[Name]>>
    : T[Name];
};

/** The records of a store; of what is one already, itself. */
export const openRecords = (store: AnyStore): Records => ('read' in store ? new TableRecords(store) : store);

/** The records of a store, for reading. */
export const openReader = (store: AnyReader): RecordReader => ('read' in store ? new TableReader(store) : store);
