import { mkdirSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FlowError } from '../../src/core/errors.ts';
import { requireKnownKeys } from '../../src/core/known-keys.ts';
import type { AtOnce } from '../records/open-records.ts';
import type { RecordReader, Records } from '../store.ts';
import { FilesRecords } from './files-records.ts';
import { journalFile } from './files-tables.ts';
import type { FilesDurability } from './journal-writer.ts';

export interface FilesStoreOptions {
  /** Made if missing. Holds the journal, the session files and the name of the owner; give it to nothing else. */
  readonly folder: string;
  /** Default `power`: every commit is on the disk when it returns. `process`: it survives `kill -9`, not a power cut. */
  readonly durability?: FilesDurability;
}

/** A store of files as any process may read it. Answers at once. */
export type FilesReader = AtOnce<RecordReader>;

/** A store of files as its owner uses it. Answers at once; steps' own writes cannot join its commits. */
export type FilesStore = AtOnce<Omit<Records, 'commitWith' | 'backup'>>;

/**
 * Opens a store in a folder: an append-only journal, and a session file for each execution that has settled.
 *
 * Everything in it is also kept in memory, so it is for what one process does in its life, not for years of executions.
 *
 * @throws a `FlowError` with code `store_cannot_open` or `option_invalid`
 */
export function openFilesStore(options: FilesStoreOptions): FilesStore {
  const { folder, durability = 'power' } = requireKnownKeys(options ?? {}, { folder: true, durability: true }, '`openFilesStore`');
  requireFolder(folder);
  if (durability !== 'power' && durability !== 'process') {
    throw new FlowError('option_invalid', `Expected \`durability\` to be 'power' or 'process', got '${String(durability)}'.`);
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return new FilesRecords(realpathSync(folder), durability) as unknown as FilesStore;
  } catch (error) {
    throw new FlowError('store_cannot_open', `Could not open ${resolve(folder)}: ${error instanceof Error ? error.message : String(error)}`, { cause: error, details: { location: folder } });
  }
}

/**
 * Opens a store in a folder for reading, also while its owner writes or after it died.
 *
 * @throws a `FlowError` with code `store_not_found` or `option_invalid`
 */
export function openFilesReader(options: { readonly folder: string }): FilesReader {
  const { folder } = requireKnownKeys(options ?? {}, { folder: true }, '`openFilesReader`');
  requireFolder(folder);
  if (!statSync(join(folder, journalFile), { throwIfNoEntry: false })) {
    throw new FlowError('store_not_found', `Expected a store of files in ${resolve(folder)}, found no ${journalFile} in it.`, { details: { location: folder } });
  }
  return new FilesRecords(realpathSync(folder), 'process') as unknown as FilesReader;
}

function requireFolder(folder: string): void {
  if (typeof folder !== 'string' || folder === '') throw new FlowError('option_invalid', 'Expected `folder` to be a path, got an empty one.');
}
