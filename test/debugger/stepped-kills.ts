import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { openSqliteReader } from '../../src/open-records.ts';
import { replayJournal } from '../../src/testing/replay.ts';
import { bundleProgram } from '../bundle-program.ts';

export interface Kills {
  readonly killed: number;
  /** Executions that had not ended when their process was killed. */
  readonly cutOff: number;
  /** How often at each kind of point. */
  readonly points: { readonly [kind: string]: number };
  /** Calls of handlers, all told. */
  readonly calls: number;
  readonly faults: readonly string[];
}

/** Processes that share a database. */
const perDatabase = 20;
/** A process that takes longer, hangs. */
const stuckMs = 120_000;
type Line = readonly [what: string, ...rest: string[]];

/** What an execution had come to when its process was killed. */
interface CutOff {
  readonly name: string;
  readonly executionId: string;
  /** Rows of its journal, and of its child's. */
  readonly journal: readonly string[];
  /** Keys of handler calls whose success was stored. */
  readonly completed: ReadonlySet<string>;
}

/**
 * Kills a process that steps three executions, so many times in all, at each point of it in turn. Each next process has to
 * bring them to the end that nobody disturbed.
 *
 * A ledger beside the database says which handlers were called and who was answered. After each kill the journal is copied, and
 * has to be the beginning of the one at the end.
 *
 * @param from where to begin in the order of points
 * @param plugins of the bundle that is killed
 */
