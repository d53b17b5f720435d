import type { Answer } from '../answer.ts';
import type { StoreReader, Write, WriteShape } from '../contract.ts';
import { chain, none } from './reading.ts';
import { messageBlocks, messages } from './tables.ts';

// As migration 0014 has it: 32 keys are a block.
const blockSize = 32;
/** Blocks whose messages are read at once: some 2,000 rows. */
export const blocksAtOnce = 64;

/** The block that a key is in. */
export const blockOf = (key: number): number => Math.floor(key / blockSize);

export const toKeyRange = (block: number): { readonly from: number; readonly to: number } => ({ from: block * blockSize, to: block * blockSize + blockSize - 1 });

const putBlock: WriteShape = { table: messageBlocks, kind: 'insert', columns: ['block'], keep: true };
const removeBlock: WriteShape = { table: messageBlocks, kind: 'remove', columns: ['block'] };

/** Messages that a commit opens or settles, by key. */
export interface BlockChanges {
  readonly opened: readonly number[];
  readonly settled: readonly number[];
}

/**
 * Keeps the list of blocks with unsettled messages. The last one stays in the list while it is being filled, empty or not.
 *
 * What it counts it has read itself, as the only writer. When a commit is refused, or another owner may have written, it is
 * to be forgotten.
 */
export class MessageBlocks {
  readonly #store: StoreReader;
  readonly #counts = new Map<number, number>();
  #last: number | undefined;

  constructor(store: StoreReader) {
    this.#store = store;
  }

  forget(): void {
    this.#counts.clear();
    this.#last = undefined;
  }

  /** Reads what has to be known of the blocks that a commit touches; before it is written. */
  prepare({ opened, settled }: BlockChanges): Answer<void> {
    if (this.#last === undefined) {
      return chain(this.#store.read([{ table: messageBlocks, order: 'falling', limit: 1 }]), ([[last] = none]) => {
        this.#last = Number(last?.['block'] ?? -1);
        return this.prepare({ opened, settled });
      });
    }
    const last = this.#last;
    // No message that is unsettled lies behind the last block. That one may be closed when a later one begins.
    const unknown = new Set([...opened.map(blockOf), ...settled.map(blockOf), last].filter(block => block >= 0 && block <= last && !this.#counts.has(block)));
    if (unknown.size === 0) return undefined;
    const blocks = [...unknown];
    return chain(this.#store.read(blocks.map(toRequest)), answers => {
      for (const [index, block] of blocks.entries()) this.#counts.set(block, (answers[index] ?? []).filter(row => row['settledAt'] === null).length);
    });
  }

  /** The writes that keep the list. */
  change({ opened, settled }: BlockChanges): Write[] {
    const writes: Write[] = [];
    for (const key of opened) this.#open(blockOf(key), writes);
    for (const key of settled) this.#settle(blockOf(key), writes);
    return writes;
  }

  #open(block: number, writes: Write[]): void {
    const count = this.#counts.get(block) ?? 0;
    this.#counts.set(block, count + 1);
    const last = this.#last ?? -1;
    if (count === 0) writes.push({ shape: putBlock, values: [block] });
    if (block <= last) return;
    this.#last = block;
    if (last >= 0 && (this.#counts.get(last) ?? 0) === 0) this.#close(last, writes);
  }

  #settle(block: number, writes: Write[]): void {
    const count = (this.#counts.get(block) ?? 1) - 1;
    this.#counts.set(block, count);
    if (count === 0 && block !== this.#last) this.#close(block, writes);
  }

  #close(block: number, writes: Write[]): void {
    writes.push({ shape: removeBlock, values: [block] });
    this.#counts.delete(block);
  }
}

const toRequest = (block: number) => ({ table: messages, ...toKeyRange(block), columns: ['settledAt'] });
