import { join } from 'node:path';
import { statSync } from 'node:fs';
import { FlowError } from '../../src/core/errors.ts';
import type { Request, StoreSize, Write } from '../contract.ts';
import { MemoryState } from '../memory/memory-state.ts';
import { MemoryTables } from '../memory/memory-store.ts';
import type { OwnerRecord } from '../records.ts';
import { createNotAcquiredError, createStaleOwnerError } from '../store-errors.ts';
import type { Row } from '../table.ts';
import { JournalFollower } from './journal-follower.ts';
import type { FilesDurability } from './journal-writer.ts';
import { JournalWriter } from './journal-writer.ts';
import { OwnerFiles } from './owner-file.ts';

/** Name of the journal in a store's folder. */
export const journalFile = 'journal.jsonl';

/** What the lines of a journal mean, for whoever keeps tables in one. */
export interface JournalLines {
  /** The tables are empty: the journal is read from its beginning. */
  begin(): void;
  take(line: unknown): void;
  /** The line of what is being written; undefined: it needs none. */
  next(): unknown;
}

/** Tables in memory, and the journal in a folder that makes them last. */
export class FilesTables extends MemoryTables {
  override readonly location: string;
  readonly #path: string;
  readonly #durability: FilesDurability;
  readonly #owners: OwnerFiles;
  readonly #lines: JournalLines;
  #follower: JournalFollower;
  #writer: JournalWriter | undefined;
  #generation = 0;
  #following = false;

  constructor(folder: string, durability: FilesDurability, lines: JournalLines) {
    super(new MemoryState());
    this.location = folder;
    this.#path = join(folder, journalFile);
    this.#durability = durability;
    this.#lines = lines;
    this.#follower = new JournalFollower(this.#path);
    this.#owners = new OwnerFiles(folder);
  }

  override read(requests: readonly Request[]): Row[][] {
    this.requireOpen();
    // The owner has written everything itself.
    if (!this.#writer && !this.#following) this.#follow();
    return super.read(requests);
  }

  #follow(): void {
    const follower = this.#follower;
    this.#following = true;
    try {
      follower.read(line => {
        if (follower.generation !== this.#generation) {
          this.#generation = follower.generation;
          this.#clear();
        }
        this.#lines.take(line);
      });
    } finally {
      this.#following = false;
    }
  }

  #clear(): void {
    this.restore(new MemoryState());
    this.#lines.begin();
  }

  /** Columns that a table has; undefined: there is none of that name. */
  columnsOf(name: string): readonly string[] | undefined {
    return this.state.columnsOf(name);
  }

  /** Applies what a line says: it is stored already. */
  apply(writes: readonly Write[]): void {
    for (const write of writes) this.state.open(write.shape.table).write(write, () => {});
  }

  /** Becomes what was kept: as it is in a snapshot, or was before something failed. */
  restore(state: MemoryState): void {
    this.state.take(state);
  }

  keep(): MemoryState {
    return this.state.copy();
  }

  toText(): string {
    return this.state.toText();
  }

  /** The name of the owner is in the folder, as is how often there was another one. */
  override own(owner: OwnerRecord): void {
    this.requireOpen();
    this.#writer?.requirePresent();
    const before = this.#owners.epoch;
    this.#owners.acquire(owner, this.location);
    if (this.#owners.epoch === before) return;
    try {
      this.#open();
    } catch (error) {
      this.#owners.release();
      throw error;
    }
  }

  /** Reads the whole journal, cuts off a last line that was never finished, and goes on behind it. */
  #open(): void {
    this.#writer?.close();
    this.#writer = undefined;
    this.#follower = new JournalFollower(this.#path);
    this.#generation = 0;
    this.#clear();
    this.#follow();
    const { damage, offset } = this.#follower;
    if (damage && JournalFollower.hasWholeLineBehind(this.#path, offset)) {
      throw new FlowError(
        'store_damaged',
        `Expected every line of ${this.#path} to be whole, but the one at byte ${offset} is not (${damage.reason}), and whole ones follow it. Keep a copy; what stands before that byte is good.`,
        { details: { location: this.location, offset } },
      );
    }
    this.#writer = new JournalWriter(this.#path, this.#durability, offset);
  }

  override owner(): OwnerRecord | undefined {
    this.requireOpen();
    return this.#owners.getOwner();
  }

  protected override requireOwned(): void {
    this.requireOpen();
    if (!this.#writer) throw createNotAcquiredError(this.location);
    this.#writer.requirePresent();
    if (!this.#owners.isOwner()) throw createStaleOwnerError(this.location, this.#owners.epoch, this.#owners.findLast()?.epoch ?? 0);
  }

  verify(): void {
    this.requireOwned();
  }

  protected override persist(): void {
    const line = this.#lines.next();
    if (line !== undefined) this.#writer?.append(line);
  }

  /** Puts a journal of one line in this one's place. */
  replace(line: unknown): void {
    this.#writer?.replace([line]);
  }

  override size(): StoreSize {
    this.requireOpen();
    return { bytes: statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0, freeBytes: 0 };
  }

  override close(): void {
    super.close();
    this.#writer?.close();
    this.#writer = undefined;
    this.#owners.release();
  }
}
