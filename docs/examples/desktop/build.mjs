// Builds all that runs into out/: node build.mjs [1|2], the version of the app's flows. Default: 1.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const [version = '1'] = process.argv.slice(2);
const root = import.meta.dirname;
const out = join(root, 'out');
rmSync(out, { recursive: true, force: true });
mkdirSync(out);

const shared = { absWorkingDir: root, bundle: true, outdir: out, logLevel: 'warning', alias: { '#orders': join(root, `version-${version}/orders.ts`) } };
// CommonJS inside the bundles asks for Node's own modules with `require`, which modules do not have.
const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };

// Main and the utility process: modules of Node.js.
await build({ ...shared, entryPoints: ['app/main.ts', 'app/utility.ts'], platform: 'node', format: 'esm', target: 'node22.14', external: ['electron'], banner });
// A sandboxed preload script is one file of CommonJS.
await build({ ...shared, entryPoints: ['app/preload.ts'], platform: 'node', format: 'cjs', target: 'node22.14', external: ['electron'], outExtension: { '.js': '.cjs' } });
// The page, as one script: it is loaded from a file, where modules are not.
await build({ ...shared, entryPoints: ['app/renderer.tsx'], platform: 'browser', format: 'iife', target: 'es2023', jsx: 'automatic', minify: true, define: { 'process.env.NODE_ENV': '"production"' } });
// The shell in gjs.
await build({ ...shared, entryPoints: ['webkit/main.js'], entryNames: 'webkit', platform: 'neutral', format: 'esm', target: 'firefox102', external: ['gi://*'], outExtension: { '.js': '.mjs' }, mainFields: ['module', 'main'] });
for (const file of ['index.html', 'style.css']) copyFileSync(join(root, 'app', file), join(out, file));
// The native file of SQLite stands beside the app's archive: see electron-builder.yml.
copyFileSync(join(root, `node_modules/better-sqlite3/prebuilds/${process.platform}-${process.arch}.node`), join(out, 'sqlite.node'));
