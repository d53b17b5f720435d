import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installPacked, listPackages } from './installed.ts';

let folder = '';
let remove = (): void => {};
beforeAll(() => {
  ({ folder, remove } = installPacked(inject('tarball')));
  writeFileSync(join(folder, 'bare.js'), '');
  writeFileSync(
    join(folder, 'open.js'),
    `import { createRuntime } from 'flowstone';
     import { openSqliteStore } from 'flowstone/sqlite';
     openSqliteStore({ file: 'open.db' }).close();
     if (typeof createRuntime !== 'function' || '__zod_globalRegistry' in globalThis) throw new Error('zod was loaded');`,
  );
});
afterAll(() => remove());

/** CPU of a process, user and system, ms. */
function measureCpu(file: string): number {
  // The child says itself what it has used, last of all.
  const code = "process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write(String((user + system) / 1000)); });";
  const { stderr, status } = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(code)}`, file], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return Number(stderr);
}

const least = (values: readonly number[]): number => Math.min(...values);

const measureSize = (path: string): number => {
  const { size } = lstatSync(path);
  return size + (lstatSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + measureSize(join(path, name)), 0) : 0);
};

describe('what is installed', () => {
  it('costs at most 3.5 times the CPU of bare Node.js to import and open a store, and loads no zod', () => {
    const rounds = Array.from({ length: 12 }, () => ({ bare: measureCpu('bare.js'), open: measureCpu('open.js') }));
    const [bare, open] = [least(rounds.map(round => round.bare)), least(rounds.map(round => round.open))];
    console.log(`importing and opening a store: ${open.toFixed(0)} ms of CPU, bare Node.js ${bare.toFixed(0)} ms: ${(open / bare).toFixed(2)} times (the least of 12 each, in turns)`);
    expect(open / bare).toBeLessThanOrEqual(3.5);
  });

  it('is five packages and at most 35 MB, most of it the native files of eight platforms', () => {
    const modules = join(folder, 'node_modules');
    const packages = listPackages(modules);
    const size = measureSize(modules) / 1e6;
    console.log(`installed: ${packages.length} packages, ${size.toFixed(1)} MB; 0.3.0: 63 packages, 55 MB`);
    expect(packages.map(name => name.replace('flowstone > ', '')).toSorted()).toEqual(['better-sqlite3', 'flowstone', 'node-addon-api', 'xstate', 'zod']);
    expect(size).toBeLessThanOrEqual(35);
  });
});
