import { execSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** Nothing of the tester's: no settings, no registry that answers. */
export function createEmptyEnvironment(home: string, nodeFolder = dirname(process.execPath)): NodeJS.ProcessEnv {
  return {
    HOME: home,
    USERPROFILE: home,
    PATH: [nodeFolder, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    LANG: 'C.UTF-8',
    CI: 'true',
    NO_COLOR: '1',
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_cache: join(home, 'npm'),
    npm_config_update_notifier: 'false',
  };
}

/** What the README says to type. */
function readInstallCommand(): string {
  const [, command] = /^(npm install .*\.tgz)/m.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  if (command === undefined) throw new Error('The README does not say how to install the packed file');
  return command;
}

interface InstallOptions {
  readonly nodeFolder?: string;
  /** The package.json that is there before; null: the folder is empty. */
  readonly manifest?: object | null;
}

/** A folder in which the packed file is installed, without a network. */
export function installPacked(tarball: string, { nodeFolder, manifest = { type: 'module', private: true } }: InstallOptions = {}): { readonly folder: string; readonly home: string; readonly env: NodeJS.ProcessEnv; remove(): void } {
  const base = mkdtempSync(join(tmpdir(), 'installed-'));
  const [folder, home] = [join(base, 'app'), join(base, 'home')];
  for (const path of [folder, home]) mkdirSync(path);
  const env = createEmptyEnvironment(home, nodeFolder);
  if (manifest) writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  execSync(readInstallCommand().replace(/\.\/flowstone-\S+\.tgz/, () => tarball), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  return { folder, home, env, remove: () => rmSync(base, { recursive: true, force: true }) };
}

/** Puts packages of the checkout beside what is installed. */
export function lend(folder: string, names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
  }
}

/** Packages below a node_modules folder, by their paths in it, those in packages included. */
export function listPackages(modules: string, prefix = ''): string[] {
  return readdirSync(modules, { withFileTypes: true }).flatMap(entry => {
    if (!entry.isDirectory() || entry.name.startsWith('.')) return [];
    if (entry.name.startsWith('@')) return listPackages(join(modules, entry.name), `${prefix}${entry.name}/`);
    const inner = join(modules, entry.name, 'node_modules');
    const name = `${prefix}${entry.name}`;
    try {
      return [name, ...listPackages(inner, `${name} > `)];
    } catch {
      return [name];
    }
  });
}
