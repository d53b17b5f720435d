import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

/** Gives every test paths in folders of their own, which go with the test. To be called once per file. */
export function useTemporaryFiles(): (name?: string) => string {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return (name = 'test.db') => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-sqlite-'));
    folders.push(folder);
    return join(folder, name);
  };
}
