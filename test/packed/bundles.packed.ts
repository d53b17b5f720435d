import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import * as esbuild from 'esbuild';
import { build as buildWithVite } from 'vite';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createEmptyEnvironment, installPacked, lend } from './installed.ts';

/** Flows in YAML and TypeScript, expressions, a schema, SQLite, a log. */
const app = `
import { createRuntime, defineFlow, defineTool, parseFlow } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { pino } from 'pino';
import { z } from 'zod';

async function main() {
  const lines = [];
  const logger = pino({ level: 'debug' }, { write: line => void lines.push(JSON.parse(line)) });
  const double = defineTool({
    name: 'double', input: z.object({ n: z.number() }), output: z.number(),
    run: ({ input, logger }) => { logger.info({ n: input.n }, 'doubling'); return input.n * 2; },
  });
  const yaml = parseFlow("id: yaml\\nsteps:\\n  - { id: first, uses: 'tool:double', with: { n: '{% input.n + 1 %}' } }\\n");
  const typed = defineFlow({ id: 'typed', steps: [{ id: 'first', uses: 'flow:yaml', with: { n: 4 } }, { id: 'sum', uses: 'tool:double', depends_on: ['first'], with: { n: '{% $sum(steps.first.output.steps.first.output) %}' } }] });
  const store = openSqliteStore({ file: 'app.db', nativeBinding: process.argv[2] });
  const runtime = await createRuntime({ store, flows: [yaml, typed], tools: [double], logger });
  const { status, steps } = await (await runtime.start('yaml', { input: { n: 20 } })).settled();
  const second = await (await runtime.start('typed')).settled();
  await store.backup('copy.db');
  await runtime.stop();
  const copied = openSqliteStore({ file: 'copy.db', nativeBinding: process.argv[2] });
  const kept = copied.listExecutions({}).length;
  copied.close();
  const native = process.report.getReport().sharedObjects.some(file => file.endsWith('sqlite.node'));
  console.log(JSON.stringify({ status, output: steps[0].output, second: second.status, reason: second.steps.find(({ reason }) => reason)?.reason, logged: lines.some(({ msg, n }) => msg === 'doubling' && n === 21), native, kept }));
}
main().catch(error => { console.error(error); process.exit(1); });
`;

/** A flow whose values are functions; its second step kills the process when it is told to. */
const durable = `
import { createRuntime, defineFlow, defineTool } from 'flowstone';
import { openSqliteStore } from 'flowstone/sqlite';
import { appendFileSync } from 'node:fs';

const [, , deadly] = process.argv;
const describeParcel = ({ input, steps }) => ({ text: input.names.map(nameOfReader => nameOfReader.toUpperCase()).join('+') + ' ' + steps.charge.output.amount });
const charge = defineTool({ name: 'charge', run: ({ input, idempotencyKey }) => { appendFileSync('done.log', 'charged ' + idempotencyKey + '\\n'); return input; } });
const ship = defineTool({ name: 'ship', run: ({ input }) => { if (deadly) process.kill(process.pid, 'SIGKILL'); return input; } });
const order = defineFlow({
  id: 'order', version: '7',
  steps: [
    { id: 'charge', uses: 'tool:charge', with: ({ input }) => ({ amount: input.amount * 2 }) },
    { id: 'ship', uses: 'tool:ship', depends_on: ['charge'], when: ({ steps }) => steps.charge.output.amount > 10, with: describeParcel },
    { id: 'each', uses: 'tool:charge', depends_on: ['ship'], for_each: ({ input }) => input.names, with: { name: ({ item }) => item, after: ({ steps }) => steps.ship.output.text } },
  ],
});

async function main() {
  const runtime = await createRuntime({ store: openSqliteStore({ file: 'order.db', nativeBinding: './sqlite.node' }), flows: [order], tools: [charge, ship] });
  const { status, outputs } = await (await runtime.start(order, { input: { amount: 20, names: ['ada', 'bob'] }, idempotencyKey: 'one' })).settled();
  await runtime.stop();
  console.log(JSON.stringify({ status, outputs }));
}
main().catch(error => { console.error(error); process.exit(1); });
`;

let folder = '';
let remove = (): void => {};
/** Nothing is above it that a module could be found in. */
let elsewhere = '';

beforeAll(() => {
  ({ folder, remove } = installPacked(inject('tarball')));
  lend(folder, ['pino']);
  writeFileSync(join(folder, 'app.ts'), app);
  writeFileSync(join(folder, 'durable.ts'), durable);
  elsewhere = mkdtempSync(join(tmpdir(), 'bundled-'));
});

afterAll(() => {
  remove();
  rmSync(elsewhere, { recursive: true, force: true });
});

/** Where npm has put what Flowstone depends on. */
const nested = (name: string): string => join(folder, 'node_modules/flowstone/node_modules', name);
const nativeFile = (): string => join(nested('better-sqlite3'), 'prebuilds', `${process.platform}-${process.arch}.node`);

