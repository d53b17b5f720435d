import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/core/clock.ts';
import { runProgram } from '../../src/views/cli/program.ts';

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

class Capture extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Makes a folder of one's own. */
export function createFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'flowstone-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs a command line inside this process, on a database of the folder unless another is named: never on the one in the reader's home. */
export async function run(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const stdout = new Capture();
  const stderr = new Capture();
  const code = await runProgram(argv, { stdout, stderr, env: { FLOWSTONE_DB: join(cwd, 'flowstone.db'), ...env }, cwd, clock: systemClock, json: argv.includes('--json') });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

export interface Spawned {
  readonly pid: number;
  readonly ended: Promise<Ended & { readonly signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when standard output or error holds the text. */
  saw(text: string): Promise<void>;
}

const children = new Set<ChildProcess>();

/** Ends what a failed test left behind. */
export function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** Runs a command line as a process of its own. */
export function start(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Spawned {
  const child = spawn(process.execPath, [bin, ...argv], { cwd, env: { ...process.env, FLOWSTONE_DB: join(cwd, 'flowstone.db'), NO_COLOR: '1', npm_lifecycle_event: '', npm_package_name: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.once('close', () => children.delete(child));
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const callback of waiting) callback();
  };
  child.stdout.on('data', chunk => (stdout += chunk, look()));
  child.stderr.on('data', chunk => (stderr += chunk, look()));
  const ended = new Promise<Ended & { signal: NodeJS.Signals | null }>(resolve => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
      look();
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: signal => void child.kill(signal),
    saw: text => new Promise((resolve, reject) => {
      const check = (): void => {
        const found = stdout.includes(text) || stderr.includes(text);
        if (!found && child.exitCode === null && child.signalCode === null) return;
        waiting.delete(check);
        if (found) resolve();
        else reject(new Error(`Ended without saying ${JSON.stringify(text)}: ${stdout}${stderr}`));
      };
      waiting.add(check);
      check();
    }),
  };
}
