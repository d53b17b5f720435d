import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Checks the example's types against one version of Electron's own declarations; returns what the compiler says. */
function checkTypes(version: string): string {
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  // Below the checkout, so that the packages it has are found.
  const folder = mkdtempSync(join(root, 'node_modules/.cache/electron-types-'));
  folders.push(folder);
  cpSync(join(root, 'docs/examples/desktop'), folder, { recursive: true });
  writeFileSync(join(folder, 'electron.d.ts'), gunzipSync(readFileSync(join(root, `test/fixtures/electron/electron-${version}.d.ts.gz`))));
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly exports: Readonly<Record<string, { readonly 'flowstone-source': string }>> };
  const own = Object.fromEntries(Object.entries(exports).map(([name, conditions]) => [`flowstone${name.slice(1)}`, [join(root, conditions['flowstone-source'])]]));
  const tsconfig = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8')) as { readonly compilerOptions: { readonly paths: object } };
  const compilerOptions = { ...tsconfig.compilerOptions, typeRoots: [join(root, 'node_modules/@types')], paths: { ...tsconfig.compilerOptions.paths, ...own, electron: ['./electron.d.ts'] } };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...tsconfig, compilerOptions }));
  // What must be an error, so that the compiler is seen to look.
  writeFileSync(join(folder, 'app/wrong.ts'), "import * as electron from 'electron';\nimport { embed } from 'flowstone/electron';\n// @ts-expect-error\nembed({ electron: { ...electron, utilityProcess: electron.app }, utility: 'x' });\n");
  try {
    return execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { cwd: folder, encoding: 'utf8' });
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}

describe('the example, by the declarations of Electron', () => {
  it.each(['35.0.0', '45.5.0'])('%s has no error', version => {
    expect(checkTypes(version)).toBe('');
  });
});
