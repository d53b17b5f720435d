import { createRandomId } from '../../src/core/ids.ts';
import { listJournalRows } from '../journal-rows.ts';
import type { ExecutionRecord, OwnerRecord } from '../records.ts';
import { createAsyncWriteError, createNotAcquiredError, createStaleOwnerError, isPromiseLike } from '../store-errors.ts';
import type { CommitBatch, PruneParams, Store, Transaction } from '../store.ts';
import type { OpenMessage, PruneMessagesParams } from '../queue-store.ts';
import { writeArtifacts } from './artifacts.ts';
import { writeActors } from './actors.ts';
import { writeCatalog } from './catalog.ts';
import { writeBatch } from './commit.ts';
import type { SqliteConnection } from './connection.ts';
import type { SqliteDatabase } from './driver.ts';
import { toCommitError } from './errors.ts';
import { FileWatch } from './file-watch.ts';
import { acquireHandle, releaseHandle } from './handle-owner.ts';
import { writeInteractions } from './interactions.ts';
import { writeIsolations } from './isolations.ts';
import { pruneAgedRows } from './journal.ts';
import { giveBackPages, pruneExecutions } from './maintenance.ts';
import { requireDurability } from './open.ts';
import type { Durability, OpenedDatabase } from './open.ts';
import { acquireOwnerLock, releaseOwnerLock } from './owner.ts';
import { forgetQueueRows, writeQueueBatch } from './queue-commit.ts';
import { pruneMessageKeys, pruneMessages } from './queue-maintenance.ts';
import { getQueueMarks, listOpenMessages } from './queue-reads.ts';
import { selectExecutions, selectPending, toExecution } from './rows.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { prepareCommit } from './statements.ts';
import type { CommitStatements } from './statements.ts';

/** A SQLite database as the store of one runtime. Made by `openSqliteStore`. */
export class SqliteStore extends SqliteReader implements Store {
  readonly #durability: Durability;
  readonly #token = {};
  /** Undefined: there is no file. */
  readonly #watch: FileWatch | undefined;
  #epoch = 0;
  #statements: CommitStatements | undefined;

  constructor(opened: OpenedDatabase, durability: Durability) {
    super(opened);
    this.#durability = durability;
    const { path, connection, closesHandle } = opened;
    this.#watch = path === undefined ? undefined : new FileWatch(path, connection, !closesHandle);
  }

