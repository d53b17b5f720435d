import type { Answer } from '../../../persistence/answer.ts';
import type { FeedReader, FeedRow } from '../../../persistence/feed-store.ts';
import type { FeedEntry } from './feed-entry.ts';

/** Rows read at a time: one row holds at most 256 entries. */
const pageRows = 64;
/** Kept of the newest rows. */
const maxKeptEntries = 4_096;
const maxKeptLength = 16 * 1_024 * 1_024;
/** Kept of older ones, read for whoever comes back. */
const maxBlocks = 128;
const maxBlockLength = 16 * 1_024 * 1_024;

export interface KeptRow {
  readonly row: FeedRow;
  readonly entries: readonly FeedEntry[];
}

const lengthOf = (rows: readonly KeptRow[]): number => rows.reduce((sum, { row }) => sum + row.entries.length, 0);

/**
 * Rows of the journal, each read and taken apart once however many follow: the newest ones, in order and without a gap, and blocks
 * of older ones. Whoever comes back stands somewhere in a block, not at its beginning: all who do share the block.
 */
export class FeedRows {
  readonly #reader: FeedReader;
  readonly #toEntries: (row: FeedRow) => readonly FeedEntry[];
  /** The newest rows that were told, in order, none missing between them. */
  #newest: KeptRow[] = [];
  #entries = 0;
  #length = 0;
  /** Blocks, by the number before them; the one that was used the longest time ago is the first. */
  #blocks = new Map<number, readonly KeptRow[]>();
  #blockLength = 0;
  /** Reads that are under way, by the number after which they read. */
  readonly #reading = new Map<number, Promise<readonly KeptRow[]>>();
  readonly #read: <T>(read: () => Answer<T>) => Promise<T>;

  /**
   * @param toEntries takes a row apart
   * @param read reads the store
   */
  constructor(reader: FeedReader, toEntries: (row: FeedRow) => readonly FeedEntry[], read: <T>(read: () => Answer<T>) => Promise<T>) {
    this.#reader = reader;
    this.#toEntries = toEntries;
    this.#read = read;
  }

  /** Rows after a number, at most 64; none: there are none now. */
  async after(number: number): Promise<readonly KeptRow[]> {
    const first = this.#findAfter(number);
    if (first === this.#newest.length) return this.#readNewest(number);
    // Behind the oldest that is kept nothing is missing.
    if (first > 0 || this.#newest[0]?.row.number === number + 1) return this.#newest.slice(first, first + pageRows);
    return this.#readOlder(number);
  }

  /** The store is another's. */
  forget(): void {
    this.#forgetNewest();
    // A read that is under way puts what it finds into the map that was.
    this.#blocks = new Map();
    this.#blockLength = 0;
    this.#reading.clear();
  }

  /** The place of the first of the newest rows behind a number, by halves. */
  #findAfter(number: number): number {
    let [low, high] = [0, this.#newest.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#newest[middle] as KeptRow).row.number > number) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #forgetNewest(): void {
    this.#newest = [];
    this.#entries = 0;
    this.#length = 0;
  }

  async #readNewest(after: number): Promise<readonly KeptRow[]> {
    const rows = await this.#share(after);
    return rows.length > 0 ? this.#keep(rows) : this.#keep(await this.#readRows(after));
  }

  /** Nothing is ever put between rows: whatever a block has holds on, though it may have been read before it was whole. */
  async #readOlder(number: number): Promise<readonly KeptRow[]> {
    const before = number - (number % pageRows);
    const isBehind = ({ row }: KeptRow): boolean => row.number > number;
    const kept = this.#blocks.get(before);
    if (kept?.some(isBehind)) {
      this.#blocks.delete(before);
      this.#blocks.set(before, kept);
      return kept.filter(isBehind);
    }
    const blocks = this.#blocks;
    const rows = await this.#share(before);
    if (blocks === this.#blocks) this.#keepBlock(before, rows);
    const found = rows.filter(isBehind);
    return found.length > 0 ? found : this.#readRows(number);
  }

  #keepBlock(before: number, rows: readonly KeptRow[]): void {
    this.#dropBlock(before);
    this.#blocks.set(before, rows);
    this.#blockLength += lengthOf(rows);
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= maxBlocks && this.#blockLength <= maxBlockLength) return;
      this.#dropBlock(oldest);
    }
  }

  #dropBlock(before: number): void {
    this.#blockLength -= lengthOf(this.#blocks.get(before) ?? []);
    this.#blocks.delete(before);
  }

  /** Those that ask for the same at the same time share one read. */
  #share(after: number): Promise<readonly KeptRow[]> {
    let reading = this.#reading.get(after);
    if (!reading) {
      const begun = this.#readRows(after).finally(() => {
        if (this.#reading.get(after) === begun) this.#reading.delete(after);
      });
      this.#reading.set(after, (reading = begun));
    }
    return reading;
  }

  async #readRows(after: number): Promise<readonly KeptRow[]> {
    const rows = await this.#read(() => this.#reader.readFeed(after, pageRows));
    return rows.map(row => ({ row, entries: this.#toEntries(row) }));
  }

  #keep(rows: readonly KeptRow[]): readonly KeptRow[] {
    const last = this.#newest.at(-1)?.row.number;
    if (last !== undefined && rows[0] && rows[0].row.number > last + 1) this.#forgetNewest();
    for (const kept of rows) {
      if (last !== undefined && kept.row.number <= last) continue;
      this.#newest.push(kept);
      this.#entries += kept.entries.length;
      this.#length += kept.row.entries.length;
    }
    while (this.#newest.length > 1 && (this.#entries > maxKeptEntries || this.#length > maxKeptLength)) this.#drop();
    return rows;
  }

  #drop(): void {
    const oldest = this.#newest.shift();
    if (!oldest) return;
    this.#entries -= oldest.entries.length;
    this.#length -= oldest.row.entries.length;
  }
}
