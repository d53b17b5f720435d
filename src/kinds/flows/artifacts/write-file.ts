import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ArtifactRecord } from '../../../../persistence/artifact-store.ts';
import type { RecordReader } from '../../../../persistence/store.ts';
import { streamContent } from './read-artifacts.ts';
import { makePlace } from './safe-path.ts';

const ending = '.flowstone-tmp';
let count = 0;

/**
 * Makes the file of an artifact what the database says, if it is not.
 *
 * Written beside its place and renamed: whoever opens it finds the old file or the new one, whole.
 *
 * @returns whether it had to be written
 */
export async function writeArtifactFile(reader: RecordReader, row: ArtifactRecord, folder: string): Promise<boolean> {
  const place = await makePlace(folder, row.file ?? row.name);
  if (await isAsStored(place, row)) return false;
  const [folderOfPlace, prefix] = [dirname(place), `.${basename(place).slice(0, 100)}.`];
  await removeLeft(folderOfPlace, prefix);
  const temporary = join(folderOfPlace, `${prefix}${process.pid}.${++count}${ending}`);
  try {
    await writeFile(temporary, streamContent(reader, row), { flag: 'wx' });
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return true;
}

/** What a process that was killed in the middle has left. */
async function removeLeft(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !name.endsWith(ending)) continue;
    if (!isAlive(Number(name.slice(prefix.length).split('.')[0]))) await rm(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one, too.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function isAsStored(place: string, { size, sha256 }: ArtifactRecord): Promise<boolean> {
  const found = await lstat(place).catch(() => undefined);
  if (!found?.isFile() || found.size !== size) return false;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(place)) hash.update(chunk as Buffer);
  return hash.digest('hex') === sha256;
}
