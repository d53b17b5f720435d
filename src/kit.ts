export type { OpenTransaction, Request, StoreSize, Store, StoreReader, Transaction, Write, WriteShape } from '../persistence/contract.ts';
export type { OwnerRecord } from '../persistence/records.ts';
export type { Column, Index, Lifecycle, Row, Rule, Table, Value, Where } from '../persistence/table.ts';
export { compareValues, defineTable, findIndex, isIn, listOrder } from '../persistence/table.ts';
export { describeKey, mustChange } from '../persistence/write-rules.ts';
export {
  createClosedError, createCommitFailedError, createNotAcquiredError, createOwnedError, createRefusedError, createStaleOwnerError,
} from '../persistence/store-errors.ts';
export { tables } from '../persistence/records/tables.ts';
export type { OpenSubject, StoreCheck, StoreSubject } from '../persistence/suite/store-checks.ts';
export type { KindDefinition, KindTick, KindWorld } from './engine/define-kind.ts';
export { defineInstances, defineKind } from './engine/define-kind.ts';
export type { Envelope, Refusal } from './engine/kind.ts';
export { refuse } from './engine/kind.ts';
export { storeChecks } from '../persistence/suite/store-checks.ts';
export { openSqliteStore as openSqliteTables } from '../persistence/sqlite/open-sqlite-store.ts';
export { createMemoryStore as createMemoryTables } from '../persistence/memory/memory-store.ts';
export { openReader, openRecords } from '../persistence/records/open-records.ts';
export type { DescribedStep, StepKey, StepKind, StepRole } from './definition/step-kind.ts';
export { defineStepKind } from './definition/step-kinds.ts';
export type { MessageWait, WithMistake } from './definition/wait.ts';
