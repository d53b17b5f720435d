import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { bundleEntries } from '../../.ci/bundle.ts';
import { buildInspector } from '../../.ci/inspector.ts';
import { publishedManifest } from '../../.ci/published-manifest.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The example, built in a folder of its own against what is published. */
    app: string;
    /** What this machine lacks to open windows; empty: nothing. */
    lacking: string;
  }
}

const root = resolve(import.meta.dirname, '../..');

/** Says what is missing, in words for whoever reads the report. */
function findLacking(): string {
  const has = (command: string, ...args: string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
  const lacking = [
    ...(has('gjs', '--version') ? [] : ['gjs']),
    ...(has('gjs', '-c', "imports.gi.versions.WebKit2 = '4.1'; imports.gi.WebKit2;") ? [] : ['gir1.2-webkit2-4.1']),
    ...(has('sh', '-c', 'command -v Xvfb') ? [] : ['xvfb']),
  ];
  return lacking.join(', ');
}

/** Builds what is published, and with it the example and the shell that the tests steer. */
export default async function setUp(project: TestProject): Promise<() => void> {
  const lacking = findLacking();
  const app = mkdtempSync(join(tmpdir(), 'flowstone-desktop-'));
  project.provide('app', app);
  project.provide('lacking', lacking);
  if (lacking !== '') {
    console.warn(`NOT RUN: windows of WebKitGTK, since this machine has no ${lacking}. On Debian, as root: .ci/install-desktop`);
    return () => rmSync(app, { recursive: true });
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const flowstone = join(app, 'node_modules/flowstone');
  mkdirSync(flowstone, { recursive: true });
  await bundleEntries(manifest, join(flowstone, 'dist'));
  await buildInspector(join(flowstone, 'dist/inspector'));
  writeFileSync(join(flowstone, 'package.json'), JSON.stringify(publishedManifest(manifest)));
  for (const name of ['xstate', 'zod', 'react', 'react-dom', 'scheduler', 'better-sqlite3', 'esbuild']) symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name));
  cpSync(join(root, 'docs/examples/desktop'), app, { recursive: true });
  execFileSync(process.execPath, ['build.mjs'], { cwd: app, stdio: 'inherit' });
  // As webkit/main.js, with commands on its standard input.
  cpSync(join(import.meta.dirname, 'steered-shell.js'), join(app, 'webkit/steered-shell.js'));
  cpSync(join(import.meta.dirname, 'page'), join(app, 'out/page'), { recursive: true });
  await build({ absWorkingDir: app, entryPoints: ['webkit/steered-shell.js'], outfile: 'out/steered-shell.mjs', bundle: true, platform: 'neutral', format: 'esm', target: 'firefox102', external: ['gi://*'], mainFields: ['module', 'main'] });
  await build({ absWorkingDir: app, entryPoints: ['out/page/follower.js'], outfile: 'out/follower.js', bundle: true, platform: 'browser', format: 'iife', target: 'es2023' });
  cpSync(join(root, 'test/electron/app-utility.ts'), join(app, 'app/ledger-utility.ts'));
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  await build({ absWorkingDir: app, entryPoints: ['app/ledger-utility.ts'], outdir: 'out', bundle: true, platform: 'node', format: 'esm', target: 'node22.14', banner });
  await build({ entryPoints: [join(import.meta.dirname, 'relay-runtime.ts')], outfile: join(app, 'out/relay-runtime.js'), bundle: true, platform: 'node', format: 'esm', target: 'node22.14' });
  cpSync(join(import.meta.dirname, 'page/follower.html'), join(app, 'out/follower.html'));
  mkdirSync(join(app, 'pictures'));
  return () => rmSync(process.env['DESKTOP_KEEP'] ? '/nonexistent' : app, { recursive: true, force: true });
}
