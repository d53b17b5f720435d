import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Durability, SqliteDriver } from 'flowstone/sqlite';
import { createSeededRandom } from '../../src/core/ids.ts';
import type { CheckpointRule } from '../../persistence/store.ts';
import { Inquest } from './inquest.ts';
import type { Poller } from './start-poller.ts';
import { startPoller } from './start-poller.ts';

export interface KillLoopOptions {
  readonly seed: number;
  readonly durability: Durability;
  /** Default `better-sqlite3`. */
  readonly driver?: SqliteDriver;
  readonly flows: number;
  /** Kills at most; then it may run to its end. */
  readonly maxKills: number;
  /** No kills after so long, ms. Default: no limit. */
  readonly forMs?: number;
  /** Also kills at random times, not only after so many events; for runs whose length does not matter. */
  readonly byTime?: boolean;
  /** When checkpoints are written. Default `due`. */
  readonly checkpoints?: CheckpointRule;
  /** Processes that read the database all the time. Default 0. */
  readonly readers?: number;
}

export interface KillLoopResult {
  readonly kills: number;
  readonly starts: number;
  readonly interruptions: number;
  /** Checkpoints that a replay from the oldest one on came to. */
  readonly checkpoints: number;
  /** Empty: everything held. */
  readonly complaints: string[];
}

/** Starts and ends of handlers that the oracle sees of one flow, at least. */
const eventsPerFlow = 20;

/** A run that takes longer, hangs. */
const stuckMs = 40_000;

const victim = new URL('victim.ts', import.meta.url).pathname;

/** Kills a process that runs flows, again and again, looks at what is stored in between, and at the end compares with the oracle. */
export async function runKillLoop({ seed, durability, driver = 'better-sqlite3', flows, maxKills, forMs = Number.POSITIVE_INFINITY, byTime = false, readers = 0, checkpoints = 'due' }: KillLoopOptions): Promise<KillLoopResult> {
  const random = createSeededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-kill-'));
  const cache = join(tmpdir(), 'flowstone-torture-cache');
  const files = { database: join(folder, 'flows.db'), oracle: join(folder, 'oracle.jsonl') };
  const inquest = new Inquest(files.database, files.oracle, flows);
  const pollers: Poller[] = [];
  try {
    let kills = 0;
    const begin = performance.now();
    for (;;) {
      const mayKill = kills < maxKills && performance.now() - begin < forMs;
      const afterMs = byTime && random.next() < 0.3 ? 200 + random.next() * 600 : undefined;
      // Spread so that the kills, all in all, get about as far as a whole run goes: early ones and late ones.
      const afterEvents = Math.ceil((random.next() * 1.5 * flows * eventsPerFlow) / Math.min(maxKills, 10));
      const ended = await runVictim([files.database, files.oracle, durability, driver, String(flows), checkpoints], cache, mayKill ? { afterMs, afterEvents } : undefined);
      if (ended === 'done') break;
      kills++;
      if (ended !== 'killed') {
        inquest.complain(`the process did not end as it should: ${ended}`);
        break;
      }
      if (inquest.look() && pollers.length < readers) pollers.push(...Array.from({ length: readers }, () => startPoller(files.database)));
    }
    for (const { errors } of await Promise.all(pollers.map(poller => poller.finish()))) for (const error of errors) inquest.complain(`a reader met: ${error}`);
    return { kills, ...(await inquest.conclude()) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Death {
  readonly afterMs: number | undefined;
  readonly afterEvents: number;
}

/** Runs the victim until it is done or the moment has come to kill it. */
function runVictim(args: readonly string[], cache: string, death: Death | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=flowstone-source', victim, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
    });
    let events = 0;
    let complaint = '';
    const kill = (): void => void child.kill('SIGKILL');
    const timer = death?.afterMs === undefined ? undefined : setTimeout(kill, death.afterMs);
    let isStuck = false;
    const watchdog = setTimeout(() => {
      isStuck = true;
      kill();
    }, stuckMs);
    child.stdout.on('data', (bytes: Buffer) => {
      events += bytes.length;
      if (death && death.afterMs === undefined && events >= death.afterEvents) kill();
    });
    child.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      clearTimeout(watchdog);
      if (isStuck) resolve(`it was not done after ${stuckMs} ms`);
      else resolve(code === 0 ? 'done' : signal === 'SIGKILL' ? 'killed' : `code ${code}, signal ${signal}: ${complaint}`);
    });
  });
}
