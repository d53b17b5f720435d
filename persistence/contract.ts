import type { Answer } from './answer.ts';
import type { OwnerRecord } from './records.ts';
import type { Row, Table, Value } from './table.ts';

/**
 * Which rows are asked for: those with certain keys, or a stretch of an index.
 *
 * `keys` are whole keys, or whole values of a unique index; rows come in the order of the keys, those that are not
 * there are left out.
 */
export interface Request {
  readonly table: Table;
  /** The index to go by; default the key. */
  readonly index?: string;
  readonly keys?: readonly (readonly Value[])[];
  /** Values of the index's first columns. */
  readonly prefix?: readonly Value[];
  /** Least and highest value of the column behind the prefix. */
  readonly from?: Value;
  readonly to?: Value;
  /** Only rows behind these values of the columns after the prefix, in the order asked for; fewer than there are: behind all that have them. */
  readonly after?: readonly Value[];
  /** Default `rising`, as the index has it; a column that falls in the index then falls. */
  readonly order?: 'rising' | 'falling';
  /** At most; default: all. */
  readonly limit?: number;
  /** Default: all. */
  readonly columns?: readonly string[];
  /** One row `{ count }` in place of the rows. */
  readonly count?: true;
}

/**
 * What writes of one kind have in common; made once, so that a store can prepare it.
 *
 * - `insert`: a row that must not be there; `keep`: if it is, nothing happens.
 * - `put`: a row that is inserted, or takes the place of the one with its key; columns that are not named have their default.
 * - `update`: columns of the one row whose key columns have the values behind those of `columns`; it must be there.
 * - `remove`: all rows whose columns have these values; the columns begin the key or an index.
 *
 * A write that is refused fails its commit with `row_refused`.
 */
export interface WriteShape {
  readonly table: Table;
  readonly kind: 'insert' | 'put' | 'update' | 'remove';
  readonly columns: readonly string[];
  readonly keep?: true;
  /** Of `put`: columns that are written once; of a row that is there already they stay as they are. */
  readonly once?: readonly string[];
  /** Of `put`: a column whose value may not fall; a write with a lower one is refused. */
  readonly rising?: string;
  /** Of `update`: columns whose text is added to what is there. */
  readonly append?: readonly string[];
  /** A row in which this column is set is never changed: the write is refused. */
  readonly unless?: string;
  /** Only a row in which a column has this value is changed; otherwise the write is refused. */
  readonly when?: { readonly column: string; readonly is: Value };
  /** Of `update`: a row that is not there is no error. */
  readonly mayMiss?: true;
}

/** One write: its shape, and values in the order of the shape's columns; of `update` the key's come last. */
export interface Write {
  readonly shape: WriteShape;
  readonly values: readonly Value[];
}

/** Size of a store and what it holds. */
export interface StoreSize {
  readonly bytes: number;
  /** Bytes inside `bytes` that can be given back. */
  readonly freeBytes: number;
}

/** The transaction that a step's own writes join. `handle` is the database's own, for stores that have one. */
export interface Transaction<Handle = unknown> {
  readonly handle: Handle;
}

/** A transaction that is open. Exactly one of `commit` and `rollback` ends it. */
export interface OpenTransaction {
  /** Runs a write in a savepoint: when it throws, it alone is undone, and the error goes on. */
  attempt(write: (tx: Transaction) => void): void;
  commit(writes: readonly Write[]): void;
  rollback(): void;
}

/** What any number of processes may do while one owns the store. */
export interface StoreReader {
  /** Where everything is kept, for people: a path, or `memory`. */
  readonly location: string;
  /** All answers are of one moment. */
  read(requests: readonly Request[]): Answer<Row[][]>;
  /** Who owns the store now; undefined: nobody. */
  owner(): Answer<OwnerRecord | undefined>;
  size(): Answer<StoreSize>;
  close(): Answer<void>;
}

/** Where rows are kept: all that a store has to be able to do. */
export interface Store extends StoreReader {
  /**
   * Takes ownership, until `close` or the end of the process.
   *
   * @throws a `FlowError` with code `store_owned`, naming the owner
   */
  own(owner: OwnerRecord): Answer<void>;
  /**
   * Stores all writes, in their order, or none.
   *
   * @throws a `FlowError` with code `stale_owner` when somebody else owns the store now, `row_refused` for a write that
   * is refused, `commit_failed` for anything else
   */
  commit(writes: readonly Write[]): Answer<void>;
  /** Begins a transaction that steps' own writes can join; left out: the store cannot. Embedded stores only. */
  begin?(): OpenTransaction;
  /**
   * Checks that what was opened is still what is there; left out: it cannot go away. `own` and `commit` check it, too.
   *
   * A runtime asks twice a second, rather than the store calling back: a file that was replaced tells nobody, so that a store would
   * need a timer of its own to find out, and would have to keep it from going on after `close`.
   *
   * @throws a `FlowError` with code `store_gone` or `store_log_gone`
   */
  verify?(): Answer<void>;
  /**
   * Writes all that is in the store at one moment into a new file, while the owner goes on; left out: the store cannot.
   *
   * @throws a `FlowError` with code `backup_exists`, `file_unreadable` or `store_cannot_open`; then there is no such file
   */
  backup?(file: string): Promise<void>;
  /**
   * Makes tables of kinds of the application's own that are not there; left out: a table is there when it is first written.
   *
   * @throws a `FlowError` with code `table_differs` when a table of that name has other columns
   */
  create?(tables: readonly Table[]): Answer<void>;
  /** Gives back room that deletions have left, if there is a place to give it back to. */
  compact(): Answer<void>;
}
