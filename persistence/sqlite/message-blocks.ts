import type { SqliteConnection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';

// As migration 0014 has it: 32 keys are a block.
const shift = 5;

/** Rows of messages in blocks that hold unsettled ones, by key; to be followed by conditions. Settled ones are among them. */
export const fromOpenBlocks = `FROM message_blocks AS b CROSS JOIN messages ON messages.key BETWEEN b.block << ${shift} AND (b.block << ${shift}) + ${(1 << shift) - 1}`;

/** The block that a key is in. */
export const toBlock = (key: number): number => Math.floor(key / 2 ** shift);

/**
 * Keeps the list of blocks with unsettled messages, inside the transactions that change them. The last one stays in the
 * list while it is being filled, empty or not.
 *
 * What it counts it has read itself, as the only writer. When a transaction is undone, or another owner may have
 * written, it is to be forgotten.
 */
export class MessageBlocks {
  readonly #counts = new Map<number, number>();
  readonly #put: SqliteStatement;
  readonly #delete: SqliteStatement;
  readonly #count: SqliteStatement;
  #last: number;

  constructor(connection: SqliteConnection) {
    this.#put = connection.prepare('INSERT INTO message_blocks (block) VALUES (?) ON CONFLICT (block) DO NOTHING');
    this.#delete = connection.prepare('DELETE FROM message_blocks WHERE block = ?');
    this.#count = connection.prepare(`SELECT count(*) AS count FROM messages WHERE key BETWEEN ? << ${shift} AND (? << ${shift}) + ${(1 << shift) - 1} AND settled_at IS NULL`);
    this.#last = Number(connection.value('SELECT coalesce(max(block), -1) FROM message_blocks'));
  }

  /** A message is there that has not settled, or not any longer; its row says so already. */
  open(key: number): void {
    const block = toBlock(key);
    const count = this.#counts.get(block);
    if (count !== undefined) {
      this.#counts.set(block, count + 1);
      return;
    }
    this.#put.run(block);
    this.#counts.set(block, this.#read(block));
    if (block <= this.#last) return;
    const before = this.#last;
    this.#last = block;
    if (before >= 0 && (this.#counts.get(before) ?? this.#read(before)) === 0) this.#close(before);
  }

  /** A message has settled; its row says so already. */
  settle(key: number): void {
    const block = toBlock(key);
    const known = this.#counts.get(block);
    const count = known === undefined ? this.#read(block) : known - 1;
    if (count === 0 && block !== this.#last) this.#close(block);
    else this.#counts.set(block, count);
  }

  #close(block: number): void {
    this.#delete.run(block);
    this.#counts.delete(block);
  }

  #read(block: number): number {
    return (this.#count.get(block, block) as { readonly count: number }).count;
  }
}
