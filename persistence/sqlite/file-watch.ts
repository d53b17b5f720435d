import { statSync } from 'node:fs';
import type { FlowError } from '../../src/core/errors.ts';
import { createGoneError, createLogGoneError } from '../store-errors.ts';
import type { SqliteConnection } from './connection.ts';

/** What tells one file from another that lies in its place. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

interface Look extends Identity {
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/** What SQLite has written: frames in the log, and how many of them are in the database's file. */
interface Written {
  readonly log: number;
  readonly checkpointed: number;
  /** Moves when another connection commits. */
  readonly byOthers: number;
}

/**
 * Knows whether the file that was opened is still the one at its path, with what SQLite has written in it.
 *
 * SQLite goes by its handles: on a file that was deleted, moved or replaced it goes on as if nothing had happened, and what
 * it stores is gone with the process. No file is opened to find out: closing it would drop the locks of this process.
 */
export class FileWatch {
  readonly #path: string;
  readonly #connection: SqliteConnection;
  readonly #isShared: boolean;
  readonly #file: Identity | undefined;
  /** Made with the first write. */
  #log: Identity | undefined;
  #seen: Look | undefined;
  #written: Written | undefined;
  /** The store has written since `#written` was read. */
  #wrote = false;
  /** For good: nobody can put it back. */
  #isOverwritten = false;

  /** To be made right after the file was opened. */
  constructor(path: string, connection: SqliteConnection, isShared: boolean) {
    this.#path = path;
    this.#connection = connection;
    this.#isShared = isShared;
    this.#file = look(path);
  }

  /** Takes what is there now as written by SQLite. */
  begin(): void {
    this.#log = look(`${this.#path}-wal`);
    this.note();
  }

  /** The store has written, in more than one transaction perhaps. */
  note(): void {
    this.#note(look(this.#path));
  }

  /**
   * Says what has become of the file; undefined: it is as SQLite left it. To be called before and after each transaction.
   *
   * @param wrote the store has written since the last call
   */
  findLoss(wrote: boolean): FlowError | undefined {
    this.#wrote ||= wrote;
    const file = look(this.#path);
    if (!file) return createGoneError(this.#path, 'no file is there any more');
    if (!this.#file || !isSame(this.#file, file)) return createGoneError(this.#path, 'another file is in its place');
    if (!this.#log) return undefined;
    const log = look(`${this.#path}-wal`);
    if (!log || !isSame(this.#log, log)) return createLogGoneError(this.#path, log !== undefined);
    this.#isOverwritten ||= this.#wasOverwritten(file);
    return this.#isOverwritten ? createGoneError(this.#path, 'something other than SQLite has written into it') : undefined;
  }

  /** SQLite writes into the database's own file when it checkpoints. Where no checkpoint has moved on, it was somebody else. */
  #wasOverwritten(file: Look): boolean {
    const seen = this.#seen;
    if (!seen || (seen.mtimeNs === file.mtimeNs && seen.size === file.size)) return false;
    const before = this.#written;
    const wrote = this.#wrote;
    const now = this.#note(file);
    if (!before || !now || before.byOthers !== now.byOthers) return false;
    // All is in the file: by a checkpoint of the last commit, or it was before, and nothing was to be written.
    if (now.log === now.checkpointed) return !wrote && before.log === now.log && before.checkpointed === now.checkpointed;
    return now.checkpointed === 0 || now.checkpointed === before.checkpointed;
  }

  #note(file: Look | undefined): Written | undefined {
    this.#seen = file;
    this.#wrote = false;
    return (this.#written = this.#readWritten());
  }

  /** Undefined: this SQLite cannot tell without writing, or whoever gave the handle writes through it, too. */
  #readWritten(): Written | undefined {
    const connection = this.#connection;
    if (this.#isShared) return undefined;
    const [major = 0, minor = 0] = String(connection.value('SELECT sqlite_version()')).split('.').map(Number);
    if (major < 3 || (major === 3 && minor < 51)) return undefined;
    const { log, checkpointed } = connection.prepare('PRAGMA wal_checkpoint(NOOP)').get() as { readonly log: number; readonly checkpointed: number };
    return { log, checkpointed, byOthers: Number(connection.value('PRAGMA data_version')) };
  }
}

function look(path: string): Look | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

const isSame = (one: Identity, other: Identity): boolean => one.dev === other.dev && one.ino === other.ino;
