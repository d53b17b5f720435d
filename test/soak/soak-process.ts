import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Usage {
  readonly cpuMs: number;
  readonly rss: number;
  readonly mostUnsent: number;
}

/** The server of a soak: begun, killed, and begun again at the same port. */
export class SoakProcess {
  readonly file: string;
  readonly stepMs: number;
  url = '';
  kills = 0;
  /** CPU of what was served, without that of the starts, over all lives; ms. */
  cpuMs = 0;
  mostRss = 0;
  mostUnsent = 0;
  #child: ChildProcess | undefined;
  #lines: ((line: string) => void)[] = [];
  #before: Usage | undefined;

  constructor(file: string, stepMs: number) {
    this.file = file;
    this.stepMs = stepMs;
  }

  async begin(): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const child = spawn(process.execPath, ['--conditions=flowstone-source', join(import.meta.dirname, 'soak-server.ts'), this.file, port, String(this.stepMs)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => this.#lines.shift()?.(line));
    this.url = await this.#next();
    await this.skip();
  }

  /** What it has used since the last look does not count. */
  async skip(): Promise<void> {
    this.#before = await this.#look();
  }

  /** CPU so far, ms. */
  async measure(): Promise<number> {
    const now = await this.#look();
    this.cpuMs += now.cpuMs - (this.#before?.cpuMs ?? 0);
    this.#before = now;
    this.mostRss = Math.max(this.mostRss, now.rss);
    this.mostUnsent = Math.max(this.mostUnsent, now.mostUnsent);
    return this.cpuMs;
  }

  async kill(): Promise<void> {
    await this.measure();
    const child = this.#child as ChildProcess;
    child.kill('SIGKILL');
    await once(child, 'exit');
    this.kills++;
  }

  async end(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
  }

  #next(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#lines.push(resolve);
      this.#child?.once('exit', code => reject(new Error(`The server ended by itself: ${code}`)));
    });
  }

  async #look(): Promise<Usage> {
    const answer = this.#next();
    this.#child?.stdin?.write('look\n');
    return JSON.parse(await answer) as Usage;
  }
}
