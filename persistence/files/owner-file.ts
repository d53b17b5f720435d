import { existsSync, linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnerRecord } from '../records.ts';
import { createOwnedError } from '../store-errors.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { identifyProcess, isProcessAlive } from './process-identity.ts';
import { writeAtomically } from './write-atomically.ts';

/** What stands in an owner file. */
interface OwnerFile {
  readonly owner: OwnerRecord;
  readonly process: ProcessIdentity;
  /** It gave the store back. */
  readonly released?: boolean;
}

const pattern = /^owner\.(\d+)\.json$/;
/** Another process may take the number we wanted; then the next one is tried. */
const maxTries = 20;

/**
 * Who owns a folder: the file `owner.<epoch>.json` with the highest epoch.
 *
 * Files are linked into place, so each epoch is taken by one process, whole. Whoever finds that the process of the last
 * one has ended, or gave it back, takes the next epoch. An owner that finds a later one has been replaced.
 */
export class OwnerFiles {
  readonly #folder: string;
  /** The epoch this object took; 0: none. */
  epoch = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(epoch: number): string {
    return join(this.#folder, `owner.${epoch}.json`);
  }

  #listEpochs(): number[] {
    let names: string[];
    try {
      names = readdirSync(this.#folder);
    } catch (error) {
      // Somebody has removed the folder: then nobody owns it.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    return names.flatMap(name => pattern.exec(name)?.[1] ?? []).map(Number).toSorted((a, b) => a - b);
  }

  #read(epoch: number): OwnerFile | undefined {
    try {
      return JSON.parse(readFileSync(this.#path(epoch), 'utf8')) as OwnerFile;
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The last owner file; undefined: there never was an owner. */
  findLast(): { readonly epoch: number; readonly file: OwnerFile | undefined } | undefined {
    const epoch = this.#listEpochs().at(-1);
    return epoch === undefined ? undefined : { epoch, file: this.#read(epoch) };
  }

  /** Who owns the folder now. */
  getOwner(): OwnerRecord | undefined {
    const file = this.findLast()?.file;
    return file && !file.released && isProcessAlive(file.process) ? file.owner : undefined;
  }

  /** @throws a `FlowError` with code `store_owned` */
  acquire(owner: OwnerRecord, location: string): void {
    const file: OwnerFile = { owner, process: identifyProcess() };
    if (this.epoch > 0 && this.isOwner()) return writeAtomically(this.#path(this.epoch), JSON.stringify(file));
    for (let tries = 0; tries < maxTries; tries++) {
      const last = this.findLast();
      if (last?.file && !last.file.released && isProcessAlive(last.file.process)) throw createOwnedError(location, last.file.owner);
      const epoch = (last?.epoch ?? 0) + 1;
      if (!this.#take(epoch, file)) continue;
      const epochs = this.#listEpochs();
      if (epochs.at(-1) !== epoch) {
        // Others came and went between our look and our step: the number was free because it was over.
        rmSync(this.#path(epoch), { force: true });
        continue;
      }
      this.epoch = epoch;
      for (const older of epochs) if (older < epoch) rmSync(this.#path(older), { force: true });
      return;
    }
    throw createOwnedError(location, undefined);
  }

  /** Whether the epoch was free. */
  #take(epoch: number, file: OwnerFile): boolean {
    const draft = join(this.#folder, `owner.draft.${process.pid}`);
    writeFileSync(draft, JSON.stringify(file), { mode: 0o600 });
    try {
      linkSync(draft, this.#path(epoch));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Whether nobody has taken the folder over since it was acquired. */
  isOwner(): boolean {
    return !existsSync(this.#path(this.epoch + 1)) && existsSync(this.#path(this.epoch));
  }

  release(): void {
    if (this.epoch === 0) return;
    const file = this.isOwner() ? this.#read(this.epoch) : undefined;
    if (file) writeAtomically(this.#path(this.epoch), JSON.stringify({ ...file, released: true }));
    this.epoch = 0;
  }
}
