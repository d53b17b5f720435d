// Bundles the entry points that are published. What is loaded when first needed: zod, jsonata and yaml, and whatever is `import()`ed.
import { readFileSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import { build, transform } from 'esbuild';
import * as yaml from 'yaml';
import { mergeLoaded } from './merge-chunks.ts';

const root = resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** Modules that stand for a package, and load it when they are asked for something. `real:` is the package itself. */
const loadedLate: Readonly<Record<string, { readonly contents: string; readonly loader: 'js' | 'ts' }>> = {
  zod: {
    contents: "import { recordSchemas } from './src/core/schema-recorder.ts';\nexport const z = recordSchemas(() => require('real:zod').z);",
    loader: 'ts',
  },
  jsonata: { contents: "export default (...args) => require('real:jsonata')(...args);", loader: 'js' },
  yaml: { contents: `module.exports = { ${Object.keys(yaml).filter(name => /^\w+$/.test(name) && name !== 'default').map(name => `get ${name}() { return require('real:yaml').${name}; }`).join(', ')} };`, loader: 'js' },
};

/** Messages of ours are in English: 240 kB of other languages stay out. */
export const english: Plugin = {
  name: 'English only',
  setup: bundle => bundle.onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: "export { default as en } from './en.js';" })),
};

const lateMetafiles = new Map<string, Metafile>();

/** A package that is loaded late, as a text: at a start Node.js only looks for its end. It is compiled when it is first asked for. */
async function shortenPackage(name: string): Promise<string> {
  const { outputFiles, metafile } = await build({ ...shared, entryPoints: [name], format: 'cjs', write: false, minify: true, plugins: [english, builtIns] });
  lateMetafiles.set(name, metafile);
  requireNoRequire([metafile]);
  const text = JSON.stringify(`(function(exports,module){${outputFiles[0]?.text ?? ''}})`);
  return `new (process.getBuiltinModule('node:vm').Script)(${text},{filename:'${name}.js'}).runInThisContext()(exports,module);`;
}

const loadLate: Plugin = {
  name: 'load late',
  setup(bundle) {
    bundle.onResolve({ filter: /^(?:zod|jsonata|yaml)$/ }, ({ path, importer }) => (importer.includes('node_modules') ? undefined : { path, namespace: 'late' }));
    bundle.onResolve({ filter: /^real:/ }, ({ path }) => ({ path: path.slice('real:'.length), namespace: 'real' }));
    bundle.onLoad({ filter: /.*/, namespace: 'real' }, async ({ path }) => ({ contents: await shortenPackage(path) }));
    bundle.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => ({ ...loadedLate[path], resolveDir: root }));
  },
};

/** Code of others is read at every start, also what is loaded late: less of it is read faster. Ours stays as it is, for stack traces. */
const shorten: Plugin = {
  name: 'shorten packages',
  setup(bundle) {
    bundle.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => ({ contents: (await transform(readFileSync(path, 'utf8'), { minify: true, target: 'node22.14' })).code }));
  },
};

