import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a process that only reads has met. */
export interface PollerReport {
  readonly polls: number;
  /** Rows it read. */
  readonly seen: number;
  readonly errors: readonly string[];
}

export interface Poller {
  /** It has read once. */
  readonly ready: Promise<void>;
  /** Ends it and gives its report. */
  readonly finish: () => Promise<PollerReport>;
}

const poller = new URL('poller.ts', import.meta.url).pathname;

/** Starts a process that reads a database over and over. */
export function startPoller(file: string): Poller {
  const child = spawn(process.execPath, ['--conditions=flowstone-source', poller, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'flowstone-torture-cache') },
  });
  let text = '';
  const closed = new Promise<void>(resolve => child.on('close', () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes('ready')) resolve();
    });
    child.on('close', code => reject(new Error(`The reader ended with code ${code} before it had read once`)));
  });
  return {
    ready,
    async finish() {
      child.stdin.end();
      await closed;
      return JSON.parse(text.slice(text.indexOf('{'))) as PollerReport;
    },
  };
}
