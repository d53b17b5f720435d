import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

/** What is read and written of a package.json. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly type?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

// Node.js 22.14 runs TypeScript only when it is told to; later ones take the option and need it not.
const node = 'node --experimental-strip-types --disable-warning=ExperimentalWarning';

const scripts = {
  start: `${node} app.ts`,
  crash: `${node} crash.ts`,
  draw: 'flowstone graph flows/order.yml && echo Next: npm test',
  test: `${node} --test test/flows.test.ts`,
  check: `${node} node_modules/flowstone/dist/src/bin.js check flows/order.yml flows/refund.ts --tools tools.ts`,
  types: 'tsc --noEmit',
};

const devDependencies = { '@types/node': '24.10.1', typescript: '7.0.2' };

/** From where npm has this copy of Flowstone: the packed file, as a path that holds from anywhere; else its version. */
function toSpecification(packageFolder: string | undefined, version: string): string {
  if (packageFolder === undefined) return version;
  const owner = resolve(packageFolder, '../..');
  const file = join(owner, 'package.json');
  if (!existsSync(file)) return version;
  const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  const given = dependencies['flowstone'] ?? '';
  if (!given.startsWith('file:')) return version;
  const path = given.slice('file:'.length);
  return `file:${isAbsolute(path) ? path : resolve(owner, path)}`;
}

/** A name that npm takes, from that of a folder. */
const toPackageName = (folder: string): string => folder.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-').replace(/^[._-]+/, '') || 'flows';

/** The package.json of a new project: what is there stays, what is missing is added. */
export function toProjectManifest(present: Manifest, own: Manifest, folderName: string, packageFolder: string | undefined): Manifest {
  const { name = toPackageName(folderName), ...rest } = present;
  const { xstate = '', zod = '' } = own.dependencies ?? {};
  return {
    name,
    private: true,
    ...rest,
    type: 'module',
    engines: { node: '>=22.14' },
    scripts: { ...scripts, ...dropPlaceholder(present.scripts) },
    dependencies: { flowstone: toSpecification(packageFolder, own.version ?? ''), xstate, zod, ...present.dependencies },
    devDependencies: { ...devDependencies, ...present.devDependencies },
  };
}

/** `npm init` writes a test that fails. */
function dropPlaceholder(present: Manifest['scripts'] = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(present).filter(([name, script]) => !(name === 'test' && script.includes('no test specified'))));
}