/** CommonJS asks for Node's own modules with `require`, which modules and many bundles do not have. */
const builtIns: Plugin = {
  name: 'built-in modules',
  setup(bundle) {
    const names = new Set([...builtinModules, ...builtinModules.map(name => `node:${name}`)]);
    bundle.onResolve({ filter: /.*/ }, ({ path, kind }) => {
      if (!names.has(path)) return undefined;
      // What nothing uses of them after all is not loaded: some take longer than what imports them.
      return kind === 'require-call' ? { path, namespace: 'built-in' } : { path, external: true, sideEffects: false };
    });
    bundle.onLoad({ filter: /.*/, namespace: 'built-in' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});` }));
  },
};

/** Bundled CommonJS that asks for a package which is not bundled gets what `import` gives: modules have no `require`. */
const requiredPackages: Plugin = {
  name: 'packages required by CommonJS',
  setup(bundle) {
    bundle.onResolve({ filter: /^xstate(?:$|\/)/ }, ({ path, kind }) => (kind === 'require-call' ? { path, namespace: 'required' } : undefined));
    bundle.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({ contents: `export * from ${JSON.stringify(path)};`, resolveDir: root }));
  },
};

/** What a package does without where it is not installed: `ws` has its own code for both. */
const leftOut: Plugin = {
  name: 'left out',
  setup(bundle) {
    bundle.onResolve({ filter: /^(?:bufferutil|utf-8-validate)$/ }, ({ path }) => ({ path, namespace: 'left out' }));
    bundle.onLoad({ filter: /.*/, namespace: 'left out' }, () => ({ contents: "throw new Error('It is left out');" }));
  },
};

/** All commands of the program in one file: a chunk for every set of commands that share something would be a hundred files. */
const oneFileOfCommands: Plugin = {
  name: 'commands',
  setup(bundle) {
    let folder = '';
    let commands: string[] = [];
    bundle.onLoad({ filter: /[\\/]cli[\\/]program\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const dynamic = /\bimport\('(\.\/[\w-]+\.ts)'\)/g;
      folder = dirname(path);
      commands = [...new Set([...source.matchAll(dynamic)].flatMap(match => match[1] ?? []))];
      return { contents: source.replaceAll(dynamic, "import('all commands')"), loader: 'ts' };
    });
    bundle.onResolve({ filter: /^all commands$/ }, () => ({ path: 'commands', namespace: 'commands' }));
    bundle.onLoad({ filter: /.*/, namespace: 'commands' }, () => ({ contents: commands.map(file => `export * from '${file}';`).join('\n'), resolveDir: folder, loader: 'ts' }));
  },
};

function replaceAll(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`better-sqlite3 has changed: its lib/binding.js has no ${JSON.stringify(from)} any more`);
    return before.replaceAll(from, () => to);
  }, text);
}

/** The JavaScript of better-sqlite3 is bundled; its native file stays where npm has put it, or is where the app says. */
const nativeFile: Plugin = {
  name: 'native file of better-sqlite3',
  setup(bundle) {
    bundle.onResolve({ filter: /^find-better-sqlite3$/ }, ({ path }) => ({ path, namespace: 'native' }));
    bundle.onLoad({ filter: /.*/, namespace: 'native' }, () => ({
      contents: `
        import { dirname, join } from 'node:path';
        import { fileURLToPath } from 'node:url';
        export const findFolder = () => join(dirname(fileURLToPath(import.meta.resolve('better-sqlite3/package.json'))), 'lib');
        export const load = file => { const loaded = { exports: {} }; process.dlopen(loaded, file); return loaded.exports; };`,
      resolveDir: root,
    }));
    bundle.onLoad({ filter: /better-sqlite3[\\/]lib[\\/]binding\.js$/ }, ({ path }) => {
      const [source = ''] = readFileSync(path, 'utf8').split('// This script is executed directly');
      const contents = replaceAll(source, [
        ['requireFunc(path', 'native.load(path'],
        ['\t\tconst requireFunc = typeof __non_webpack_require__ === \'function\' ? __non_webpack_require__ : require;\n', ''],
        ['require(filename)', 'native.load(filename)'],
        ['require(getPrebuildPath() || filename)', 'native.load(getPrebuildPath() || filename)'],
        ['__dirname', 'native.findFolder()'],
      ]);
      return { contents: `const native = require('find-better-sqlite3');\n${contents}` };
    });
  },
};

/** The description of the server is made here, once: what makes it brings another zod along, which does not know our schemas. */
const describedServer: Plugin = {
  name: 'description of the server',
  setup: bundle => bundle.onLoad({ filter: /[\\/]server[\\/]openapi\.ts$/ }, async () => {
    const { createOpenApi } = (await import('../src/server/openapi.ts')) as { createOpenApi(version: string): { readonly info: object } };
    const document = createOpenApi('');
    return { contents: `const document = ${JSON.stringify(document)};\nexport const createOpenApi = version => ({ ...document, info: { ...document.info, version } });`, loader: 'ts' };
  }),
};

interface Manifest {
  readonly bin: { readonly flowstone: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The sources of everything that is published, relative to the checkout. */
export function listEntries({ exports }: Manifest): string[] {
  const exported = Object.values(exports).flatMap(conditions => conditions['flowstone-source'] ?? []);
  return [...exported.map(file => file.replace(/^\.\//, '')), 'src/bin.ts', 'src/isolated-process.ts', 'src/evaluator-process.ts', 'src/evaluator-thread.ts', 'src/backup-thread.ts', 'src/paths-thread.ts'];
}

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.14',
  conditions: ['flowstone-source', 'module'],
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** Programs that an app needs wherever it runs, whole: an app that is bundled has no files of ours beside it. */
const embedded = ['evaluator-process', 'evaluator-thread', 'backup-thread'];

async function embedPrograms(): Promise<{ readonly plugin: Plugin; readonly metafiles: readonly Metafile[] }> {
  const built = await Promise.all(embedded.map(name => build({ ...shared, entryPoints: [`src/${name}.ts`], write: false, minify: true, plugins: [loadLate, builtIns, nativeFile] })));
  const texts = Object.fromEntries(built.map(({ outputFiles: [file] }, place) => [embedded[place], file?.text]));
  const plugin: Plugin = {
    name: 'embedded programs',
    setup: bundle => bundle.onLoad({ filter: /[\\/]core[\\/]embedded-programs\.ts$/ }, () => ({ contents: `export const embeddedPrograms = ${JSON.stringify(texts)};`, loader: 'ts' })),
  };
  return { plugin, metafiles: built.map(({ metafile }) => metafile) };
}

/** A module cannot `require`: it would only be noticed when it is asked for. */
function requireNoRequire(metafiles: readonly Metafile[]): void {
  const required = metafiles.flatMap(({ outputs }) => Object.values(outputs)).flatMap(({ imports }) => imports.filter(({ kind, external }) => kind === 'require-call' && external).map(({ path }) => path));
  if (required.length > 0) throw new Error(`Packages inside the bundle ask for ${[...new Set(required)].join(', ')} with require`);
}

/** The entry points that run anywhere: files of their own, in which nothing is loaded by what only Node.js has. */
const anywhere: readonly string[] = ['src/kernel.ts', 'src/client.ts', 'src/react.ts', 'src/electron-preload.ts', 'src/electron-window.ts', 'src/electron-shell.ts'];

/** Writes the bundles to `outdir`, under the names that the manifest gives them. */
export async function bundleEntries(manifest: Manifest, outdir: string): Promise<Metafile> {
  const programs = await embedPrograms();
  const external = [...Object.keys(manifest.dependencies).filter(name => !['zod', 'better-sqlite3'].includes(name)), ...Object.keys(manifest.peerDependencies)];
  // Every start reads all of it: what is shorter is read faster. Names stay, for stack traces.
  const shortened = { ...shared, minifyWhitespace: true, minifySyntax: true } as const;
  const { metafile } = await build({
    ...shortened,
    entryPoints: listEntries(manifest).filter(entry => !anywhere.includes(entry)),
    outbase: '.',
    outdir,
    // Beside the folders of the entry points' sources: see src/core/entry-file.ts.
    chunkNames: 'src/chunks/[name]-[hash]',
    splitting: true,
    external,
    plugins: [loadLate, builtIns, requiredPackages, leftOut, nativeFile, oneFileOfCommands, describedServer, programs.plugin, shorten],
  });
  requireNoRequire([metafile, ...programs.metafiles]);
  const toOutput = (entry: string): string => Object.keys(metafile.outputs).find(file => file.endsWith(`/${entry}.js`)) ?? entry;
  await mergeLoaded(root, metafile, [toOutput('src/index'), toOutput('src/sqlite')], 'core.js', { ...shortened, external });
  // As for a browser: there it is an error to ask for a module of Node.js.
  const { metafile: own } = await build({ ...shortened, platform: 'browser', target: 'es2023', entryPoints: [...anywhere], outbase: '.', outdir, external: ['xstate', 'react'], plugins: [english, shorten] });
  return { ...metafile, outputs: Object.assign({}, metafile.outputs, own.outputs, ...[...lateMetafiles.values()].map(({ outputs }) => outputs)) as Metafile['outputs'] };
}

/** The packages whose code is in the bundles, by the folder each is in. */
function listBundled({ outputs }: Pick<Metafile, 'outputs'>): Map<string, string> {
  const found = new Map<string, string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const [, folder, name] = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(file) ?? [];
      if (folder !== undefined && name !== undefined && bytesInOutput > 0) found.set(name, folder);
    }
  }
  return new Map([...found].toSorted(([a], [b]) => a.localeCompare(b)));
}

/** The licences of what is in the bundles, as one text. @param modules further files that are in one, relative to the checkout */
export function collectLicences(metafile: Metafile, modules: readonly string[]): string {
  const further = Object.fromEntries(modules.map(file => [file, { inputs: { [file]: { bytesInOutput: 1 } } }]));
  const parts = [...listBundled({ outputs: { ...metafile.outputs, ...further as Metafile['outputs'] } })].map(([name, folder]) => {
    const { version, license } = require(join(root, folder, 'package.json')) as { version: string; license: string };
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENCE', 'License'].map(known => join(root, folder, known)).find(path => {
      try {
        return readFileSync(path, 'utf8') !== '';
      } catch {
        return false;
      }
    });
    return `${name} ${version} (${license})\n\n${file === undefined ? `See ${name} on npm; its package has no file with the text.` : readFileSync(file, 'utf8').trim()}\n`;
  });
  return `Flowstone's bundles contain these packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

