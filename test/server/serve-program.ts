import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

export interface ServedProgram {
  readonly url: string;
  readonly token: string;
  readonly role: string;
  readonly pid: number;
  readonly process: ChildProcess;
  /** What it wrote to its error output so far. */
  errors(): string;
  /** Resolves with the exit code, or the signal. */
  readonly ended: Promise<number | string>;
  ask(path: string, init?: RequestInit): Promise<Response>;
}

/** Starts `flowstone serve`, and waits for its first line. */
export async function serve(folder: string, database: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<ServedProgram> {
  const child = spawn(process.execPath, ['--conditions=flowstone-source', join(root, 'src/bin.ts'), 'serve', folder, '--json', '--port', '0', '--db', database, ...args], {
    cwd: root, env: { ...process.env, FLOWSTONE_TOKEN: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<number | string>(done => child.once('exit', (code, signal) => done(code ?? signal ?? '')));
  const line = await new Promise<string>((done, fail) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (text.includes('\n')) done(text.slice(0, text.indexOf('\n')));
    });
    void ended.then(code => fail(new Error(`serve ended with ${code} before it listened: ${text}${errors}`)));
  });
  const { error, url, tokenFile, pid, role } = JSON.parse(line) as { error?: { code: string; message: string }; url: string; tokenFile: string | null; pid: number; role: string };
  if (error) throw new Error(`${error.code}: ${error.message}`);
  const token = tokenFile === null ? (env['FLOWSTONE_TOKEN'] ?? '') : readFileSync(tokenFile, 'utf8').trim();
  return {
    url, token, pid, role, process: child, errors: () => errors, ended,
    ask: (path, init = {}) => fetch(`${url}/api/v1${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) } }),
  };
}

export const toJson = (body: unknown): RequestInit => ({ method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
