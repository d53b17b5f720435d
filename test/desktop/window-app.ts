import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A display of its own; 96 dots an inch, so that pictures look the same everywhere. */
export async function openDisplay(): Promise<{ readonly name: string; close(): Promise<void> }> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1100x820x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const [number] = await once(server.stdio[3] as Readable, 'data') as [Buffer];
  return {
    name: `:${String(number).trim()}`,
    async close() {
      server.kill();
      await once(server, 'exit');
    },
  };
}

interface Answer {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly state?: string;
  readonly pid?: number;
  readonly failed?: string;
  readonly window?: number;
  readonly said?: string;
}

/** Longest wait for the shell, and for what a page does, ms. */
const answerMs = 90_000;

export interface WindowOptions {
  readonly title: string;
  readonly page: string;
  readonly scopes?: readonly string[];
  readonly hasModules?: boolean;
}

/** An app in windows of WebKitGTK. */
export class WindowApp {
  readonly folder = mkdtempSync(join(tmpdir(), 'flowstone-window-'));
  readonly database = join(this.folder, 'app.db');
  readonly shell: ChildProcess;
  readonly failures: string[] = [];
  /** Of the runtime's process. */
  state = 'starting';
  pid: number | undefined;
  /** Takes what pages say by the message handler `steering`. */
  heard = (_window: number, _said: string): void => {};
  #last = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #listeners: (() => void)[] = [];

  /** @param runtime the program that calls `serveUtility`, and what it is given */
  constructor(app: string, display: string, runtime: readonly string[] = [join(app, 'out/utility.js')]) {
    const env = { ...process.env, DISPLAY: display, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1', LANG: 'C.UTF-8', GTK_THEME: 'Adwaita', WEBKIT_DISABLE_COMPOSITING_MODE: '1' };
    const [file = '', ...rest] = runtime;
    this.shell = spawn('gjs', ['-m', join(app, 'out/steered-shell.mjs'), process.execPath, '--disable-warning=ExperimentalWarning', file, '--db', this.database, ...rest], { env, stdio: ['pipe', 'pipe', process.env['DESKTOP_LOG'] ? 'inherit' : 'ignore'] });
    createInterface({ input: this.shell.stdout as Readable }).on('line', line => this.#take(line));
  }

  /** Asks the shell for something. What is not answered fails, and says what it was: a run that stands still tells nobody where. */
  async ask(name: string, rest: object = {}): Promise<unknown> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const timer = setTimeout(() => {
      this.#waiting.delete(id);
      const exit = this.shell.exitCode ?? this.shell.signalCode;
      answer.reject(new Error(`The shell (${exit === null ? 'running' : `ended: ${exit}`}, runtime ${this.state}) has not answered within ${answerMs} ms: ${name} ${JSON.stringify(rest)}`));
    }, answerMs);
    this.shell.stdin?.write(`${JSON.stringify({ id, name, ...rest })}\n`);
    return answer.promise.finally(() => clearTimeout(timer));
  }

  /** Opens a window; resolves with its number when its page is there. */
  open = async (options: WindowOptions): Promise<number> => Number(await this.ask('open', options));

  /** Runs the body of an async function in a page. */
  run = (window: number, body: string): Promise<unknown> => this.ask('run', { window, body });

  /** Runs it until it gives something true. */
  async until(window: number, body: string): Promise<unknown> {
    for (const end = performance.now() + 60_000; performance.now() < end; ) {
      const value = await this.run(window, body);
      if (value) return value;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    throw new Error(`It did not come true: ${body}. The page shows: ${String(await this.run(window, 'return document.body.innerText'))}`);
  }

  /** Until the runtime's process stands there. */
  async reach(state: string): Promise<void> {
    for (const end = performance.now() + 60_000; performance.now() < end && this.state !== state; ) {
      await Promise.race([new Promise<void>(resolve => this.#listeners.push(resolve)), new Promise(resolve => setTimeout(resolve, 1_000))]);
    }
    if (this.state !== state) throw new Error(`Expected the runtime to be ${state}, it is ${this.state}`);
  }

  async close(): Promise<void> {
    if (this.shell.exitCode === null && this.shell.signalCode === null) {
      const exited = once(this.shell, 'exit');
      this.shell.stdin?.write(`${JSON.stringify({ name: 'quit' })}\n`);
      const timer = setTimeout(() => this.shell.kill('SIGKILL'), answerMs);
      await exited;
      clearTimeout(timer);
      if (this.shell.signalCode !== null) throw new Error(`The shell has not ended within ${answerMs} ms, with its runtime ${this.state}`);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #take(line: string): void {
    const { id, value, error, state, pid, failed, window, said } = JSON.parse(line) as Answer;
    if (window !== undefined && said !== undefined) this.heard(window, said);
    if (failed !== undefined) this.failures.push(failed);
    if (state !== undefined) {
      this.state = state;
      this.pid = pid ?? this.pid;
      for (const listener of this.#listeners.splice(0)) listener();
    }
    if (id === undefined) return;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}

/** Processes below one, itself included. */
export function listFamily(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      parents.set(Number(name), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  }
  const family = [pid];
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child);
  return family;
}
