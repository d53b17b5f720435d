import { lstat, mkdir, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { requireArtifactName } from '../../../core/artifact-name.ts';
import { FlowError } from '../../../core/errors.ts';

/**
 * Finds the place of a file below a folder, and makes the folders between.
 *
 * @throws a `FlowError` with code `artifact_name_invalid`, or `output_outside_folder` when a link leads out
 */
export async function makePlace(folder: string, file: string): Promise<string> {
  requireArtifactName(file, 'The file of an artifact');
  await mkdir(folder, { recursive: true });
  const root = await realpath(folder);
  const place = join(root, ...file.split('/'));
  let current = root;
  for (const part of relative(root, dirname(place)).split(sep).filter(Boolean)) {
    current = join(current, part);
    const found = await lstat(current).catch(noSuchFile);
    if (!found) {
      await mkdir(current);
    } else if (found.isSymbolicLink()) {
      // Where it leads to, all the way; one that leads nowhere may lead anywhere tomorrow.
      const target = await realpath(current).catch(() => undefined);
      if (target === undefined || !isInside(root, target)) throw leadsOut(folder, file, current);
    }
  }
  return place;
}

const noSuchFile = (error: NodeJS.ErrnoException): undefined => {
  if (error.code === 'ENOENT') return undefined;
  throw error;
};

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
}

function leadsOut(folder: string, file: string, link: string): FlowError {
  return new FlowError('output_outside_folder', `Expected "${file}" to stay below ${folder}, but the link ${link} leads out of it. Remove the link, or choose another folder`, {
    details: { folder, file },
  });
}
