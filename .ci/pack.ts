// Makes the package that is published: node .ci/pack.ts [FOLDER]. Prints the path of the tarball.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { publishedManifest } from './published-manifest.ts';

const root = resolve(import.meta.dirname, '..');
const destination = resolve(process.argv[2] ?? root);
const stage = mkdtempSync(join(tmpdir(), 'flowstone-pack-'));
const npm = process.env['npm_execpath'];

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: stage, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

try {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  // What the compiler complains about belongs on the error output: the output is the tarball's path.
  execFileSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(stage, 'dist')], { stdio: ['ignore', 2, 2] });
  const manifest = publishedManifest(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  for (const name of manifest.files) if (name !== 'dist' && existsSync(join(root, name))) cpSync(join(root, name), join(stage, name), { recursive: true });
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  mkdirSync(destination, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const packed = JSON.parse(npm?.endsWith('.js') ? run(process.execPath, npm, ...args) : run('npm', ...args)) as [{ filename: string }];
  process.stdout.write(`${join(destination, packed[0].filename)}\n`);
} finally {
  rmSync(stage, { recursive: true, force: true });
}
