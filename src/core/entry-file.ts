import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Finds an entry point of Flowstone by its name, such as `sqlite`; undefined in an app that was bundled into other files.
 *
 * Asked for when it is needed: a bundle of CommonJS has no `import.meta.url`.
 */
export function findEntryFile(name: string): string | undefined {
  const { url } = import.meta;
  if (typeof url !== 'string' || !url.startsWith('file:')) return undefined;
  const extension = url.endsWith('.ts') ? '.ts' : '.js';
  return ['../', './'].map(folder => fileURLToPath(new URL(`${folder}${name}${extension}`, url))).find(file => existsSync(file));
}

/** The folder of Flowstone's package, with its package.json; undefined in an app that was bundled. */
export function findPackageFolder(): string | undefined {
  for (let folder = findEntryFile('index'); folder !== undefined; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) break;
  }
  return undefined;
}
