import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FlowError } from '../../src/core/errors.ts';
import type { Answer } from '../answer.ts';
import type { PruneMessagesParams } from '../queue-store.ts';
import type { ExecutionRecord, OwnerRecord } from '../records.ts';
import { executions } from '../records/flow-tables.ts';
import { TableRecords } from '../records/table-records.ts';
import type { CommitBatch, PruneParams } from '../store.ts';
import { createTableDiffersError } from '../store-errors.ts';
import type { Row, Table } from '../table.ts';
import type { CommitLine } from './commit-line.ts';
import { fromCommitLine, isSnapshotLine, toCommitLine, toSnapshotLine } from './commit-line.ts';
import { FilesTables } from './files-tables.ts';
import { listTurns } from './older-messages.ts';
import type { FilesDurability } from './journal-writer.ts';
import { restoreSnapshot } from './snapshot.ts';
import type { SessionSource } from './session-file.ts';
import { hasSession, removeSession, writeSession } from './session-file.ts';

/** Folder of the session files in a store's folder. */
const sessionsFolder = 'sessions';

/** Keeps everything in a folder: a journal of commits, and a session file for each settled execution. Answers from memory. */
export class FilesRecords extends TableRecords {
  readonly #tables: FilesTables;
  /** What is being committed; undefined: nothing that is a line of its own. */
  #batch: CommitBatch | undefined;
  /** Number of the last commit. */
  #last = 0;
  /** Settled executions whose session file could not be written yet. */
  readonly #unwritten = new Set<string>();

  constructor(folder: string, durability: FilesDurability) {
    const tables: FilesTables = new FilesTables(folder, durability, {
      begin: () => this.#begin(),
      take: line => this.#take(line as CommitLine),
      next: () => this.#batch && toCommitLine(this.#last + 1, this.#batch),
    });
    super(tables);
    this.#tables = tables;
  }

  /** A table is there when it is first written; one that is there has to be the same. */
  override createTables(tables: readonly Table[]): void {
    for (const table of tables) {
      const wanted = Object.keys(table.columns);
      const found = this.#tables.columnsOf(table.name);
      if (found && (found.length !== wanted.length || wanted.some(name => !found.includes(name)))) throw createTableDiffersError(this.location, table.name, wanted, found);
    }
  }

  #begin(): void {
    this.#last = 0;
    this.forget(0, 0);
  }

  #take(line: CommitLine): void {
    if (isSnapshotLine(line)) {
      const { head, newestKey } = restoreSnapshot(this.#tables, line.state);
      this.forget(head, newestKey);
      this.#last = line.n;
    } else if ('batch' in line) {
      const batch = fromCommitLine(line);
      void this.prepare(batch);
      this.#tables.apply(this.toWrites(batch));
      this.keep(batch);
      this.#last = line.n;
    } else if (line.flowstone !== 'journal' || line.version !== 1) {
      throw new FlowError('store_newer', `Expected ${this.location} to hold a journal of version 1, found ${JSON.stringify(line)}. Update Flowstone.`, { details: { location: this.location } });
    }
  }

  override acquire(owner: OwnerRecord): Answer<number> {
    const newestKey = super.acquire(owner);
    this.#tables.apply(listTurns(this.#tables));
    this.#writeMissingSessions();
    return newestKey;
  }

  protected override write(batch: CommitBatch): void {
    this.#batch = batch;
    try {
      void super.write(batch);
    } finally {
      this.#batch = undefined;
    }
    this.#last++;
    for (const { settledAt, executionId } of batch.executions) if (settledAt !== null) this.#unwritten.add(executionId);
    this.#writeSessions();
  }

  /** A session file follows from the journal: one that cannot be written now is written with a later commit, or by the next owner. */
  #writeSessions(): void {
    if (this.#unwritten.size === 0) return;
    const folder = join(this.location, sessionsFolder);
    for (const executionId of this.#unwritten) {
      const record = this.getExecution(executionId) as ExecutionRecord | undefined;
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        // Tables in memory answer at once.
        if (record) writeSession(this as unknown as SessionSource, record, folder);
        this.#unwritten.delete(executionId);
      } catch {
        return;
      }
    }
  }

  #writeMissingSessions(): void {
    const folder = join(this.location, sessionsFolder);
    for (const row of this.#listExecutions()) {
      const executionId = row['executionId'] as string;
      if (row['settledAt'] !== null && !hasSession(folder, executionId)) this.#unwritten.add(executionId);
    }
    this.#writeSessions();
  }

  #listExecutions(): Row[] {
    return this.#tables.read([{ table: executions, columns: ['key', 'executionId', 'settledAt'] }])[0] ?? [];
  }

  /** Also removes their session files, and writes the journal anew without them. */
  override prune(params: PruneParams): number {
    const before = this.#listExecutions();
    const count = this.#rewrite(() => super.prune(params) as number);
    if (count === 0) return 0;
    const left = new Set(this.#listExecutions().map(row => row['executionId']));
    for (const { executionId } of before) if (!left.has(executionId as string)) removeSession(join(this.location, sessionsFolder), executionId as string);
    return count;
  }

  override pruneMessages(params: PruneMessagesParams): number {
    return this.#rewrite(() => super.pruneMessages(params) as number);
  }

  override pruneMessageKeys(now: number, limit: number): number {
    return this.#rewrite(() => super.pruneMessageKeys(now, limit) as number);
  }

  override pruneJournal(before: number, limit: number): number {
    return this.#rewrite(() => super.pruneJournal(before, limit) as number);
  }

  /** What a commit has deleted is still in the journal: that begins anew without it. */
  override compact(): void {
    this.#rewrite(() => 1);
  }

  /** What is deleted is in the journal: that begins anew without it. */
  #rewrite(prune: () => number): number {
    this.#tables.verify();
    const before = this.#tables.keep();
    const count = prune();
    if (count === 0) return 0;
    try {
      this.#tables.replace(toSnapshotLine(this.#last, this.#tables.toText()));
    } catch (error) {
      this.#tables.restore(before);
      throw error;
    }
    return count;
  }
}