export async function killStepped(times: number, from = 0, plugins: readonly Plugin[] = []): Promise<Kills> {
  const root = mkdtempSync(join(tmpdir(), 'flowstone-stepped-'));
  const program = join(root, 'victim.mjs');
  const faults: string[] = [];
  const reached: Record<string, number> = {};
  let [killed, cutOff, calls] = [0, 0, 0];
  try {
    await bundleProgram(fileURLToPath(new URL('stepped-victim.ts', import.meta.url)), program, plugins);
    const whole = new Life(root, 'whole', program);
    const { output, problem: failure } = await whole.run('0', 'none', 0);
    if (failure !== undefined) return { killed, cutOff, points: reached, calls, faults: [failure, ...whole.listFaults()] };
    const points = toPoints(JSON.parse(output) as { readonly [kind: string]: number });
    const clean = new Set(whole.listOutcomes().map(([, text]) => text));
    if (clean.size !== 1 || !clean.values().next().value?.includes('"scored"')) faults.push(`undisturbed, it comes to ${[...clean].join(' and ')}`);
    faults.push(...whole.listFaults());
    let life = new Life(root, 'kill-0', program);
    let left: CutOff[] = [];
    for (let round = 0; killed < times && round < times * 2 + 10; round++) {
      if (round > 0 && round % perDatabase === 0) {
        faults.push(...(await life.conclude(left, clean)));
        calls += life.countCalls();
        left = [];
        life = new Life(root, `kill-${round}`, program);
      }
      const [kind, count] = points[(from + round) % points.length] as [string, number];
      const { signal, problem } = await life.run(String(round), kind, count);
      if (problem !== undefined) faults.push(`${kind} ${count}: ${problem}`);
      faults.push(...(await life.check(left, clean)).map(fault => `after the kill before ${kind} ${count}: ${fault}`));
      left = life.look();
      if (signal !== 'SIGKILL') continue;
      killed++;
      cutOff += left.length;
      reached[kind] = (reached[kind] ?? 0) + 1;
    }
    faults.push(...(await life.conclude(left, clean)));
    calls += life.countCalls();
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return { killed, cutOff, points: reached, calls, faults };
}

/** Each kind in turn, from its first point to its last: a few kills are of many kinds. */
function toPoints(points: { readonly [kind: string]: number }): [kind: string, count: number][] {
  const most = Math.max(...Object.values(points));
  return Array.from({ length: most }, (_, index) => Object.entries(points).flatMap(([kind, count]): [string, number][] => (index < count ? [[kind, index + 1]] : []))).flat();
}

/** A database with its ledger, and the processes that use them one after the other. */
class Life {
  readonly #database: string;
  readonly #ledger: string;
  readonly #program: string;
  /** Lines of the ledger that were there before the last process began. */
  #seen = 0;

  constructor(folder: string, name: string, program: string) {
    this.#database = join(folder, `${name}.db`);
    this.#ledger = join(folder, `${name}.jsonl`);
    this.#program = program;
  }

  run(round: string, kind: string, count: number): Promise<{ readonly output: string; readonly signal: string | null; readonly problem?: string }> {
    this.#seen = this.#read().length;
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [this.#program, this.#database, this.#ledger, round, kind, String(count)], { stdio: ['ignore', 'pipe', 'pipe'] });
      let [output, complaint, isStuck] = ['', '', false];
      const watchdog = setTimeout(() => {
        isStuck = true;
        child.kill('SIGKILL');
      }, stuckMs);
      child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
      child.on('error', reject);
      child.on('close', (code, signal) => {
        clearTimeout(watchdog);
        if (isStuck) resolve({ output, signal: null, problem: `it was not done after ${stuckMs} ms` });
        else resolve({ output, signal, ...(code !== 0 && signal !== 'SIGKILL' && { problem: `code ${code}, signal ${signal}: ${complaint}` }) });
      });
    });
  }

  listFaults(): string[] {
    return this.#read().filter(([what]) => what === 'fault').map(([, fault = '']) => fault);
  }

  listOutcomes(): [name: string, outcome: string][] {
    return this.#read().filter(([what]) => what === 'outcome').map(([, name = '', outcome = '']) => [name, outcome]);
  }

  countCalls(): number {
    return this.#read().filter(([what]) => what === 'call').length;
  }

  /** What the last process left, as the file has it. */
  look(): CutOff[] {
    const lines = this.#read();
    const names = lines.filter(([what]) => what === 'try').map(([, name = '']) => name);
    const ended = new Set(this.listOutcomes().map(([name]) => name));
    const open = names.filter(name => !ended.has(name));
    if (!existsSync(this.#database)) return [];
    const reader = openSqliteReader({ file: this.#database });
    try {
      return open.flatMap(name => {
        const record = reader.findByIdempotencyKey(name);
        const told = lines.find(([what, one]) => what === 'started' && one === name)?.[2];
        if (!record && told === undefined) return [];
        const executionId = record?.executionId ?? told ?? '';
        const completed = new Set<string>();
        for (const id of [executionId, `${executionId}.child`]) {
          const one = reader.getExecution(id);
          for (const { stepId, item, status } of one ? reader.listSteps(one.key) : []) if (status === 'completed') completed.add(`${id}/${stepId}${item < 0 ? '' : `[${item}]`}#1`);
        }
        return [{ name, executionId, completed, journal: readJournal(reader, executionId) }];
      });
    } finally {
      reader.close();
    }
  }

  /** Whether the last process went on with what the one before had left, without losing or repeating anything. */
  async check(left: readonly CutOff[], clean: ReadonlySet<string>): Promise<string[]> {
    const lines = this.#read();
    const own = lines.slice(this.#seen);
    const faults = own.filter(([what]) => what === 'fault').map(([, fault = '']) => fault);
    const over = own.findIndex(([what]) => what === 'over');
    if (over < 0) return [...faults, 'what was left did not come to its end'];
    const called = own.slice(0, over).filter(([what]) => what === 'call').map(([, key = '']) => key);
    const outcomes = new Map(this.listOutcomes());
    const reader = openSqliteReader({ file: this.#database });
    try {
      for (const { name, executionId, completed, journal } of left) {
        const outcome = outcomes.get(name);
        if (outcome === undefined || !clean.has(outcome)) faults.push(`${name} ended as ${outcome}`);
        if (!own.some(([what, one, id]) => what === 'started' && one === name && id === executionId)) faults.push(`${name} is another execution than the one that was answered`);
        for (const key of called) if (completed.has(key)) faults.push(`${key} had completed, and was called again`);
        const after = readJournal(reader, executionId);
        if (journal.some((row, index) => after[index] !== row)) faults.push(`${name}: what was stored is not there any more`);
        for (const id of [executionId, `${executionId}.child`]) faults.push(...(await replayJournal(reader, id)).mismatches.map(mismatch => `${name}: ${JSON.stringify(mismatch)}`));
      }
    } finally {
      reader.close();
    }
    return [...faults, ...findUneven(lines)];
  }

  /** One more process, which is not killed. */
  async conclude(left: readonly CutOff[], clean: ReadonlySet<string>): Promise<string[]> {
    const { problem } = await this.run('', 'stop', 0);
    const faults = await this.check(left, clean);
    for (const end of ['', '-wal', '-shm']) rmSync(`${this.#database}${end}`, { force: true });
    return problem === undefined ? faults : [...faults, problem];
  }

  #read(): Line[] {
    if (!existsSync(this.#ledger)) return [];
    return readFileSync(this.#ledger, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line) as Line);
  }
}

/** Its transitions, and those of its child, one by one: what is written in one row may be of several. */
function readJournal(reader: ReturnType<typeof openSqliteReader>, executionId: string): string[] {
  const record = reader.getExecution(executionId);
  return record ? reader.readJournal(record.key, 0, 100_000).map(({ seq, entries }) => `${seq} ${entries}`) : [];
}

/** A handler is called under one key, and as no more attempts than in an undisturbed run, however often its process is killed. */
function findUneven(lines: readonly Line[]): string[] {
  const steps = new Map<string, Set<string>>();
  for (const [what, key = '', attempt = ''] of lines) if (what === 'call') steps.set(key, (steps.get(key) ?? new Set()).add(String(attempt)));
  return [...steps].flatMap(([key, attempts]) => {
    const most = key.endsWith('/flaky#1') ? 2 : 1;
    return key.endsWith('#1') && attempts.size <= most ? [] : [`${key} was called as attempts ${[...attempts].join(', ')}`];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await killStepped(Number(process.argv[2] ?? 1_000), Number(process.argv[3] ?? 0));
  console.log(JSON.stringify(result, null, 2));
  process.exitCode = result.faults.length > 0 ? 1 : 0;
}
