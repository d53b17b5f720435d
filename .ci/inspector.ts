// Builds the inspector's page into a folder: node .ci/inspector.ts [FOLDER]. Default: dist/inspector.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { build as bundle } from 'esbuild';
import { build, type InlineConfig, type Rolldown } from 'vite';

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'src/inspector');

const shared: InlineConfig = {
  configFile: false,
  root: source,
  base: './',
  logLevel: 'warn',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { conditions: ['flowstone-source', 'module', 'browser', 'import', 'default'] },
  // The machines and the kernel say that they run anywhere; what of Node.js were asked for, a browser would not find.
  plugins: [{
    name: 'nothing of Node.js',
    enforce: 'pre',
    resolveId(id, importer) {
      if (id.startsWith('node:')) throw new Error(`${importer ?? 'The page'} imports ${id}, which a browser does not have`);
    },
  }],
};

type Output = Rolldown.RolldownOutput;

/** The page with one execution in it: one script and one style sheet, which an export puts into its one file. */
async function buildFile(): Promise<{ readonly script: string; readonly style: string; readonly modules: readonly string[] }> {
  const { output } = (await build({
    ...shared,
    build: { write: false, target: 'es2023', modulePreload: false, rollupOptions: { input: join(source, 'file.tsx'), output: { codeSplitting: false } } },
  })) as Output;
  const script = output.find(file => file.type === 'chunk' && file.isEntry);
  if (script?.type !== 'chunk') throw new Error('The page of an export has no script');
  const { outputFiles } = await bundle({ entryPoints: [join(source, 'style/all.css')], bundle: true, minify: true, write: false, target: 'esnext' });
  return { script: script.code, style: outputFiles[0]?.text ?? '', modules: script.moduleIds };
}

/** The page of a server: names with hashes of what is in them, so that they may be kept for ever. */
async function buildPage(outDir: string): Promise<readonly string[]> {
  const { output } = (await build({
    ...shared,
    build: { outDir, emptyOutDir: false, target: 'es2023', modulePreload: false, assetsInlineLimit: 0, rollupOptions: { input: join(source, 'index.html') } },
  })) as Output;
  return output.flatMap(file => (file.type === 'chunk' ? file.moduleIds : []));
}

/** Builds into a folder, which is emptied first. Returns the files of packages that are in it, relative to the checkout. */
export async function buildInspector(outDir: string): Promise<string[]> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  const { script, style, modules } = await buildFile();
  writeFileSync(join(outDir, 'file.js'), script);
  writeFileSync(join(outDir, 'file.css'), style);
  const further = await buildPage(outDir);
  return [...new Set([...modules, ...further])].filter(file => file.includes('node_modules')).map(file => relative(root, file));
}

if (process.argv[1] !== undefined && relative(process.argv[1], import.meta.filename) === '') {
  await buildInspector(resolve(process.argv[2] ?? join(root, 'dist/inspector')));
}
