import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createEmptyEnvironment, root } from './installed.ts';

let folder = '';
let installed = '';
let manifest: {
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
};

const run = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

/** Unpacks what is packed beside the checkout's own dependencies. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'package-'));
  execFileSync('tar', ['-xzf', inject('tarball'), '-C', folder]);
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(root, 'node_modules'))) if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  installed = join(modules, 'flowstone');
  symlinkSync(join(folder, 'package'), installed);
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the published package', () => {
  it('names nothing that only the checkout needs', () => {
    expect(manifest).not.toHaveProperty('optionalDependencies');
    expect(manifest).not.toHaveProperty('devDependencies');
    expect(manifest).not.toHaveProperty('scripts');
    expect(JSON.stringify(manifest)).not.toMatch(/"node-(linux|win|darwin)|flowstone-source|\.ts"(?<!\.d\.ts")/);
    for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('can be published as it is, and comes without what builds its pages', () => {
    const destination = mkdtempSync(join(tmpdir(), 'published-'));
    const file = execFileSync(process.execPath, [join(root, '.ci/pack.ts'), destination, '--for-registry'], { encoding: 'utf8' }).trim();
    const { stdout, stderr, status } = spawnSync('npm', ['publish', '--dry-run', '--json', file], { cwd: destination, env: createEmptyEnvironment(destination), encoding: 'utf8', shell: process.platform === 'win32' });
    rmSync(destination, { recursive: true });
    // Whoever publishes has to log in; nothing else is to be said.
    expect(stderr.split('\n').filter(line => /npm (?:warn|error)/i.test(line) && !line.includes('requires you to be logged in'))).toEqual([]);
    expect(status).toBe(0);
    expect(stdout).toContain('"dist/src/index.js"');
    expect(stdout).not.toContain('.vitepress');
  });

  it('contains every file its exports and its program name, and its papers', () => {
    const named = [...Object.values(manifest.exports).flatMap(conditions => Object.values(conditions)), ...Object.values(manifest.bin), 'LICENSE', 'README.md', 'docs'];
    expect(named.filter(file => !existsSync(join(installed, file)))).toEqual([]);
  });

  it('can be imported by every one of its entry points', () => {
    const entries = Object.keys(manifest.exports).map(path => path.replace('.', 'flowstone'));
    writeFileSync(join(folder, 'all.js'), entries.map(entry => `import ${JSON.stringify(entry)};`).join('\n'));
    expect(run('all.js')).toBe('');
  });

  it('answers --version from plain JavaScript', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(run(join(installed, manifest.bin['flowstone'] ?? ''), '--version').trim()).toBe(version);
  });

  it('runs a flow for whoever imports it', () => {
    writeFileSync(
      join(folder, 'use.js'),
      `import { createRuntime, defineFlow } from 'flowstone';
       import { openSqliteStore } from 'flowstone/sqlite';
       const flow = defineFlow({ id: 'hello', steps: [{ id: 'say', uses: 'tool:say' }] });
       const tools = [{ name: 'say', run: () => 'hello' }];
       const runtime = await createRuntime({ store: openSqliteStore({ file: 'use.db' }), flows: [flow], tools });
       const { steps } = await (await runtime.start('hello')).settled();
       await runtime.stop();
       console.log(steps[0].output);`,
    );
    expect(run('use.js').trim()).toBe('hello');
  });

  it('keeps a flow in files for whoever imports the store for that', () => {
    writeFileSync(
      join(folder, 'files.js'),
      `import { createRuntime, defineFlow } from 'flowstone';
       import { openFilesStore } from 'flowstone/files';
       import { existsSync } from 'node:fs';
       const flow = defineFlow({ id: 'hello', steps: [{ id: 'say', uses: 'tool:say' }] });
       const runtime = await createRuntime({ store: openFilesStore({ folder: 'files-store' }), flows: [flow], tools: [{ name: 'say', run: () => 'hello' }] });
       const { executionId, steps } = await (await runtime.start('hello')).settled();
       await runtime.stop();
       console.log(steps[0].output, existsSync(\`files-store/sessions/session_\${executionId}.json\`));`,
    );
    expect(run('files.js').trim()).toBe('hello true');
  });

  it('runs a static flow in a process of its own', () => {
    writeFileSync(join(folder, 'tools.js'), `export default [{ name: 'pid', run: () => process.pid }];`);
    writeFileSync(
      join(folder, 'static.js'),
      `import { createRuntime, defineFlow } from 'flowstone';
       import { openSqliteStore } from 'flowstone/sqlite';
       const flow = defineFlow({ id: 'pid', flow_type: 'static', steps: [{ id: 'pid', uses: 'tool:pid' }] });
       const runtime = await createRuntime({ store: openSqliteStore({ file: 'static.db' }), flows: [flow], isolation: { tools: './tools.js' } });
       const { status, failure, steps } = await (await runtime.start('pid')).settled();
       await runtime.stop();
       console.log(status, failure, steps[0].output !== process.pid);`,
    );
    expect(run('static.js').trim()).toBe('scored null true');
  });

  it('has types that another project can use', () => {
    writeFileSync(
      join(folder, 'use.ts'),
      `import type { Runtime, SettledExecution } from 'flowstone';
       import { createRuntime } from 'flowstone';
       import { openSqliteStore } from 'flowstone/sqlite';
       const runtime: Runtime = await createRuntime({ store: openSqliteStore({ file: 'use.db', durability: 'process' }) });
       const settled: SettledExecution = await runtime.settled('x');
       export const score: number = settled.score;
       // @ts-expect-error a score is a number
       export const wrong: string = settled.score;`,
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    expect(run(tsc, '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2024', '--module', 'nodenext', '--types', 'node', '--ignoreConfig', 'use.ts')).toBe('');
  });
});
