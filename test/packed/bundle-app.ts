import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { build as esbuild } from 'esbuild';
import type { InlineConfig } from 'vite';
import { build as vite } from 'vite';

type Format = 'esm' | 'cjs';

/** What runs in Node.js, by the name of its bundle. */
const entries = { main: 'app/main.ts', utility: 'app/utility.ts', preload: 'app/preload.ts', 'verify-main': 'verify/main.ts', 'verify-utility': 'verify/utility.ts' } as const;
/** In modules, what CommonJS inside them asks for. */
const banner = "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";
/** CommonJS has another word for it. */
const define = { 'import.meta.dirname': '__dirname' };

async function byEsbuild(folder: string, out: string, format: Format): Promise<void> {
  const shared: BuildOptions = { absWorkingDir: folder, bundle: true, logLevel: 'silent', alias: { '#orders': join(folder, 'version-1/orders.ts') } };
  const all: BuildOptions[] = Object.entries(entries).map(([name, entry]) => {
    // A preload script in a sandbox is CommonJS, whatever the rest is.
    const form = name === 'preload' ? 'cjs' : format;
    return { ...shared, entryPoints: [entry], outfile: join(out, `${name}.${name === 'preload' ? 'cjs' : 'js'}`), platform: 'node', target: 'node22.14', format: form, external: ['electron'], ...(form === 'esm' ? { banner: { js: banner } } : { define }) };
  });
  all.push({ ...shared, entryPoints: ['app/renderer.tsx'], outfile: join(out, 'renderer.js'), platform: 'browser', format: 'iife', target: 'es2023', jsx: 'automatic', define: { 'process.env.NODE_ENV': '"production"' } });
  for (const options of all) {
    const { warnings } = await esbuild(options);
    if (warnings.length > 0) throw new Error(`esbuild warns: ${warnings.map(({ text }) => text).join('; ')}`);
  }
}

async function byVite(folder: string, out: string, format: Format): Promise<void> {
  const shared: InlineConfig = { root: folder, configFile: false, logLevel: 'error', publicDir: false, resolve: { alias: { '#orders': join(folder, 'version-1/orders.ts') } } };
  for (const [name, entry] of Object.entries(entries)) {
    const isPreload = name === 'preload';
    const form = isPreload ? 'cjs' : format;
    await vite({
      ...shared, ssr: { noExternal: true, external: ['electron'], target: 'node' }, ...(form === 'cjs' && { define }),
      build: { ssr: entry, outDir: out, emptyOutDir: false, minify: false, rollupOptions: { output: { format: form === 'esm' ? 'es' : 'cjs', entryFileNames: `${name}.${isPreload ? 'cjs' : 'js'}`, codeSplitting: false, ...(form === 'esm' && { banner }) } } },
    });
  }
  // `development: false`: a test's environment is none of production, and React has other functions for each.
  await vite({
    ...shared, oxc: { jsx: { runtime: 'automatic', importSource: 'react', development: false } }, define: { 'process.env.NODE_ENV': '"production"' },
    build: { outDir: out, emptyOutDir: false, lib: { entry: 'app/renderer.tsx', formats: ['iife'], name: 'orders', fileName: () => 'renderer.js' } },
  });
}

/** Bundles everything of the app into a folder, beside what the build of the example only copies. */
export async function bundleApp(folder: string, out: string, bundler: 'esbuild' | 'vite', format: Format): Promise<void> {
  mkdirSync(out);
  writeFileSync(join(out, 'package.json'), JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }));
  for (const name of ['index.html', 'style.css', 'tray.png', 'sqlite.node', 'inspector']) cpSync(join(folder, 'out', name), join(out, name), { recursive: true });
  await (bundler === 'esbuild' ? byEsbuild : byVite)(folder, out, format);
  for (const name of ['main.js', 'preload.cjs', 'renderer.js']) if (!existsSync(join(out, name))) throw new Error(`${bundler} has made no ${name}`);
}
