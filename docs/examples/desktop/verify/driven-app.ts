import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export type WindowName = 'orders' | 'inspector' | 'stranger';

interface Told {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly state?: string;
  readonly failed?: string;
}

/** Longest wait for anything, ms: it is told as a failure then. */
const patienceMs = Number(process.env['VERIFY_PATIENCE_MS'] ?? 60_000);

/** Until something is true. @throws when it does not become so in time */
export async function until(isTrue: () => unknown, what: string, limitMs = patienceMs): Promise<void> {
  for (const end = performance.now() + Math.min(limitMs, patienceMs); performance.now() < end; await wait(25)) if (await isTrue()) return;
  throw new Error(`It did not come true: ${what}`);
}

/** Whether there is a process, and not just what is left of one that nobody has asked about. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    return (error as { readonly code?: string }).code === 'EPERM';
  }
}

/** The app in Electron, steered over the channel of its main process. */
export class DrivenApp {
  readonly #main: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #exited: Promise<number | null>;
  #hasExited = false;
  /** States of the runtime's process, in turn, with when they were told, ms. */
  readonly states: { readonly state: string; readonly at: number }[] = [];
  readonly failures: string[] = [];
  /** Every process that was seen to be the app's. */
  readonly family = new Set<number>();
  #last = 0;

  /** @param electron path of Electron's program @param out where the app was built into @param folder what it keeps its files in */
  constructor(electron: string, out: string, folder: string) {
    this.#main = spawn(electron, [join(out, 'verify-main.js')], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, VERIFY_FOLDER: folder } });
    this.family.add(this.#main.pid ?? 0);
    this.#main.on('message', (told: Told) => this.#take(told));
    this.#exited = once(this.#main, 'exit').then(([code]) => code as number | null);
    void this.#exited.then(() => {
      this.#hasExited = true;
      for (const { reject } of this.#waiting.values()) reject(new Error('The app has ended'));
      this.#waiting.clear();
    });
  }

  ask(name: string, rest: object = {}): Promise<unknown> {
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#main.send({ id, name, ...rest }, error => {
      if (error) answer.reject(error);
    });
    return answer.promise;
  }

  /** Runs the body of an async function in a page. */
  run = (body: string, window: WindowName = 'orders'): Promise<unknown> => this.ask('run', { window, script: `(async () => { ${body} })()` });

  /** Until the body of an async function gives something true in a page. */
  async see(body: string, window: WindowName = 'orders'): Promise<void> {
    // A page that is being loaded has nothing yet, and may be gone under the script.
    await until(() => this.run(body, window).catch(() => false), `${window}: ${body}`).catch(async (error: unknown) => {
      throw new Error(`${(error as Error).message}. The page shows: ${String(await this.run('return document.body.textContent', window))}`);
    });
  }

  /** The processes that Electron counts as the app's. */
  async processes(): Promise<readonly { readonly pid: number; readonly type: string; readonly name?: string }[]> {
    const found = await this.ask('processes') as readonly { readonly pid: number; readonly type: string; readonly name?: string }[];
    for (const { pid } of found) this.family.add(pid);
    return found;
  }

  /** Process id of the runtime's process. */
  async runtimePid(): Promise<number> {
    let pid: number | undefined;
    await until(async () => (pid = await this.findRuntime()), 'the utility process is there');
    return pid as number;
  }

  findRuntime = async (): Promise<number | undefined> => (await this.processes()).find(({ type, name }) => type === 'Utility' && name === 'flowstone')?.pid;

  /** How often the runtime's process was begun. */
  get starts(): number {
    return this.states.filter(({ state }) => state === 'starting').length;
  }

  /** How long was waited before it was begun again, each time, ms. */
  get waits(): number[] {
    return this.states.flatMap(({ state, at }, index) => {
      const next = this.states[index + 1];
      return state === 'waiting' && next ? [next.at - at] : [];
    });
  }

  /** Its exit code, once it has ended by itself. */
  async exitCode(): Promise<number | null> {
    await until(() => this.#hasExited, 'the app ends');
    return this.#exited;
  }

  /** Ends it, however it stands. */
  async end(): Promise<void> {
    await this.processes().catch(() => []);
    this.#main.kill('SIGKILL');
    await this.#exited;
    await until(() => ![...this.family].some(isAlive), 'no process is left behind');
  }

  #take({ id, value, error, state, failed }: Told): void {
    if (state !== undefined) this.states.push({ state, at: performance.now() });
    if (failed !== undefined) this.failures.push(failed);
    if (id === undefined) return;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}
