import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { decodeLine } from './journal-line.ts';

/** A line that is not what was written: from here on nothing can be trusted. */
export interface JournalDamage {
  /** Where the line begins, bytes. */
  readonly offset: number;
  readonly reason: string;
}

const chunkBytes = 1_048_576;
/** Longer lines are not from a store: its largest values are some megabytes. */
const maxLineBytes = 512 * 1_048_576;

/**
 * Reads the whole lines of a journal, also while somebody appends to it.
 *
 * A last line without its line feed is being written, or was cut off: it is left for later. A file that was put in the
 * journal's place is begun anew.
 */
export class JournalFollower {
  readonly #path: string;
  /** Behind the last line that was given out, bytes. */
  offset = 0;
  /** How often the journal was begun anew. */
  generation = 0;
  damage: JournalDamage | undefined;
  #inode: bigint | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether a whole line stands behind one that is damaged: then the damage is not a line that was never finished. */
  static hasWholeLineBehind(path: string, offset: number): boolean {
    const bytes = readFileSync(path).subarray(offset);
    for (let begin = bytes.indexOf(10) + 1; begin > 0; ) {
      const end = bytes.indexOf(10, begin);
      if (end < 0) return false;
      if (decodeLine(bytes.subarray(begin, end))) return true;
      begin = end + 1;
    }
    return false;
  }

  /** Whether there is anything new; a journal that is not there yet holds nothing. */
  #hasGrown(): boolean {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (!stat) return false;
    if (stat.ino !== this.#inode) {
      if (this.#inode !== undefined) this.generation++;
      this.#inode = stat.ino;
      this.offset = 0;
      this.damage = undefined;
    }
    return Number(stat.size) > this.offset;
  }

  /**
   * Gives out every new line, in order, and stops at the first that is damaged.
   *
   * @param take answers false when it wants no more for now; what it throws leaves the line to be given out again
   */
  read(take: (value: unknown) => boolean | void): void {
    if (!this.#hasGrown() || this.damage) return;
    const file = openSync(this.#path, 'r');
    try {
      if (fstatSync(file, { bigint: true }).ino === this.#inode) this.#readOpen(file, take);
    } finally {
      closeSync(file);
    }
  }

  #readOpen(file: number, take: (value: unknown) => boolean | void): void {
    let rest: Buffer = Buffer.alloc(0);
    for (let position = this.offset; ; ) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const length = readSync(file, chunk, 0, chunkBytes, position);
      if (length === 0) return;
      position += length;
      const bytes = rest.length === 0 ? chunk.subarray(0, length) : Buffer.concat([rest, chunk.subarray(0, length)]);
      let begin = 0;
      for (let end = bytes.indexOf(10, rest.length); end >= 0; end = bytes.indexOf(10, begin)) {
        const decoded = decodeLine(bytes.subarray(begin, end));
        if (!decoded) return this.#note('its checksum does not fit');
        const goesOn = take(decoded.value);
        this.offset += end + 1 - begin;
        begin = end + 1;
        if (goesOn === false) return;
      }
      rest = bytes.subarray(begin);
      if (rest.length > maxLineBytes) return this.#note('a line without an end');
    }
  }

  #note(reason: string): void {
    this.damage = { offset: this.offset, reason };
  }
}
