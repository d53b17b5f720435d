import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FlowError } from '../../src/core/errors.ts';
import { createRandomId } from '../../src/core/ids.ts';
import { copyMemoryState, createMemoryState, fromMemoryText, toMemoryText } from '../memory/memory-state.ts';
import type { MemoryState } from '../memory/memory-state.ts';
import { MemoryArtifacts } from '../memory/memory-artifacts.ts';
import { MemoryInteractions } from '../memory/memory-interactions.ts';
import { MemoryActors } from '../memory/memory-actors.ts';
import { MemoryCatalog } from '../memory/memory-catalog.ts';
import { MemoryIsolations } from '../memory/memory-isolations.ts';
import { applyBatch } from '../memory/memory-commit.ts';
import { StateStore } from '../memory/memory-store.ts';
import { UndoLog } from '../memory/undo-log.ts';
import type { PruneMessagesParams } from '../queue-store.ts';
import type { ExecutionRecord, OwnerRecord } from '../records.ts';
import type { StoreCapability } from '../store-capabilities.ts';
import { createClosedError, createNotAcquiredError, createStaleOwnerError } from '../store-errors.ts';
import type { CommitBatch, PruneParams, StoreSize } from '../store.ts';
import type { CommitLine } from './commit-line.ts';
import { fromCommitLine, isSnapshotLine, toCommitLine, toSnapshotLine } from './commit-line.ts';
import { JournalFollower } from './journal-follower.ts';
import { JournalWriter, type FilesDurability } from './journal-writer.ts';
import { OwnerFiles } from './owner-file.ts';
import { hasSession, removeSession, writeSession } from './session-file.ts';

/** Name of the journal in a store's folder. */
export const journalFile = 'journal.jsonl';
/** Folder of the session files in a store's folder. */
const sessionsFolder = 'sessions';

/** Keeps everything in a folder: a journal of commits, and a session file for each settled execution. Answers from memory. */
export class FilesStore extends StateStore {
  readonly location: string;
  /** What this store cannot do. */
  readonly lacks: readonly StoreCapability[] = ['ownWrites'];
  readonly artifacts = new MemoryArtifacts(() => this.readState());
  readonly interactions = new MemoryInteractions(() => this.readState());
  readonly isolations = new MemoryIsolations(() => this.readState());
  readonly catalog = new MemoryCatalog(() => this.readState());
  readonly actors = new MemoryActors(() => this.readState());
  readonly #state: MemoryState;
  readonly #durability: FilesDurability;
  #follower: JournalFollower;
  readonly #owners: OwnerFiles;
  readonly #undo = new UndoLog();
  /** Settled executions whose session file could not be written yet. */
  readonly #unwritten = new Set<string>();
  #writer: JournalWriter | undefined;
  #generation = 0;
  /** Number of the last commit. */
  #last = 0;
  #closed = false;

  constructor(folder: string, durability: FilesDurability) {
    const state = createMemoryState();
    super(state);
    this.#state = state;
    this.location = folder;
    this.#durability = durability;
    this.#follower = new JournalFollower(join(folder, journalFile));
    this.#owners = new OwnerFiles(folder);
  }

  // what others have written meanwhile