/** Runs a bundle alone with the native file; returns what it printed. */
function runAlone(name: string, file: string, ...args: string[]): unknown {
  const home = join(elsewhere, name);
  mkdirSync(home);
  copyFileSync(file, join(home, name));
  copyFileSync(nativeFile(), join(home, 'sqlite.node'));
  return JSON.parse(execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', name, ...args], { cwd: home, env: createEmptyEnvironment(home), encoding: 'utf8' }));
}

const expected = { status: 'scored', output: 42, second: 'scored', logged: true, native: true, kept: 3 };
const alias = () => ({ zod: nested('zod') });
/** What a bundle of modules needs for packages of CommonJS, such as pino. */
const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };

const bundle = (entry: string, outfile: string, options: esbuild.BuildOptions): Promise<esbuild.BuildResult> =>
  esbuild.build({ absWorkingDir: folder, entryPoints: [entry], bundle: true, platform: 'node', target: 'node22.14', outfile, alias: alias(), logLevel: 'silent', ...options });

describe('the kernel in a bundle for a browser', () => {
  it('asks for nothing of Node.js, and runs where there is nothing but the language', async () => {
    const source = "import { compileFlow, createFlow, startFlow } from 'flowstone/kernel';\nexport const start = () => { const plan = compileFlow({ id: 'one', steps: [{ id: 'first', uses: 'tool:double', with: { n: 1 } }] }); const { rows, effects } = startFlow(createFlow(plan, { executionId: 'x', now: 1 }), 1); return JSON.stringify([plan.digest, rows.execution.status, effects]); };\n";
    const { outputFiles } = await esbuild.build({ stdin: { contents: source, resolveDir: folder }, absWorkingDir: folder, bundle: true, write: false, platform: 'browser', format: 'iife', globalName: 'kernel', logLevel: 'silent' });
    const context = createContext({});
    runInContext(outputFiles[0]?.text ?? '', context);
    const [digest, ...rest] = JSON.parse(runInContext('kernel.start()', context) as string) as unknown[];
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(rest).toEqual(['stepping', [{ type: 'run', position: 0, item: -1, run: 1 }]]);
  });
});

describe('an app that is bundled', () => {
  it.each([
    ['esm.mjs', { format: 'esm', banner }],
    ['minified.mjs', { format: 'esm', banner, minify: true }],
    ['commonjs.cjs', { format: 'cjs' }],
    ['minified.cjs', { format: 'cjs', minify: true }],
  ] as const)('by esbuild into %s runs without node_modules but for the native file', async (name, options) => {
    const outfile = join(folder, 'out', name);
    const { warnings } = await bundle('app.ts', outfile, options);
    expect(warnings).toEqual([]);
    expect(runAlone(name, outfile, './sqlite.node')).toMatchObject(expected);
  });

  it('by Vite runs without node_modules but for the native file', async () => {
    await buildWithVite({
      root: folder, configFile: false, logLevel: 'error', resolve: { alias: alias() }, ssr: { noExternal: true, target: 'node' },
      build: { ssr: 'app.ts', outDir: 'vite', rollupOptions: { output: { entryFileNames: 'vite.mjs', codeSplitting: false } } },
    });
    expect(runAlone('vite.mjs', join(folder, 'vite/vite.mjs'), './sqlite.node')).toMatchObject(expected);
  });

  it('runs on the SQLite of Node.js where the native file is left out', async () => {
    const outfile = join(folder, 'out/alone.mjs');
    await bundle('app.ts', outfile, { format: 'esm', banner });
    expect(runAlone('alone.mjs', outfile)).toMatchObject({ ...expected, native: false });
  });

  it.each([
    ['plain.mjs', 'minified.mjs'],
    ['minified.mjs', 'plain.mjs'],
    ['plain.mjs', 'minified.cjs'],
    ['minified.cjs', 'plain.mjs'],
  ] as const)('as %s is killed in a flow with functions as values, and goes on as %s', async (first, second) => {
    const home = mkdtempSync(join(elsewhere, 'resumed-'));
    copyFileSync(nativeFile(), join(home, 'sqlite.node'));
    for (const name of [first, second]) await bundle('durable.ts', join(home, name), { minify: name.startsWith('minified'), ...(name.endsWith('.cjs') ? { format: 'cjs' } : { format: 'esm', banner }) });
    // The text of the functions is another one.
    expect([first, second].map(name => readFileSync(join(home, name), 'utf8').includes('nameOfReader'))).toEqual([first, second].map(name => name.startsWith('plain')));
    const run = (name: string, ...args: string[]) => spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', name, ...args], { cwd: home, env: createEmptyEnvironment(home), encoding: 'utf8' });
    expect(run(first, 'deadly')).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    const { stdout, stderr } = run(second);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ status: 'scored', outputs: { charge: { amount: 40 }, ship: { text: 'ADA+BOB 40' }, each: [{ name: 'ada', after: 'ADA+BOB 40' }, { name: 'bob', after: 'ADA+BOB 40' }] } });
    // What was done before the kill was not done again.
    expect(new Set(readFileSync(join(home, 'done.log'), 'utf8').trim().split('\n')).size).toBe(3);
    expect(readFileSync(join(home, 'done.log'), 'utf8').trim().split('\n')).toHaveLength(3);
  });
});
