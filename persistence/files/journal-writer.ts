import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { createGoneError } from '../store-errors.ts';
import { encodeLine } from './journal-line.ts';
import { syncFolder, writeAtomically } from './write-atomically.ts';

/** What a commit survives: a power cut (`power`), or `kill -9` (`process`). */
export type FilesDurability = 'power' | 'process';

/** What the first line of a journal says. */
export const journalHeader = { flowstone: 'journal', version: 1 } as const;

/** Appends lines to a journal, each whole or not at all. */
export class JournalWriter {
  readonly #path: string;
  readonly #durability: FilesDurability;
  #handle: number;
  /** Behind the last line that counts, bytes. */
  #end: number;

  /** @param end what lies behind is cut off: a line that was never finished */
  constructor(path: string, durability: FilesDurability, end: number) {
    this.#path = path;
    this.#durability = durability;
    this.#end = end;
    this.#handle = openSync(path, 'a', 0o600);
    this.#cut();
    if (end === 0) {
      this.append(journalHeader);
      syncFolder(dirname(path));
    }
  }

  #cut(): void {
    if (fstatSync(this.#handle).size > this.#end) ftruncateSync(this.#handle, this.#end);
  }

  /**
   * Makes sure that the journal at the path is the one that is written.
   *
   * @throws a `FlowError` with code `store_gone`
   */
  requirePresent(): void {
    const there = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    if (!there) throw createGoneError(this.#path, 'no file is there any more');
    const { dev, ino, size } = fstatSync(this.#handle, { bigint: true });
    if (there.dev !== dev || there.ino !== ino) throw createGoneError(this.#path, 'another file is in its place');
    if (Number(size) < this.#end) throw createGoneError(this.#path, `it has ${size} bytes, where ${this.#end} were written`);
  }

  /** Stores one line. When it throws, nothing of the line counts, and nothing of it stays if the disk lets us. */
  append(value: unknown): void {
    const line = encodeLine(value);
    this.#cut();
    try {
      for (let written = 0; written < line.length; ) written += writeSync(this.#handle, line, written);
      if (this.#durability === 'power') fdatasyncSync(this.#handle);
    } catch (error) {
      try {
        this.#cut();
      } catch {
        // The next append cuts it, and so does the next owner.
      }
      throw error;
    }
    this.requirePresent();
    this.#end += line.length;
  }

  /** Puts a shorter journal in this one's place. Whoever follows it begins anew. */
  replace(values: readonly unknown[]): void {
    const content = Buffer.concat([journalHeader, ...values].map(encodeLine));
    writeAtomically(this.#path, content);
    closeSync(this.#handle);
    this.#handle = openSync(this.#path, 'a', 0o600);
    this.#end = content.length;
  }

  close(): void {
    closeSync(this.#handle);
  }
}