  acquire(owner: OwnerRecord): number {
    const connection = this.requireOpen();
    const { path } = this.opened;
    this.verify();
    if (path === undefined) acquireHandle(connection.database, owner, this.#token);
    else acquireOwnerLock(path, connection.driver, owner, this.#token);
    try {
      const statements = (this.#statements ??= prepareCommit(connection));
      this.#epoch = connection.transaction(() => {
        connection.prepare('UPDATE meta SET epoch = epoch + 1').run();
        statements.journal.begin(createRandomId());
        return Number(connection.value('SELECT epoch FROM meta'));
      });
      requireDurability(connection, this.#durability);
      const newestKey = Number(connection.value('SELECT coalesce(max(key), 0) FROM executions'));
      forgetQueueRows(connection);
      // Somebody else may have written since.
      statements.newestKey = newestKey;
      this.#watch?.begin();
      return newestKey;
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

  commit(batch: CommitBatch): void {
    this.#transact(statements => this.#write(statements, batch));
  }

  commitWith(build: (attempt: (write: (tx: Transaction<SqliteDatabase>) => void) => void) => CommitBatch): void {
    const { connection } = this.opened;
    const tx: Transaction<SqliteDatabase> = { handle: connection.database };
    this.#transact(statements => {
      const batch = build(write =>
        connection.savepoint(() => {
          const result: unknown = write(tx);
          if (isPromiseLike(result)) throw createAsyncWriteError();
        }),
      );
      // A write may have ended the transaction, or SQLite after an error in it: then the epoch was not checked for what follows.
      if (!connection.inTransaction) throw new TypeError('A write ended the transaction it was in');
      this.#write(statements, batch);
    });
  }

  #write(statements: CommitStatements, batch: CommitBatch): void {
    const { connection } = this.opened;
    writeBatch(statements, batch);
    if (batch.artifacts) writeArtifacts(connection, batch.artifacts);
    if (batch.interactions) writeInteractions(connection, batch.interactions);
    if (batch.queues) writeQueueBatch(connection, batch.queues);
    if (batch.isolations) writeIsolations(connection, batch.isolations);
    if (batch.catalog) writeCatalog(connection, batch.catalog);
    if (batch.actors) writeActors(connection, batch.actors);
    for (const row of listJournalRows(batch)) statements.journal.write(row);
    if (batch.actors?.removed?.length) statements.journal.keepHead();
  }

  listInterrupted(afterKey: number, limit: number): ExecutionRecord[] {
    return this.all(`${selectExecutions} WHERE e.wake_at = 0 AND e.key > ? ORDER BY e.key LIMIT ?`, toExecution, afterKey, limit);
  }

  listDue(now: number, limit: number): ExecutionRecord[] {
    return this.all(`${selectExecutions} WHERE e.wake_at > 0 AND e.wake_at <= ? ORDER BY e.wake_at, e.key LIMIT ?`, toExecution, now, limit);
  }

  listPending(limit: number): ExecutionRecord[] {
    return this.all(`${selectPending} ORDER BY e.priority DESC, e.key LIMIT ?`, toExecution, limit);
  }

  nextWakeAt(after: number): number | undefined {
    const sql = 'SELECT wake_at AS at FROM executions WHERE wake_at > ? ORDER BY wake_at LIMIT 1';
    return this.get(sql, row => (row as { at: number }).at, after);
  }

  prune(params: PruneParams): number {
    return this.#maintain(connection => pruneExecutions(connection, this.#requireStatements().journal, params));
  }

  getQueueMarks(): { messageKey: number; outboxKey: number; publishedAt: number } {
    return this.read(getQueueMarks);
  }

  listOpenMessages(afterKey: number, limit: number): OpenMessage[] {
    return this.read(connection => listOpenMessages(connection, afterKey, limit));
  }

  pruneMessages(params: PruneMessagesParams): number {
    return this.#maintain(connection => pruneMessages(connection, params));
  }

  pruneMessageKeys(now: number, limit: number): number {
    return this.#maintain(connection => pruneMessageKeys(connection, now, limit));
  }

  pruneJournal(before: number, limit: number): number {
    return this.#maintain(connection =>
      connection.transaction(() => {
        const count = pruneAgedRows(connection, before, limit);
        if (count > 0) this.#requireStatements().journal.keepHead();
        return count;
      }),
    );
  }

  compact(): void {
    this.#maintain(giveBackPages);
  }

  #maintain<T>(work: (connection: SqliteConnection) => T): T {
    const connection = this.requireOpen();
    const statements = this.#requireStatements();
    this.#verify(false);
    try {
      this.#requireEpoch(statements);
      return work(connection);
    } catch (error) {
      throw this.#watch?.findLoss(true) ?? toCommitError(this.location, error);
    } finally {
      // It may have written more than one transaction.
      this.#watch?.note();
    }
  }

  override close(): void {
    super.close();
    this.#release();
  }

  #release(): void {
    const { path, connection } = this.opened;
    if (path === undefined) releaseHandle(connection.database, this.#token);
    else releaseOwnerLock(path, this.#token);
  }

  #transact(work: (statements: CommitStatements) => void): void {
    const connection = this.requireOpen();
    const statements = this.#requireStatements();
    try {
      this.#verify(false);
      connection.transaction(() => {
        this.#requireEpoch(statements);
        work(statements);
      });
      this.#verify(true);
    } catch (error) {
      forgetQueueRows(connection);
      // An error of SQLite's may only be what followed.
      throw this.#watch?.findLoss(true) ?? toCommitError(this.location, error);
    }
  }

  #requireStatements(): CommitStatements {
    if (!this.#statements) throw createNotAcquiredError(this.location);
    return this.#statements;
  }

  #requireEpoch({ readEpoch }: CommitStatements): void {
    const { epoch } = readEpoch.get() as { readonly epoch: number };
    if (epoch !== this.#epoch) throw createStaleOwnerError(this.location, this.#epoch, epoch);
  }
}
