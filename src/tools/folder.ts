import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';
import { permanent, toErrno } from './define-built-in.ts';

/** Resolves a folder to its real, absolute path. Fails with `folder_not_found`. */
export async function resolveFolder(folder: string): Promise<string> {
  try {
    const real = await realpath(path.resolve(folder));
    if ((await lstat(real)).isDirectory()) return real;
  } catch (error) {
    if (toErrno(error) === undefined) throw error;
  }
  throw permanent('folder_not_found', `Expected \`folder\` to be a folder that can be read, got ${JSON.stringify(folder)}`, { folder });
}

/**
 * Resolves a path that must stay inside a folder, symbolic links followed.
 *
 * The file itself need not exist. Fails with `path_outside_folder`, also for a link that leads nowhere, since what it
 * will lead to is not known.
 *
 * @param folder as `resolveFolder` returns it
 */
export async function resolveInside(folder: string, file: string): Promise<string> {
  const wanted = path.resolve(folder, file);
  if (file.includes('\0') || wanted === folder || !isInside(folder, wanted)) throw outside(folder, file);
  let current = folder;
  for (const part of path.relative(folder, wanted).split(path.sep)) {
    current = path.join(current, part);
    const found = await lstat(current).catch((error: unknown) => {
      const errno = toErrno(error);
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
      throw error;
    });
    if (!found) return wanted;
    if (!found.isSymbolicLink()) continue;
    const target = await realpath(current).catch(() => undefined);
    if (target === undefined || !isInside(folder, target)) throw outside(folder, file);
  }
  return wanted;
}

function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return !path.isAbsolute(relative) && relative !== '..' && !relative.startsWith(`..${path.sep}`);
}

function outside(folder: string, file: string): Error {
  return permanent('path_outside_folder', `Expected a path inside the folder, got ${JSON.stringify(file)}; a path must not leave its folder, nor a link in it`, {
    folder,
    path: file,
  });
}
