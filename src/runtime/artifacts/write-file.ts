import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ArtifactRecord } from '../../../persistence/artifact-store.ts';
import type { StoreReader } from '../../../persistence/store.ts';
import { streamContent } from './read-artifacts.ts';
import { makePlace } from './safe-path.ts';

/**
 * Makes the file of an artifact what the database says, if it is not.
 *
 * Written beside its place and renamed: whoever opens it finds the old file or the new one, whole.
 *
 * @returns whether it had to be written
 */
export async function writeArtifactFile(reader: StoreReader, row: ArtifactRecord, folder: string): Promise<boolean> {
  const place = await makePlace(folder, row.file ?? row.name);
  if (await isAsStored(place, row)) return false;
  const temporary = join(dirname(place), `.${basename(place).slice(0, 100)}.${process.pid}.flowstone-tmp`);
  try {
    // A link in this place is not followed but replaced: `wx` refuses what is there.
    await rm(temporary, { force: true });
    await writeFile(temporary, streamContent(reader, row), { flag: 'wx' });
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return true;
}

async function isAsStored(place: string, { size, sha256 }: ArtifactRecord): Promise<boolean> {
  const found = await lstat(place).catch(() => undefined);
  if (!found?.isFile() || found.size !== size) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(place)) hash.update(chunk as Buffer);
  return hash.digest('hex') === sha256;
}
