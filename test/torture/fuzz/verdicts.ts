import { type ChildProcess, fork, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSeededRandom, type Random } from '../../../src/core/ids.ts';
import { upTo } from './measure.ts';

export interface VerdictsResult {
  readonly expressions: number;
  readonly evaluations: number;
  readonly stops: number;
  readonly longestApartMs: number;
  readonly complaints: readonly string[];
}

type Said = { readonly begins: string } | { readonly source: string; readonly verdict: string; readonly cpuMs?: number };

interface Round {
  readonly verdicts: ReadonlyMap<string, ReadonlySet<string>>;
  readonly longestMs: number;
  readonly evaluations: number;
  readonly stops: number;
}

const limitMs = 500;
const stopMs = 3_000;

function listGroup(child: ChildProcess): number[] {
  const pid = child.pid as number;
  const below = readdirSync(`/proc/${pid}/task`).flatMap(task => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
  return [pid, ...below];
}

/** Stops the program, what evaluates for it, or both, for 3 s. */
async function stop(child: ChildProcess, random: Random): Promise<void> {
  const all = listGroup(child);
  const [whole, evaluators] = [all, all.slice(1)];
  const stopped = [whole, evaluators, all.slice(0, 1)][upTo(random, 3)] ?? whole;
  const signal = (name: NodeJS.Signals): void => {
    for (const pid of stopped) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  signal('SIGSTOP');
  await sleep(stopMs);
  signal('SIGCONT');
}

/** @param stops how often the program is stopped, at random moments */
async function run(rounds: number, stops: number, random: Random): Promise<Round> {
  const child = fork(new URL('verdict-program.ts', import.meta.url), [String(limitMs), String(rounds)], { execArgv: ['--conditions=flowstone-source', '--no-warnings'] });
  const verdicts = new Map<string, Set<string>>();
  let [longestMs, evaluations, stopped] = [0, 0, 0];
  let stopping: Promise<void> | undefined;
  child.on('message', (said: Said) => {
    if ('begins' in said) {
      // About as many as there is time for, at any moment of an evaluation or between two.
      if (!stopping && stopped < stops && random.next() < 0.8) {
        stopped++;
        stopping = sleep(upTo(random, 600)).then(() => stop(child, random)).catch(() => {}).finally(() => (stopping = undefined));
      }
      return;
    }
    const { source, verdict, cpuMs = 0 } = said;
    evaluations++;
    longestMs = Math.max(longestMs, cpuMs);
    verdicts.set(source, (verdicts.get(source) ?? new Set()).add(verdict));
  });
  const code = await new Promise(resolve => child.once('exit', (status, signal) => resolve(signal ?? status)));
  if (code !== 0) verdicts.set('the program', new Set([`ended with ${String(code)}`]));
  return { verdicts, longestMs, evaluations, stops: stopped };
}

/** Evaluates the same expressions alone, beside 16 processes that are always busy, and stopped at random moments: the verdict is the same each time, and limits of CPU are kept within twice what they are. */
export async function compareVerdicts(seed: number, rounds: number, stops: number): Promise<VerdictsResult> {
  const random = createSeededRandom(seed);
  const complaints: string[] = [];
  const alone = await run(1, 0, random);
  const busy = Array.from({ length: 16 }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  const beside = await run(rounds, 0, random).finally(() => busy.forEach(one => one.kill('SIGKILL')));
  const stopped = await run(rounds, stops, random);
  for (const [how, round] of Object.entries({ alone, beside, stopped })) {
    for (const [source, verdicts] of round.verdicts) {
      const expected = [...(alone.verdicts.get(source) ?? [])].join();
      if (verdicts.size !== 1 || [...verdicts].join() !== expected) complaints.push(`${how}: ${source}: ${[...verdicts].join(' and ')}, alone ${expected}`);
    }
    if (round.verdicts.size !== alone.verdicts.size) complaints.push(`${how}: ${round.verdicts.size} of ${alone.verdicts.size} expressions were evaluated`);
    // What is handed over is read outside of the limit; a process tells its CPU in hundredths of a second.
    if (round.longestMs > 2 * limitMs + 100) complaints.push(`${how}: ${round.longestMs} ms of CPU at a limit of ${limitMs} ms`);
  }
  if (stops > 0 && stopped.stops === 0) complaints.push('the program was never stopped');
  return {
    expressions: alone.verdicts.size, evaluations: alone.evaluations + beside.evaluations + stopped.evaluations, stops: stopped.stops,
    longestApartMs: Math.max(alone.longestMs, beside.longestMs, stopped.longestMs), complaints,
  };
}
