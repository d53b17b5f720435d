import { resolve } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { Logger } from '../../../core/logger.ts';
import type { RecordReader } from '../../../../persistence/store.ts';
import { FlowError } from '../../../core/errors.ts';
import { eachArtifact, requireArtifacts } from './read-artifacts.ts';
import { writeArtifactFile } from './write-file.ts';

/** The folder for the files of an execution's artifacts, or what says which one. */
export type OutputDir = string | ((execution: { readonly executionId: string; readonly flowId: string }) => string | undefined);

/** What writing an execution's files came to. */
export interface FileReport {
  /** Absolute. */
  readonly folder: string;
  /** Paths below the folder that were missing or different. */
  readonly written: readonly string[];
  /** How many were right as they were. */
  readonly unchanged: number;
  readonly failed: readonly { readonly file: string; readonly code: string; readonly message: string }[];
}

/** First and longest wait before what could not be written is tried again, ms. */
const [firstWaitMs, longestWaitMs] = [1_000, 60_000];

interface Names {
  readonly folder: string;
  readonly names: Set<string>;
}

export interface OutputFilesOptions {
  readonly clock: Clock;
  readonly store: RecordReader;
  readonly logger: Logger;
  readonly outputDir: OutputDir | undefined;
  /** Told when a file has been written. */
  readonly progressed: () => void;
}

function add(to: Map<string, Names>, executionId: string, folder: string, name: string): void {
  const known = to.get(executionId);
  if (known) known.names.add(name);
  else to.set(executionId, { folder, names: new Set([name]) });
}

/** Writes artifacts as files, after the commit. The database is what counts: files are never read back. */
export class OutputFiles {
  readonly #options: OutputFilesOptions;
  /** By execution; null: no files. */
  readonly #folders = new Map<string, string | null>();
  readonly #unstored = new Set<string>();
  /** Names to be looked at, by execution. */
  readonly #waiting = new Map<string, Names>();
  /** Names that could not be written, by execution: they are when the cause is gone. */
  readonly #failed = new Map<string, Names>();
  /** Of a runtime that was stopped or begins anew nothing is left to be done. */
  #life = 0;
  #timer: unknown;
  #waitMs = firstWaitMs;
  #working = false;
  #checks = 0;

  constructor(options: OutputFilesOptions) {
    this.#options = options;
  }

  get idle(): boolean {
    return !this.#working && this.#checks === 0;
  }

