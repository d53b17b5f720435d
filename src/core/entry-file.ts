import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embeddedPrograms } from './embedded-programs.ts';

let unpackedFolder: string | undefined;

/** Writes the programs that a bundle has inside into a folder of this process, which goes when it ends. */
function unpack(name: string): string | undefined {
  if (!(name in embeddedPrograms)) return undefined;
  if (unpackedFolder === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    for (const [program, text] of Object.entries(embeddedPrograms)) writeFileSync(join(folder, `${program}.js`), text);
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    unpackedFolder = folder;
  }
  return join(unpackedFolder, `${name}.js`);
}

/**
 * Finds an entry point of Flowstone by its name, such as `sqlite`. In an app that was bundled into other files: one of the
 * programs that are small enough to be in the bundle, else undefined.
 *
 * Asked for when it is needed: a bundle of CommonJS has no `import.meta.url`.
 */
export function findEntryFile(name: string): string | undefined {
  const { url } = import.meta;
  if (typeof url !== 'string' || !url.startsWith('file:')) return unpack(name);
  const extension = url.endsWith('.ts') ? '.ts' : '.js';
  return ['../', './'].map(folder => fileURLToPath(new URL(`${folder}${name}${extension}`, url))).find(file => existsSync(file)) ?? unpack(name);
}

/** The folder of Flowstone's package, with its package.json; undefined in an app that was bundled. */
export function findPackageFolder(): string | undefined {
  for (let folder = findEntryFile('index'); folder !== undefined; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) break;
  }
  return undefined;
}
