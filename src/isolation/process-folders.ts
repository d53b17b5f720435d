import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { RecordReader } from '../../persistence/store.ts';
import { hasRequest } from './request-file.ts';
import { RunnerProcess } from './runner-process.ts';

/** Folders looked at in one sweep. */
const maxSwept = 10_000;
const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where the processes of one store keep their files: a folder for each. */
export class ProcessFolders {
  readonly #store: RecordReader;
  #base: string | undefined;
  #temporary: string | undefined;

  /** @param base undefined: beside the database, or in a temporary folder for a store in memory */
  constructor(store: RecordReader, base: string | undefined) {
    this.#store = store;
    this.#base = base ?? (isAbsolute(store.location) ? `${store.location}-processes` : undefined);
  }

  /** The folder of an execution; not made yet. */
  choose(executionId: string): string {
    this.#base ??= this.#temporary = mkdtempSync(join(tmpdir(), 'flowstone-processes-'));
    return join(this.#base, executionId);
  }

  /** Removes the folders of executions that are no longer in the store. Only what a process was begun in is touched. */
  async sweep(): Promise<void> {
    if (this.#base === undefined || !statSync(this.#base, { throwIfNoEntry: false })?.isDirectory()) return;
    for (const name of readdirSync(this.#base).slice(0, maxSwept)) {
      const folder = join(this.#base, name);
      if (!idPattern.test(name) || !hasRequest(folder) || (await this.#store.getExecution(name))) continue;
      if (!RunnerProcess.find(folder)) rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Removes a temporary folder; nobody would ever look into it again. */
  close(): void {
    if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
  }
}
