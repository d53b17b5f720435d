// esbuild splits into a file for every set of entry points that share something: dozens, each of which Node.js has to find, read
// and link at every start. This makes one file of those that are loaded together.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { build } from 'esbuild';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';

/** The outputs that an import of these loads at once, these included. */
function listLoaded({ outputs }: Metafile, entries: readonly string[]): string[] {
  const loaded = new Set(entries);
  for (const file of loaded) for (const { path, kind, external } of outputs[file]?.imports ?? []) if (kind === 'import-statement' && !external) loaded.add(path);
  return [...loaded];
}

/** What is merged is found in its files; what is not stays a file of its own. */
function keepOthers(root: string, merged: ReadonlySet<string>, folder: string): Plugin {
  return {
    name: 'files that stay',
    setup: bundle =>
      bundle.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer, resolveDir }) => {
        const file = resolve(importer === '' || importer === '<stdin>' ? resolveDir : dirname(importer), path);
        return merged.has(relative(root, file).replaceAll('\\', '/')) ? { path: file } : { path: toSpecifier(folder, relative(root, file).replaceAll('\\', '/')), external: true };
      }),
  };
}

const toSpecifier = (folder: string, file: string): string => {
  const path = posix.relative(folder, file);
  return path.startsWith('.') ? path : `./${path}`;
};

/** Names in braces, each under the name it has in the merged file: `a as b` becomes `m3_a as b`. */
const rename = (names: string, prefix: string): string =>
  names.split(',').filter(Boolean).map(one => (/ as /.test(one) ? `${prefix}${one}` : `${prefix}${one} as ${one}`)).join(',');

/**
 * Merges what `entries` load into one file, `name`, beside the chunks; the entries name what they export in it.
 *
 * @param root what the paths of the metafile are relative to
 */
export async function mergeLoaded(root: string, metafile: Metafile, entries: readonly string[], name: string, options: BuildOptions): Promise<void> {
  const loaded = listLoaded(metafile, entries);
  const chunk = loaded.find(file => !entries.includes(file));
  if (chunk === undefined) return;
  const folder = posix.dirname(chunk);
  const target = posix.join(folder, name);
  const prefixes = new Map(loaded.map((file, place) => [file, `m${place}_`]));
  const namesOf = (file: string): string => (metafile.outputs[file]?.exports ?? []).join(',');
  const source = loaded.map(file => `export { ${rename(namesOf(file), '').replaceAll(/(\S+) as (\S+?)(?=,|$)/g, `$1 as ${prefixes.get(file)}$2`)} } from '${toSpecifier('.', relative(root, resolve(root, file)).replaceAll('\\', '/'))}';`).join('\n');
  const { outputFiles } = await build({ ...options, absWorkingDir: root, stdin: { contents: source, resolveDir: root, loader: 'js' }, write: false, splitting: false, metafile: false, plugins: [keepOthers(root, new Set(loaded), folder)] });
  for (const [file, { entryPoint }] of Object.entries(metafile.outputs)) {
    const from = JSON.stringify(toSpecifier(posix.dirname(file), target));
    if (entries.includes(file)) {
      const names = rename(namesOf(file), prefixes.get(file) ?? '');
      writeFileSync(join(root, file), `export{${names}}from${from};\n`);
    } else if (loaded.includes(file)) {
      rmSync(join(root, file));
    } else {
      const text = readFileSync(join(root, file), 'utf8').replaceAll(/import(?:\{([^}]*)\}from)?"(\.{1,2}\/[^"]+)"/g, (whole, names: string | undefined, path: string) => {
        const prefix = prefixes.get(posix.join(posix.dirname(file), path));
        if (prefix === undefined) return whole;
        return names === undefined ? `import${from}` : `import{${rename(names, prefix)}}from${from}`;
      });
      const left = loaded.filter(one => !entries.includes(one)).find(one => text.includes(`"${toSpecifier(posix.dirname(file), one)}"`));
      if (left !== undefined) throw new Error(`${entryPoint ?? file} asks for ${left} in a way that is not known here`);
      writeFileSync(join(root, file), text);
    }
  }
  writeFileSync(join(root, target), outputFiles[0]?.contents ?? '');
}
