import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { lend, root } from './installed.ts';

const node = `${process.execPath} --disable-warning=ExperimentalWarning`;

/** Makes a folder with the packed file in it into the example, as whoever copies it has it, with a stand-in where Electron would be. */
export function copyExample(folder: string): void {
  cpSync(join(folder, 'node_modules/flowstone/docs/examples/desktop'), folder, { recursive: true });
  lend(folder, ['react', 'react-dom', 'scheduler', 'esbuild', 'xstate', 'csstype', 'undici-types', '@types/node', '@types/react', '@types/react-dom']);
  const electron = join(folder, 'node_modules/electron');
  mkdirSync(electron);
  writeFileSync(join(electron, 'package.json'), JSON.stringify({ name: 'electron', type: 'module', main: 'index.js', types: 'electron.d.ts' }));
  writeFileSync(join(electron, 'index.js'), `export * from ${JSON.stringify(join(root, 'test/packed/stand-in/electron.ts'))};\n`);
  writeFileSync(join(electron, 'electron.d.ts'), gunzipSync(readFileSync(join(root, 'test/fixtures/electron/electron-45.5.0.d.ts.gz'))));
  // In the place of Electron's program.
  writeFileSync(join(folder, 'stand-in'), `#!/bin/sh\nexec ${node} "$@"\n`);
  chmodSync(join(folder, 'stand-in'), 0o755);
  execFileSync(process.execPath, ['build.mjs'], { cwd: folder, stdio: 'inherit' });
}

/** Another copy of what was built, to be changed. */
export function copyBuilt(folder: string): string {
  const copy = mkdtempSync(join(folder, 'copy-'));
  for (const name of ['out', 'version-1', 'version-2', 'package.json']) cpSync(join(folder, name), join(copy, name), { recursive: true });
  symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
}

export interface Verified {
  readonly code: number | null;
  readonly text: string;
  readonly passed: readonly number[];
}

/** Runs `verify` over the stand-in. @param standIn its program @param patienceMs longest wait of a check for anything */
export async function verify(folder: string, standIn: string, args: readonly string[] = [], patienceMs = 240_000): Promise<Verified> {
  const runner = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(folder, 'out/verify-run.js'), '--electron', standIn, ...args], {
    env: { ...process.env, VERIFY_PATIENCE_MS: String(patienceMs), NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [runner.stdout, runner.stderr] as Readable[]) stream.on('data', (part: Buffer) => (text += String(part)));
  const [code] = await once(runner, 'close') as [number | null];
  return { code, text, passed: [...text.matchAll(/^pass +(\d+) /gm)].map(([, number]) => Number(number)) };
}

/** Runs the app by its own entry, which nobody steers, until its runtime has made a database. */
export async function runUntilStored(standIn: string, main: string, data: string): Promise<boolean> {
  const app = spawn(standIn, [main], { env: { ...process.env, STAND_IN_USER_DATA: data, NODE_OPTIONS: '' }, stdio: ['ignore', 'inherit', 'inherit'] });
  const file = join(data, 'flowstone.db');
  for (const end = performance.now() + 60_000; performance.now() < end && app.exitCode === null && !existsSync(file); ) await wait(50);
  app.kill();
  if (app.exitCode === null && app.signalCode === null) await once(app, 'exit');
  return existsSync(file);
}
