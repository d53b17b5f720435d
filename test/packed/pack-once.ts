import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the packed file. */
    tarball: string;
  }
}

/** Packs once for all files; returns what removes it again. */
export default function packOnce(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'packed-'));
  const tarball = execFileSync(process.execPath, [resolve(import.meta.dirname, '../../.ci/pack.ts'), folder], { encoding: 'utf8' }).trim();
  project.provide('tarball', tarball);
  // The oldest Node.js is had for Linux only; elsewhere what is tried on it says that it is not there.
  spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: join(import.meta.dirname, 'node-22'), stdio: 'ignore', shell: process.platform === 'win32' });
  return () => rmSync(folder, { recursive: true, force: true });
}
