// Builds all that runs into out/: node build.mjs [1|2], the version of the app's flows. Default: 1.
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const [version = '1'] = process.argv.slice(2);
const root = import.meta.dirname;
const out = join(root, 'out');
const modules = join(root, 'node_modules');
rmSync(out, { recursive: true, force: true });
mkdirSync(out);

const shared = { absWorkingDir: root, bundle: true, outdir: out, logLevel: 'warning', alias: { '#orders': join(root, `version-${version}/orders.ts`) } };
// CommonJS inside the bundles asks for Node's own modules with `require`, which modules do not have.
const banner = { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" };
const node = { ...shared, platform: 'node', format: 'esm', target: 'node22.14', external: ['electron'], banner };

// Main and the utility process: modules of Node.js. Beside them what `npm run verify` starts in their place.
await build({ ...node, entryPoints: ['app/main.ts', 'app/utility.ts', ...['main', 'utility', 'run'].map(name => ({ in: `verify/${name}.ts`, out: `verify-${name}` }))] });
// A sandboxed preload script is one file of CommonJS.
await build({ ...node, banner: {}, entryPoints: ['app/preload.ts'], format: 'cjs', outExtension: { '.js': '.cjs' } });
// The page, as one script: it is loaded from a file.
await build({ ...shared, entryPoints: ['app/renderer.tsx'], platform: 'browser', format: 'iife', target: 'es2023', jsx: 'automatic', minify: true, define: { 'process.env.NODE_ENV': '"production"' } });
// The shell in gjs.
await build({ ...shared, entryPoints: ['webkit/main.js'], entryNames: 'webkit', platform: 'neutral', format: 'esm', target: 'firefox102', external: ['gi://*'], outExtension: { '.js': '.mjs' }, mainFields: ['module', 'main'] });
for (const file of ['index.html', 'style.css', 'tray.png']) copyFileSync(join(root, 'app', file), join(out, file));
// The inspector's page comes with Flowstone. In a window of the app it takes the app's port: no server is begun.
cpSync(join(modules, 'flowstone/dist/inspector'), join(out, 'inspector'), { recursive: true });
// The native file of SQLite stands beside the app's archive: see electron-builder.yml. npm has put it above Flowstone or within.
const sqlite = [modules, join(modules, 'flowstone/node_modules')].map(folder => join(folder, 'better-sqlite3')).find(existsSync);
copyFileSync(join(sqlite, `prebuilds/${process.platform}-${process.arch}.node`), join(out, 'sqlite.node'));
