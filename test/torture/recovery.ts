import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Durability } from 'flowstone/sqlite';

const sleeper = new URL('sleeper.ts', import.meta.url).pathname;

/** Runs a process until it says a word, then kills it; answers when each word came, ms from its start. */
function runUntil(word: string, args: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const said = new Map<string, number>();
    const child = spawn(process.execPath, ['--conditions=flowstone-source', sleeper, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'flowstone-torture-cache') },
    });
    let complaint = '';
    child.stdout.on('data', (bytes: Buffer) => {
      for (const next of bytes.toString().trim().split(' ')) said.set(next, performance.now() - begin);
      if (said.has(word)) child.kill('SIGKILL');
    });
    child.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL' && said.has(word)) resolve(said);
      else reject(new Error(`The process ended (code ${code}, signal ${signal}) before it said "${word}": ${complaint}`));
    });
  });
}

export interface RecoveryTimes {
  /** From opening the database to the first handler, ms, sorted. */
  readonly opened: readonly number[];
  /** The same from the start of the process, loading the program included. */
  readonly spawned: readonly number[];
}

/** Kills a process with so many unfinished flows, and measures how soon its successor runs the first step; again and again. */
export async function measureRecovery(flows: number, rounds: number, durability: Durability): Promise<RecoveryTimes> {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-recovery-'));
  const file = join(folder, 'flows.db');
  try {
    await runUntil('all', [file, durability, 'start', String(flows)]);
    const opened: number[] = [];
    const spawned: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const said = await runUntil('first', [file, durability, 'resume', String(flows)]);
      const first = said.get('first') as number;
      opened.push(first - (said.get('loaded') as number));
      spawned.push(first);
    }
    return { opened: opened.toSorted((a, b) => a - b), spawned: spawned.toSorted((a, b) => a - b) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The value below which that share of the sorted ones lies. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
