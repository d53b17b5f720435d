import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measurements } from './trial.ts';

/** What came out of one process. */
export type Outcome =
  | { readonly measured: Measurements }
  | { readonly skipped: string }
  | { readonly failed: string };

export interface RunCellParams {
  /** The contestant's side of the trial. */
  readonly file: string;
  readonly parameters: unknown;
  /** Folder under which the process gets one of its own. */
  readonly scratch: string;
  readonly timeLimitMs: number;
  /** Added to the environment. */
  readonly environment?: { readonly [name: string]: string };
  /** Options of Node itself, as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

const child = fileURLToPath(new URL('child.ts', import.meta.url));

/** Runs one contestant on one case in a process of its own. Never rejects. */
export function runCell({ file, parameters, scratch, timeLimitMs, environment, nodeOptions = [] }: RunCellParams): Promise<Outcome> {
  const directory = mkdtempSync(join(scratch, 'cell-'));
  const measured = spawn(process.execPath, [...nodeOptions, child, file, JSON.stringify(parameters), directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...environment },
  });
  let output = '';
  let complaints = '';
  measured.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  measured.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-4_000)));
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const kill = (): void => void measured.kill('SIGKILL');
  const limit = setTimeout(kill, timeLimitMs);
  process.once('exit', kill);
  measured.on('error', error => resolve({ failed: error.message }));
  measured.on('close', (code, signal) => {
    clearTimeout(limit);
    process.off('exit', kill);
    rmSync(directory, { recursive: true, force: true });
    resolve(parseAnswer(output) ?? { failed: `ended with ${signal ?? code} and no answer\n${complaints}` });
  });
  return promise;
}

/** The last line of the output that is an answer; contestants may print what they like before it. */
function parseAnswer(output: string): Outcome | undefined {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  if (!/^\{"(measured|skipped|failed)":/.test(line)) return undefined;
  return JSON.parse(line) as Outcome;
}
