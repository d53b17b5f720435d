// Builds what is published, as JavaScript and declarations: node .ci/build.ts [FOLDER]. Default: dist.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { bundleEntries, collectLicences, listEntries } from './bundle.ts';
import { buildInspector } from './inspector.ts';

const root = resolve(import.meta.dirname, '..');

/** Writes the declarations of the entry points, and of what they name. */
function declareEntries(entries: readonly string[], outDir: string): void {
  const project = join(outDir, 'tsconfig.json');
  const options = { noEmit: false, declaration: true, emitDeclarationOnly: true, incremental: false, tsBuildInfoFile: undefined, outDir, rootDir: root, customConditions: [], typeRoots: [join(root, 'node_modules/@types')] };
  const files = entries.map(entry => join(root, entry));
  writeFileSync(project, JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: options, files, include: [] }));
  // What the compiler complains about belongs on the error output: `pack` prints a path.
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], { cwd: root, stdio: ['ignore', 2, 2] });
  rmSync(project);
}

/** Builds into a folder, which is emptied first. */
export async function buildPackage(outDir: string): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const metafile = await bundleEntries(manifest, outDir);
  declareEntries(listEntries(manifest), outDir);
  const modules = await buildInspector(join(outDir, 'inspector'));
  writeFileSync(join(outDir, 'LICENSES.txt'), collectLicences(metafile, modules));
  cpSync(join(root, 'template'), join(outDir, 'template'), { recursive: true });
}

if (process.argv[1] !== undefined && relative(process.argv[1], import.meta.filename) === '') {
  await buildPackage(resolve(process.argv[2] ?? join(root, 'dist')));
}