  /** The owner has written everything itself. */
  protected override refresh(): void {
    if (!this.#writer) this.#follow();
  }

  #follow(): void {
    const follower = this.#follower;
    follower.read(line => {
      if (follower.generation !== this.#generation) {
        this.#generation = follower.generation;
        Object.assign(this.#state, createMemoryState());
      }
      this.#take(line as CommitLine);
    });
  }

  #take(line: CommitLine): void {
    if (isSnapshotLine(line)) {
      Object.assign(this.#state, fromMemoryText(line.state));
      this.#last = line.n;
    } else if ('batch' in line) {
      applyBatch(this.#state, this.#undo, fromCommitLine(line));
      this.#last = line.n;
    } else if (line.flowstone !== 'journal' || line.version !== 1) {
      throw new FlowError('store_newer', `Expected ${this.location} to hold a journal of version 1, found ${JSON.stringify(line)}. Update Flowstone.`, { details: { location: this.location } });
    }
  }

  // ownership

  override acquire(owner: OwnerRecord): number {
    if (this.#closed) throw createClosedError(this.location);
    this.#writer?.requirePresent();
    const before = this.#owners.epoch;
    this.#owners.acquire(owner, this.location);
    if (this.#owners.epoch !== before) {
      try {
        this.#open();
      } catch (error) {
        this.#owners.release();
        throw error;
      }
    }
    this.#writeMissingSessions();
    return Math.max(0, ...this.#state.executions.keys());
  }

  /** Reads the whole journal, cuts off a last line that was never finished, and goes on behind it. */
  #open(): void {
    const path = join(this.location, journalFile);
    this.#writer?.close();
    this.#writer = undefined;
    this.#follower = new JournalFollower(path);
    this.#generation = 0;
    this.#last = 0;
    Object.assign(this.#state, createMemoryState());
    this.#follow();
    const { damage, offset } = this.#follower;
    if (damage && JournalFollower.hasWholeLineBehind(path, offset)) {
      throw new FlowError(
        'store_damaged',
        `Expected every line of ${path} to be whole, but the one at byte ${offset} is not (${damage.reason}), and whole ones follow it. Keep a copy; what stands before that byte is good.`,
        { details: { location: this.location, offset } },
      );
    }
    this.#writer = new JournalWriter(path, this.#durability, offset);
    this.commit({ ...fromCommitLine({ n: 0, batch: {} }), owner: { id: createRandomId() } });
  }

  override getOwner(): OwnerRecord | undefined {
    if (this.#closed) throw createClosedError(this.location);
    return this.#owners.getOwner();
  }

  protected override requireOwned(): MemoryState {
    if (this.#closed) throw createClosedError(this.location);
    if (!this.#writer) throw createNotAcquiredError(this.location);
    this.#writer.requirePresent();
    if (!this.#owners.isOwner()) throw createStaleOwnerError(this.location, this.#owners.epoch, this.#owners.findLast()?.epoch ?? 0);
    return this.#state;
  }

  verify(): void {
    this.requireOwned();
  }

  override close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer?.close();
    this.#owners.release();
    super.close();
  }

  // writing

  protected override persist(batch: CommitBatch): void {
    this.#writer?.append(toCommitLine(this.#last + 1, batch));
  }

  override commit(batch: CommitBatch): void {
    super.commit(batch);
    this.#last++;
    for (const { settledAt, executionId } of batch.executions) if (settledAt !== null) this.#unwritten.add(executionId);
    this.#writeSessions();
  }

  /** A session file follows from the journal: one that cannot be written now is written with a later commit, or by the next owner. */
  #writeSessions(): void {
    if (this.#unwritten.size === 0) return;
    const folder = join(this.location, sessionsFolder);
    for (const executionId of this.#unwritten) {
      const record = this.getExecution(executionId);
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        if (record) writeSession(this, record, folder);
        this.#unwritten.delete(executionId);
      } catch {
        return;
      }
    }
  }

  #writeMissingSessions(): void {
    const folder = join(this.location, sessionsFolder);
    const isMissing = ({ settledAt, executionId }: ExecutionRecord): boolean => settledAt !== null && !hasSession(folder, executionId);
    for (const record of this.#state.executions.values()) if (isMissing(record)) this.#unwritten.add(record.executionId);
    this.#writeSessions();
  }

  /** Also removes their session files, and writes the journal anew without them. */
  override prune(params: PruneParams): number {
    const before = [...this.#state.executions.values()];
    const count = this.#rewrite(() => super.prune(params));
    if (count === 0) return 0;
    for (const { key, executionId } of before) {
      if (!this.#state.executions.has(key)) removeSession(join(this.location, sessionsFolder), executionId);
    }
    return count;
  }

  override pruneMessages(params: PruneMessagesParams): number {
    return this.#rewrite(() => super.pruneMessages(params));
  }

  override pruneMessageKeys(now: number, limit: number): number {
    return this.#rewrite(() => super.pruneMessageKeys(now, limit));
  }

  override pruneJournal(before: number, limit: number): number {
    return this.#rewrite(() => super.pruneJournal(before, limit));
  }

  /** What a commit has deleted is still in the journal: that begins anew without it. */
  override compact(): void {
    this.#rewrite(() => 1);
  }

  /** What is deleted is in the journal: that begins anew without it. */
  #rewrite(prune: () => number): number {
    const before = copyMemoryState(this.requireOwned());
    const count = prune();
    if (count === 0) return 0;
    try {
      this.#writer?.replace([toSnapshotLine(this.#last, toMemoryText(this.#state))]);
    } catch (error) {
      Object.assign(this.#state, before);
      throw error;
    }
    return count;
  }

  override getSize(): StoreSize {
    if (this.#closed) throw createClosedError(this.location);
    return { bytes: statSync(join(this.location, journalFile), { throwIfNoEntry: false })?.size ?? 0, freeBytes: 0 };
  }
}
