// Makes the package: node .ci/pack.ts [FOLDER] [--for-registry]. Prints the path of the tarball.
//
// The packed file has what it depends on inside, so that it can be installed where there is no network. The registry's is
// the same without: there npm shares these packages with the rest of a project.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { buildPackage } from './build.ts';
import { publishedManifest } from './published-manifest.ts';

const root = resolve(import.meta.dirname, '..');
const forRegistry = process.argv.includes('--for-registry');
const destination = resolve(process.argv.slice(2).find(argument => !argument.startsWith('--')) ?? root);
const stage = mkdtempSync(join(tmpdir(), 'flowstone-pack-'));
const npm = process.env['npm_execpath'];

/** Parts of packages that are for compiling them: their native files and JavaScript are there. */
const leftOut = [/^better-sqlite3[\\/](?:deps|src|binding\.gyp)(?:[\\/]|$)/, /^zod[\\/]src(?:[\\/]|$)/];

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: stage, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The packages that have to be there, and those that these need. */
function listInstalled(names: readonly string[], found = new Set<string>()): Set<string> {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { dependencies?: Record<string, string> };
    listInstalled(Object.keys(dependencies), found);
  }
  return found;
}

function copyInstalled(name: string): void {
  const modules = join(root, 'node_modules');
  cpSync(join(modules, name), join(stage, 'node_modules', name), { recursive: true, filter: path => !leftOut.some(part => part.test(relative(modules, path))) });
}

try {
  await buildPackage(join(stage, 'dist'));
  const source = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const inside = forRegistry ? [] : [...listInstalled(Object.keys(source.dependencies))];
  const manifest = publishedManifest(source, inside);
  for (const name of manifest.files) if (name !== 'dist' && existsSync(join(root, name))) cpSync(join(root, name), join(stage, name), { recursive: true });
  for (const name of inside) copyInstalled(name);
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  mkdirSync(destination, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const packed = JSON.parse(npm?.endsWith('.js') ? run(process.execPath, npm, ...args) : run('npm', ...args)) as [{ filename: string }];
  process.stdout.write(`${join(destination, packed[0].filename)}\n`);
} finally {
  rmSync(stage, { recursive: true, force: true });
}
