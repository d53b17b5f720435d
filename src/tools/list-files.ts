import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { ToolFailure } from './define-built-in.ts';
import { runGit } from './git.ts';
import { detectLanguage } from './languages.ts';
import { mapConcurrently } from './map-concurrently.ts';

/** Name for files whose language is not known. */
export const otherLanguage = 'Other';

export interface ListOptions {
  /** As `resolveFolder` returns it. */
  readonly folder: string;
  /** Files, and folders with all in them, to leave out; relative to the folder. */
  readonly exclude: readonly string[];
  /** Only files of this language; undefined: all. */
  readonly language?: string | undefined;
  readonly signal: AbortSignal;
}

export interface ListedFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
}

export interface FileList {
  /** `git`: what git would track, ignored files left out; `walk`: everything but well-known caches. */
  readonly source: 'git' | 'walk';
  /** Sorted by path. */
  readonly files: readonly ListedFile[];
}

const ignoredFolders = ['.git', '.hg', '.svn', 'node_modules', '.venv', 'venv', '__pycache__', '.cache', '.idea', '.vs', 'target', 'dist', 'coverage'];

/** Lists a folder's regular files. Links are not followed, so that nothing outside is read and nothing is read twice. */
export async function listFiles({ folder, exclude, language, signal }: ListOptions): Promise<FileList> {
  const fromGit = await listByGit(folder, signal);
  const found = fromGit ?? (await listByWalk(folder, signal));
  const left = exclude.map(entry => path.posix.normalize(entry.replaceAll('\\', '/')).replace(/^\.\/|\/$/g, ''));
  const wanted = found.filter(
    file =>
      !left.some(entry => file === entry || file.startsWith(`${entry}/`)) &&
      (language === undefined || (detectLanguage(file)?.name ?? otherLanguage) === language),
  );
  const sizes = await mapConcurrently(wanted, 32, signal, async file => {
    // Tracked files may be deleted, and any file may vanish between listing and looking.
    const status = await lstat(path.join(folder, file)).catch(() => undefined);
    return status?.isFile() ? status.size : -1;
  });
  const files = wanted.flatMap((file, place) => {
    const bytes = sizes[place] as number;
    return bytes < 0 ? [] : [{ path: file, bytes }];
  });
  return { source: fromGit ? 'git' : 'walk', files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Undefined: not a checkout, no git, or a folder that git ignores as a whole. */
async function listByGit(folder: string, signal: AbortSignal): Promise<string[] | undefined> {
  try {
    const printed = await runGit(folder, ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], signal);
    const files = new Set(printed.split('\0').filter(file => file !== ''));
    return files.size > 0 ? [...files] : undefined;
  } catch (error) {
    if (error instanceof ToolFailure) return undefined;
    throw error;
  }
}

async function listByWalk(folder: string, signal: AbortSignal): Promise<string[]> {
  const ignore = ignoredFolders.map(name => `**/${name}/**`);
  const { glob } = await import('tinyglobby');
  return glob(['**/*'], { cwd: folder, dot: true, followSymbolicLinks: false, expandDirectories: false, ignore, signal });
}
