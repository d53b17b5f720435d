import type { SqliteDatabase, SqliteDriver, SqliteStatement, SqliteValue } from './driver.ts';

/** A database handle with its transactions as a closed tool: nobody else writes BEGIN. */
export class SqliteConnection {
  readonly database: SqliteDatabase;
  readonly driver: SqliteDriver;
  readonly #prepared = new Map<string, SqliteStatement>();
  #begin: SqliteStatement | undefined;
  #commit: SqliteStatement | undefined;
  #snapshot: SqliteStatement | undefined;

  constructor(database: SqliteDatabase, driver: SqliteDriver) {
    this.database = database;
    this.driver = driver;
  }

  get inTransaction(): boolean {
    const state = this.database as { readonly inTransaction?: boolean; readonly isTransaction?: boolean };
    return state.inTransaction ?? state.isTransaction ?? false;
  }

  /** Prepares a statement, once per text. */
  prepare(sql: string): SqliteStatement {
    let statement = this.#prepared.get(sql);
    if (!statement) this.#prepared.set(sql, (statement = this.database.prepare(sql)));
    return statement;
  }

  exec(sql: string): void {
    this.database.exec(sql);
  }

  /** The only column of the only row. */
  value(sql: string, ...values: SqliteValue[]): unknown {
    const row = this.prepare(sql).get(...values) as object | undefined;
    return row && Object.values(row)[0];
  }

  /** Takes the write lock at once. */
  begin(): void {
    this.#begin ??= this.prepare('BEGIN IMMEDIATE');
    this.#begin.run();
  }

  commit(): void {
    this.#commit ??= this.prepare('COMMIT');
    this.#commit.run();
  }

  /** SQLite has rolled back by itself after some errors. */
  rollback(): void {
    if (this.inTransaction) this.exec('ROLLBACK');
  }

  /** Runs the work in a transaction of its own. A throw leaves nothing behind. */
  transaction<T>(work: () => T): T {
    this.begin();
    return this.#end(work);
  }

  /** Runs reads that see one moment. */
  snapshot<T>(work: () => T): T {
    this.#snapshot ??= this.prepare('BEGIN');
    this.#snapshot.run();
    return this.#end(work);
  }

  /** Runs the work in the transaction that is open, and ends that. */
  #end<T>(work: () => T): T {
    try {
      const result = work();
      this.commit();
      return result;
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /** Runs the work inside the open transaction, so that a throw undoes only the work. */
  savepoint<T>(work: () => T): T {
    this.prepare('SAVEPOINT flowstone_write').run();
    try {
      const result = work();
      this.prepare('RELEASE flowstone_write').run();
      return result;
    } catch (error) {
      if (this.inTransaction) {
        this.prepare('ROLLBACK TO flowstone_write').run();
        this.prepare('RELEASE flowstone_write').run();
      }
      throw error;
    }
  }

  close(): void {
    this.#prepared.clear();
    this.database.close();
  }
}
