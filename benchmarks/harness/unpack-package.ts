import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const modules = resolve(import.meta.dirname, '../../node_modules');

/**
 * Unpacks a packed release once, below this checkout's `node_modules`, where its imports resolve to the packages installed here.
 *
 * The folder is named by the tarball's digest and appears whole or not at all, so several processes may ask at the same time.
 */
export function unpackPackage(tarball: string): string {
  const digest = createHash('sha256').update(readFileSync(tarball)).digest('hex').slice(0, 16);
  const cache = join(modules, '.cache/flowstone-released');
  const folder = join(cache, `${basename(tarball, '.tgz')}-${digest}`);
  if (existsSync(folder)) return join(folder, 'package');
  mkdirSync(cache, { recursive: true });
  const stage = mkdtempSync(join(cache, 'unpacking-'));
  try {
    execFileSync('tar', ['-xzf', tarball, '-C', stage]);
    renameSync(stage, folder);
  } catch (error) {
    rmSync(stage, { recursive: true, force: true });
    // Another process was first.
    if (!existsSync(folder)) throw error;
  }
  return join(folder, 'package');
}
