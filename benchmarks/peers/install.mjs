/**
 * Installs the peers here and nowhere else. liteque's SQLite has no prebuilt binary for new versions of Node: it is compiled,
 * where there is a compiler; where not, liteque is skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const call = (args, cwd, env = {}) =>
  spawnSync('npm', args, { cwd, stdio: 'inherit', shell: process.platform === 'win32', env: { ...process.env, ...env } }).status === 0;

if (!call(['ci'], here)) process.exit(1);

const liteque = join(here, 'liteque');
const binary = join(liteque, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
if (!existsSync(binary)) {
  // Node's headers lie beside its binary in the package of the checkout; elsewhere they are fetched.
  const node = join(dirname(process.execPath), '..');
  const headers = existsSync(join(node, 'include/node/node.h')) ? { npm_config_nodedir: node } : {};
  console.log('Compiling better-sqlite3 11 for liteque (minutes) ...');
  const built = call(['ci'], liteque) && call(['rebuild', 'better-sqlite3', '--ignore-scripts=false', '--build-from-source'], liteque, headers);
  if (!built || !existsSync(binary)) console.log('liteque will be skipped: its better-sqlite3 could not be compiled');
}
