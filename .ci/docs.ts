// Checks the pages and builds them as a site, in dist-docs: node .ci/docs.ts [--update]. --update writes outputs anew.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const update = process.argv.includes('--update') ? ['--update'] : [];

function run(...args: string[]): void {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run(join(root, 'node_modules/vitest/vitest.mjs'), 'run', '-c', 'test/docs/vitest-config.ts', ...update);
// Fails for a link that leads nowhere.
run(join(root, 'node_modules/vitepress/bin/vitepress.js'), 'build', 'docs');
