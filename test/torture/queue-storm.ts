import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Durability } from '../../persistence/sqlite/open.ts';
import { openSqliteReader } from '../../src/open-records.ts';
import { createSeededRandom } from '../../src/core/ids.ts';

export interface StormOptions {
  readonly seed: number;
  readonly messages: number;
  readonly durability: Durability;
  readonly processes?: number;
  /** Messages that settle between two kills. */
  readonly killEvery: number;
  readonly maxKills: number;
  /** Nothing has settled for so long: it is stuck, ms. However slow the machine is, something does. */
  readonly limitMs: number;
}

export interface StormResult {
  readonly kills: number;
  /** Of these: of the process that owned the database. */
  readonly ownersKilled: number;
  readonly handled: number;
  readonly completed: number;
  readonly dead: number;
  readonly ms: number;
  /** Empty: everything held. */
  readonly complaints: readonly string[];
}

/** Claims of one process at the same time: 2 workers with 5 each. */
const inFlightEach = 10;
const worker = new URL('storm-worker.ts', import.meta.url).pathname;

/** Lets processes share a queue while they are killed at random, the owner too, and compares with a witness outside the database. */
export async function runStorm({ seed, messages, durability, processes = 4, killEvery, maxKills, limitMs }: StormOptions): Promise<StormResult> {
  const random = createSeededRandom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-storm-'));
  const file = join(folder, 'storm.db');
  const oracle = join(folder, 'oracle.log');
  writeFileSync(oracle, '');
  const complaints: string[] = [];
  const children: (ChildProcess | undefined)[] = Array.from({ length: processes });
  let stopping = false;
  const start = (index: number): void => {
    // The first one publishes; after a kill it goes on behind what it was answered.
    const range = index === 0 ? [String(countPublished(oracle)), String(messages)] : ['0', '0'];
    const child = spawn(process.execPath, ['--conditions=flowstone-source', worker, file, oracle, `w${index}`, durability, ...range], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'flowstone-torture-cache') },
    });
    children[index] = child;
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    child.stdout.resume();
    child.on('exit', (_code, signal) => {
      if (stopping) return;
      if (signal !== 'SIGKILL') complaints.push(`w${index} ended by itself: ${errors.slice(0, 500)}`);
      else start(index);
    });
  };
  const begin = performance.now();
  let kills = 0;
  let ownersKilled = 0;
  try {
    for (let index = 0; index < processes; index++) start(index);
    let nextKill = killEvery / 2;
    let last = { settled: -1, at: begin };
    for (;;) {
      await new Promise(resolve => setTimeout(resolve, 50));
      const state = look(file, messages);
      if (state?.open === 0 && state.settled >= messages) break;
      const now = performance.now();
      if (state && state.settled !== last.settled) last = { settled: state.settled, at: now };
      if (now - last.at > limitMs) {
        complaints.push(`stuck: ${JSON.stringify(state)} for ${limitMs} ms`);
        break;
      }
      if (!state || state.settled < nextKill || kills >= maxKills) continue;
      nextKill = state.settled + killEvery * (0.5 + random.next());
      const victim = children[Math.floor(random.next() * processes)];
      if (victim?.pid !== undefined && victim.pid === state.owner) ownersKilled++;
      if (victim?.kill('SIGKILL')) kills++;
    }
  } finally {
    stopping = true;
    await Promise.all(children.map(child => child && new Promise(resolve => (child.exitCode !== null || child.signalCode !== null ? resolve(undefined) : (child.once('exit', resolve), child.kill('SIGKILL'))))));
  }
  const ms = performance.now() - begin;
  const result = judge(file, oracle, messages, kills * inFlightEach * 2, complaints);
  rmSync(folder, { recursive: true, force: true });
  return { kills, ownersKilled, ms, ...result, complaints };
}

/** How many were answered, from the first one on. */
function countPublished(oracle: string): number {
  let next = 0;
  for (const [, number] of readFileSync(oracle, 'utf8').matchAll(/^published (\d+) /gm)) next = Math.max(next, Number(number) + 1);
  return next;
}

function look(file: string, _messages: number): { open: number; settled: number; owner: number | undefined } | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const reader = openSqliteReader({ file });
    try {
      const counts = reader.countMessages();
      const sum = (isCounted: (status: string) => boolean): number => counts.filter(({ status }) => isCounted(status)).reduce((total, { count }) => total + count, 0);
      const isSettled = (status: string): boolean => status === 'completed' || status === 'dead';
      return { open: sum(status => !isSettled(status)), settled: sum(isSettled), owner: reader.getOwner()?.pid };
    } finally {
      reader.close();
    }
  } catch {
    // It is being made.
    return undefined;
  }
}

function judge(file: string, oracle: string, messages: number, allowedRepeats: number, complaints: string[]): Pick<StormResult, 'handled' | 'completed' | 'dead'> {
  const runs = new Map<number, number>();
  let handled = 0;
  const published = new Set<number>();
  for (const line of readFileSync(oracle, 'utf8').split('\n')) {
    const [what, subject] = line.split(' ');
    const number = Number(subject);
    if (what === 'handle') {
      handled++;
      runs.set(number, (runs.get(number) ?? 0) + 1);
    } else if (what === 'published') published.add(number);
  }
  const reader = openSqliteReader({ file });
  const statuses = new Map<number, string[]>();
  for (const status of ['completed', 'dead', 'pending', 'processing', 'retrying'] as const) {
    for (let after: number | undefined; ; ) {
      const page = reader.listMessages({ queue: 'storm', status, limit: 5_000, ...(after !== undefined && { after }) });
      for (const row of page) {
        const number = JSON.parse(row.payload) as number;
        statuses.set(number, [...(statuses.get(number) ?? []), status]);
        const ends = (JSON.parse(row.history) as [number, string, string | null][]).filter(([, , state]) => state === 'completed' || state === 'dead');
        if (ends.length !== 1) complaints.push(`${number} ended ${ends.length} times`);
      }
      if (page.length < 5_000) break;
      after = page.at(-1)?.key;
    }
  }
  reader.close();
  for (let number = 0; number < messages; number++) {
    const found = statuses.get(number) ?? [];
    const expected = number % 97 === 0 ? 'dead' : 'completed';
    if (found.length !== 1 || found[0] !== expected) complaints.push(`${number} has the rows [${found.join(', ')}], one that is ${expected} was expected`);
    if (!runs.has(number)) complaints.push(`${number} is ${found.join(', ')}, and its handler never ran`);
  }
  const lost = [...published].filter(number => !statuses.has(number));
  if (lost.length > 0) complaints.push(`${lost.length} that were answered are not there`);
  // Two attempts of what always fails and of what fails once.
  let expectedRuns = 0;
  for (let number = 0; number < messages; number++) expectedRuns += number % 97 === 0 || number % 31 === 0 ? 2 : 1;
  if (handled > expectedRuns + allowedRepeats) complaints.push(`handlers ran ${handled} times, at most ${expectedRuns} + ${allowedRepeats} were expected`);
  const count = (status: string): number => [...statuses.values()].filter(list => list.includes(status)).length;
  return { handled, completed: count('completed'), dead: count('dead') };
}
