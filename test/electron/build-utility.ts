import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');

/** The utility process of the app that is tried, as one file: read as sources it takes a second of every process that begins. */
export async function buildUtility(): Promise<{ readonly file: string; readonly remove: () => void }> {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  // Below the checkout, so that the packages it has are found.
  const folder = mkdtempSync(join(cache, 'app-utility-'));
  const file = join(folder, 'utility.mjs');
  const banner = { js: "import { createRequire as toRequire } from 'node:module'; const require = toRequire(import.meta.url);" };
  await build({
    stdin: { contents: "import './fake-parent-port.ts'; import './app-utility.ts';", resolveDir: import.meta.dirname },
    outfile: file, bundle: true, platform: 'node', format: 'esm', target: 'node22.14', conditions: ['flowstone-source'], external: ['better-sqlite3'], banner,
  });
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
