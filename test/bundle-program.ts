import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Native: stays where it is. */
const native: Plugin = {
  name: 'native',
  setup(building) {
    building.onResolve({ filter: /^better-sqlite3$/ }, () => ({ path: pathToFileURL(join(root, 'node_modules/better-sqlite3/lib/index.js')).href, external: true }));
  },
};

/** The same sources, but for texts in one of them, each of which has to be there once. */
export const change = (file: string, ...changes: readonly (readonly [from: string, to: string])[]): Plugin => ({
  name: 'change',
  setup(building) {
    building.onLoad({ filter: new RegExp(`${file.replaceAll('.', '\\.')}$`) }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const [from, to] of changes) {
        if (contents.split(from).length !== 2) throw new Error(`Expected ${file} to hold once: ${from}`);
        contents = contents.replace(from, () => to);
      }
      return { contents, loader: 'ts' };
    });
  },
});

/** Bundles a program of the tests with the sources that it imports: begun a thousand times, it begins in a third of the time. */
export async function bundleProgram(entry: string, outfile: string, plugins: readonly Plugin[] = []): Promise<void> {
  await build({
    entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node22.14', conditions: ['flowstone-source'], logLevel: 'silent', plugins: [native, ...plugins],
    banner: { js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(${JSON.stringify(pathToFileURL(join(root, 'package.json')).href)});` },
  });
}
