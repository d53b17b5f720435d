import type { Answer } from '../answer.ts';
import type { Store, StoreReader } from '../contract.ts';
import type { RecordReader, Records } from '../store.ts';
import { TableReader } from './table-reader.ts';
import { TableRecords } from './table-records.ts';

/** A store, or the records of one that were opened before. */
export type AnyStore = Store | Records;
export type AnyReader = StoreReader | RecordReader;

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