  /** Finds out where the files of an execution go; to be awaited before its first artifact. */
  async open(executionId: string, flowId: string, declared: string | null): Promise<void> {
    if (this.#folders.has(executionId)) return;
    const { outputDir, store } = this.#options;
    const asked = typeof outputDir === 'function' ? outputDir({ executionId, flowId }) : outputDir;
    const stored = await requireArtifacts(store).getFolder(executionId);
    const folder = asked === undefined ? (stored ?? declared) : asked;
    const whole = folder === null ? null : resolve(folder);
    if (this.#folders.has(executionId)) return;
    this.#folders.set(executionId, whole);
    if (whole !== null && whole !== stored) this.#unstored.add(executionId);
  }

  /** The folder, if the store does not know it yet. */
  takeUnstored(executionId: string): string | undefined {
    return this.#unstored.delete(executionId) ? (this.#folders.get(executionId) ?? undefined) : undefined;
  }

  /** The commit that was to tell the store was dropped. */
  keepUnstored(executionId: string): void {
    this.#unstored.add(executionId);
  }

  /** Where its files go; undefined: nowhere. */
  folderOf(executionId: string): string | undefined {
    return this.#folders.get(executionId) ?? undefined;
  }

  /** An artifact has changed. */
  note(executionId: string, folder: string, name: string): void {
    add(this.#waiting, executionId, folder, name);
    if (!this.#working) void this.#work();
  }

  /** Looks at every file of an execution that goes on. */
  async check(executionId: string, flowId: string, declared: string | null): Promise<void> {
    this.#checks++;
    try {
      await this.open(executionId, flowId, declared);
      const folder = this.folderOf(executionId);
      if (folder === undefined) return;
      for await (const { name } of eachArtifact(this.#options.store, executionId)) this.note(executionId, folder, name);
    } finally {
      this.#checks--;
      this.#options.progressed();
    }
  }

  /** An execution has left memory; what waits to be written still is. */
  release(executionId: string): void {
    this.#folders.delete(executionId);
    this.#unstored.delete(executionId);
  }

  forget(): void {
    this.#waiting.clear();
    this.#failed.clear();
    this.#life++;
    this.#arm();
    this.#folders.clear();
    this.#unstored.clear();
  }

  async #work(): Promise<void> {
    this.#working = true;
    const { store, logger, progressed } = this.#options;
    const life = this.#life;
    for (let next = this.#take(); next; next = this.#take()) {
      const { executionId, name, folder } = next;
      try {
        const row = await requireArtifacts(store).get({ executionId, name });
        if (row && row.file !== null) await writeArtifactFile(store, row, folder);
        const failed = this.#failed.get(executionId);
        if (failed?.names.delete(name)) logger.info({ executionId, artifact: name, folder }, 'the file of an artifact has been written after all');
        if (failed?.names.size === 0) this.#failed.delete(executionId);
      } catch (error) {
        // The artifact is safe where it counts; `writeFiles` says what is missing. Said once, and tried again for as long as it takes.
        if (!this.#failed.get(executionId)?.names.has(name)) logger.warn({ err: error, executionId, artifact: name, folder }, 'the file of an artifact could not be written; it will be when the cause is gone');
        if (life === this.#life) add(this.#failed, executionId, folder, name);
      }
    }
    this.#working = false;
    this.#arm();
    progressed();
  }

  /** Tries what has failed again, later each time, until nothing has. */
  #arm(): void {
    const { clock } = this.#options;
    if (this.#failed.size === 0) {
      clock.clearTimer(this.#timer);
      this.#timer = undefined;
      this.#waitMs = firstWaitMs;
    } else if (this.#timer === undefined) {
      this.#timer = clock.setTimer(() => {
        this.#timer = undefined;
        for (const [executionId, { folder, names }] of this.#failed) for (const name of names) this.note(executionId, folder, name);
      }, this.#waitMs);
      this.#waitMs = Math.min(2 * this.#waitMs, longestWaitMs);
    }
  }

  #take(): { executionId: string; name: string; folder: string } | undefined {
    for (const [executionId, { folder, names }] of this.#waiting) {
      for (const name of names) {
        names.delete(name);
        return { executionId, name, folder };
      }
      this.#waiting.delete(executionId);
    }
    return undefined;
  }
}

/**
 * Makes the files of an execution what its newest artifacts are, or were in one generation, when its key is given.
 *
 * @param given default: where they were written when it ran
 * @throws a `FlowError` with code `output_dir_unknown` when it has none
 */
export async function writeFiles(reader: RecordReader, executionId: string, given?: string, upToKey?: number): Promise<FileReport> {
  const folder = given ?? (await requireArtifacts(reader).getFolder(executionId));
  if (folder === undefined) throw new FlowError('output_dir_unknown', `Expected a folder for the files of ${executionId}: it ran without an output folder, so name one`);
  const written: string[] = [];
  const failed: { file: string; code: string; message: string }[] = [];
  let unchanged = 0;
  for await (const row of eachArtifact(reader, executionId, 'newest', upToKey)) {
    if (row.file === null) continue;
    try {
      if (await writeArtifactFile(reader, row, resolve(folder))) written.push(row.file);
      else unchanged++;
    } catch (error) {
      const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
      failed.push({ file: row.file, code: typeof code === 'string' ? code : 'file_not_written', message: String(message) });
    }
  }
  return { folder: resolve(folder), written, unchanged, failed };
}
