import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, matchesGlob, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { bundleApp } from './bundle-app.ts';
import { copyBuilt, copyExample, runUntilStored, verify } from './desktop-app.ts';
import { installPacked, root } from './installed.ts';
import { mutate, mutations } from './mutated-app.ts';

let folder = '';
let remove = (): void => {};
const standIn = (): string => join(folder, 'stand-in');

beforeAll(() => {
  ({ folder, remove } = installPacked(inject('tarball')));
  copyExample(folder);
});

afterAll(() => remove());

/** What a bundle asks for by name. Comments and messages of its libraries name packages, too: only what begins a line counts, or is required. */
function listImports(text: string): string[] {
  const lines = text.split('\n').filter(line => !/^\s*(?:\*|\/[/*])/.test(line)).join('\n');
  return [...lines.matchAll(/^\s*(?:import|export)\b[^'"`;()]*["']([^"']+)["']|\brequire\(["']([^"']+)["']\)/gm)].map(([, imported, required]) => imported ?? required ?? '');
}

describe('the example of a desktop app, from the packed file', () => {
  it('has no error by its own compiler options', () => {
    const { stdout, status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  it('passes each of its twelve checks over a stand-in for Electron', async () => {
    const { code, text, passed } = await verify(folder, standIn());
    console.log(text);
    expect(passed).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(text).toContain('12 of 12 passed');
    expect(code).toBe(0);
  });

  it.concurrent.each(mutations)('fails check $check when $fault', async mutation => {
    const copy = copyBuilt(folder);
    mutate(copy, mutation);
    const { code, text, passed } = await verify(copy, standIn(), ['--only', String(mutation.check)], 90_000);
    expect(text).toMatch(mutation.says);
    expect(passed).toEqual([]);
    expect(code).toBe(1);
  });

  it.each([['esbuild', 'esm'], ['esbuild', 'cjs'], ['vite', 'esm'], ['vite', 'cjs']] as const)('is bundled by %s as %s, and its bundles run over the stand-in', async (bundler, format) => {
    const out = join(folder, `${bundler}-${format}`);
    await bundleApp(folder, out, bundler, format);
    // Nothing is asked for but Electron and Node.js.
    const outside = listImports(readFileSync(join(out, 'main.js'), 'utf8')).filter(name => !/^(?:node:|electron$|\.)/.test(name));
    expect(outside.filter(name => !process.getBuiltinModule(name))).toEqual([]);
    expect(format === 'cjs').toBe(!/^import /m.test(readFileSync(join(out, 'main.js'), 'utf8')));
    const { text, passed } = await verify(folder, standIn(), ['--out', out, '--only', '12']);
    expect(passed, text).toEqual([12]);
    expect(await runUntilStored(standIn(), join(out, 'main.js'), join(out, 'data'))).toBe(true);
  });

  it('is checked against a database before version 2 is installed, which names the tool and the machine', () => {
    writeFileSync(join(folder, 'use.mjs'), `
      import { createRuntime } from 'flowstone';
      import { openSqliteStore } from 'flowstone/sqlite';
      import { flows, machines, tools } from './version-1/orders.ts';
      const runtime = await createRuntime({ store: openSqliteStore({ file: 'orders.db' }), flows, tools, machines, isolation: false });
      await runtime.spawn(machines[0], { id: 'shop' });
      await runtime.start('order', { input: { what: 'chair' } });
      await runtime.stop();`);
    execFileSync(process.execPath, ['use.mjs'], { cwd: folder });
    const check = (version: number) => spawnSync('npx', ['flowstone', 'check', '--db', 'orders.db', '--tools', `version-${version}/orders.ts`], { cwd: folder, encoding: 'utf8' });
    expect(check(1)).toMatchObject({ status: 0, stdout: expect.stringContaining('would go on') });
    const next = check(2);
    expect(next.stdout).toMatch(/reserve \(tool_unknown\)/);
    expect(next.stdout).toMatch(/machine `shop`.*machine_changed/s);
    expect(next.status).toBe(1);
    // Nothing was changed: the update can wait.
    expect(check(1).status).toBe(0);
  });

  it('builds version 2 by its argument', () => {
    execFileSync(process.execPath, ['build.mjs', '2'], { cwd: folder });
    expect(readFileSync(join(folder, 'out/utility.js'), 'utf8')).toContain('hold-stock');
    execFileSync(process.execPath, ['build.mjs'], { cwd: folder });
    expect(readFileSync(join(folder, 'out/utility.js'), 'utf8')).not.toContain('hold-stock');
  });

  it('is packed by electron-builder with all that it runs, the native file outside the archive', () => {
    const { asar, asarUnpack, files } = parse(readFileSync(join(folder, 'electron-builder.yml'), 'utf8')) as { readonly asar: boolean; readonly asarUnpack: readonly string[]; readonly files: readonly string[] };
    expect(asar).toBe(true);
    const out = join(folder, 'out');
    const built = readdirSync(out, { recursive: true, encoding: 'utf8' }).map(name => relative(folder, join(out, name))).filter(name => statSync(join(folder, name)).isFile());
    const taken = built.filter(name => files.reduce((isTaken, pattern) => (pattern.startsWith('!') ? isTaken && !matchesGlob(name, pattern.slice(1)) : isTaken || matchesGlob(name, pattern)), false));
    for (const name of ['main.js', 'utility.js', 'preload.cjs', 'renderer.js', 'index.html', 'style.css', 'tray.png', 'sqlite.node', 'inspector/index.html']) expect(taken).toContain(join('out', name));
    expect(taken.filter(name => name.includes('verify'))).toEqual([]);
    expect(taken.filter(name => asarUnpack.some(pattern => matchesGlob(name, pattern)))).toEqual([join('out', 'sqlite.node')]);
    // The app looks for it there.
    expect(readFileSync(join(out, 'main.js'), 'utf8')).toContain('replace("app.asar", "app.asar.unpacked")');
  });

  it('has a workflow that runs the checks on three systems', () => {
    const { jobs, on } = parse(readFileSync(join(folder, '.github/workflows/verify.yml'), 'utf8')) as { readonly on: readonly string[]; readonly jobs: { readonly verify: { readonly 'runs-on': string; readonly strategy: { readonly matrix: { readonly os: readonly string[] } }; readonly steps: readonly { readonly run?: string; readonly if?: string }[] } } };
    expect(on).toContain('push');
    expect(jobs.verify.strategy.matrix.os.map(name => name.split('-')[0])).toEqual(['ubuntu', 'macos', 'windows']);
    expect(jobs.verify['runs-on']).toBe('${{ matrix.os }}');
    const runs = jobs.verify.steps.flatMap(({ run = '', if: when = '' }) => (run.includes('npm run verify') ? [[when, run]] : []));
    expect(runs).toEqual([["runner.os == 'Linux'", 'xvfb-run --auto-servernum npm run verify'], ["runner.os != 'Linux'", 'npm run verify']]);
    const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly scripts: Readonly<Record<string, string>> };
    for (const { run = '' } of jobs.verify.steps) for (const [, script = ''] of run.matchAll(/npm run (\S+)/g)) expect(scripts).toHaveProperty(script);
  });
});
