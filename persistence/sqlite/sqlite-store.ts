import type { OpenTransaction, Store, Transaction, Write, WriteShape } from '../contract.ts';
import type { OwnerRecord } from '../records.ts';
import type { Table } from '../table.ts';
import { createAsyncWriteError, createNotAcquiredError, createRefusedError, createStaleOwnerError, isPromiseLike } from '../store-errors.ts';
import { describeKey, mustChange } from '../write-rules.ts';
import { requireNewFile } from './backup.ts';
import { backupApart } from './backup-apart.ts';
import type { SqliteConnection } from './connection.ts';
import { copyDatabase } from './copy-database.ts';
import type { SqliteDatabase, SqliteStatement } from './driver.ts';
import { createMissing } from './create-table.ts';
import { toCommitError, toOpenError } from './errors.ts';
import { FileWatch } from './file-watch.ts';
import { acquireHandle, releaseHandle } from './handle-owner.ts';
import { giveBackPages } from './maintenance.ts';
import { requireDurability } from './open.ts';
import type { Durability, OpenedDatabase } from './open.ts';
import { acquireOwnerLock, releaseOwnerLock } from './owner.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { toWriteSql } from './table-sql.ts';

interface PreparedWrite {
  readonly statement: SqliteStatement;
  readonly mustChange: boolean;
}

/** A SQLite database as the store of one runtime. Made by `openSqliteStore`. */
export class SqliteStore extends SqliteReader implements Store {
  readonly #durability: Durability;
  readonly #token = {};
  /** Undefined: there is no file. */
  readonly #watch: FileWatch | undefined;
  readonly #prepared = new Map<WriteShape, PreparedWrite>();
  #readEpoch: SqliteStatement | undefined;
  #epoch = 0;

  constructor(opened: OpenedDatabase, durability: Durability) {
    super(opened);
    this.#durability = durability;
    const { path, connection, closesHandle } = opened;
    this.#watch = path === undefined ? undefined : new FileWatch(path, connection, !closesHandle);
  }

  own(owner: OwnerRecord): void {
    const connection = this.requireOpen();
    const { path } = this.opened;
    this.verify();
    if (path === undefined) acquireHandle(connection.database, owner, this.#token);
    else acquireOwnerLock(path, connection.driver, owner, this.#token);
    try {
      this.#readEpoch ??= connection.prepare('SELECT epoch FROM meta WHERE id = 1');
      this.#epoch = connection.transaction(() => {
        connection.prepare('UPDATE meta SET epoch = epoch + 1').run();
        return Number(connection.value('SELECT epoch FROM meta'));
      });
      requireDurability(connection, this.#durability);
      this.#watch?.begin();
    } catch (error) {
      this.#release();
      throw toCommitError(this.location, error);
    }
  }

  verify(): void {
    this.requireOpen();
    this.#verify(false);
  }

  /** The one place that asks whether the file is still there: before anything is written, and before anybody is told that it was. */
  #verify(wrote: boolean): void {
    const loss = this.#watch?.findLoss(wrote);
    if (loss) throw loss;
  }

  commit(writes: readonly Write[]): void {
    const connection = this.#requireOwned();
    try {
      this.#verify(false);
      connection.begin();
      this.#requireEpoch();
      this.#write(writes);
      connection.commit();
      this.#verify(true);
    } catch (error) {
      this.#refuse(error);
    }
  }

  begin(): OpenTransaction {
    const connection = this.#requireOwned();
    const tx: Transaction<SqliteDatabase> = { handle: connection.database };
    this.#guard(() => {
      this.#verify(false);
      connection.begin();
      this.#requireEpoch();
    });
    return {
      attempt: write =>
        connection.savepoint(() => {
          const result: unknown = write(tx);
          if (isPromiseLike(result)) throw createAsyncWriteError();
        }),
      commit: writes =>
        this.#guard(() => {
          // A write may have ended the transaction, or SQLite after an error in it: then the epoch was not checked for what follows.
          if (!connection.inTransaction) throw new TypeError('A write ended the transaction it was in');
          this.#write(writes);
          connection.commit();
          this.#verify(true);
        }),
      rollback: () => connection.rollback(),
    };
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): never {
    this.opened.connection.rollback();
    // An error of SQLite's may only be what followed.
    throw this.#watch?.findLoss(true) ?? toCommitError(this.location, error);
  }

  #write(writes: readonly Write[]): void {
    for (const write of writes) {
      const prepared = this.#prepared.get(write.shape) ?? this.#prepare(write.shape);
      const { changes } = prepared.statement.run(...write.values);
      if (prepared.mustChange && Number(changes) === 0) throw createRefusedError(write.shape.table.name, describeKey(write));
    }
  }

  #prepare(shape: WriteShape): PreparedWrite {
    const prepared = { statement: this.opened.connection.prepare(toWriteSql(shape)), mustChange: mustChange(shape) };
    this.#prepared.set(shape, prepared);
    return prepared;
  }

  create(tables: readonly Table[]): void {
    const connection = this.#requireOwned();
    this.#guard(() => {
      connection.transaction(() => {
        this.#requireEpoch();
        for (const table of tables) createMissing(connection, table, this.location);
      });
    });
  }

  compact(): void {
    const connection = this.#requireOwned();
    this.#verify(false);
    this.#guard(() => {
      this.#requireEpoch();
      giveBackPages(connection);
    });
    this.#watch?.note();
  }

  async backup(file: string): Promise<void> {
    const { driver, database } = this.requireOpen();
    const to = requireNewFile(file);
    const { path } = this.opened;
    if (path !== undefined) return backupApart(path, to, driver);
    // What is in memory has no second connection.
    try {
      copyDatabase(database, to);
    } catch (error) {
      throw toOpenError(to, error);
    }
  }

  override close(): void {
    super.close();
    this.#prepared.clear();
    this.#release();
  }

  #release(): void {
    const { path, connection } = this.opened;
    if (path === undefined) releaseHandle(connection.database, this.#token);
    else releaseOwnerLock(path, this.#token);
  }

  #requireOwned(): SqliteConnection {
    const connection = this.requireOpen();
    if (!this.#readEpoch) throw createNotAcquiredError(this.location);
    return connection;
  }

  #requireEpoch(): void {
    const found = this.#readEpoch?.get() as { readonly epoch: number } | undefined;
    const epoch = found?.epoch ?? 0;
    if (epoch !== this.#epoch) throw createStaleOwnerError(this.location, this.#epoch, epoch);
  }
}
