import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Durability } from 'flowstone/sqlite';
import type { Random } from '../../../src/core/ids.ts';
import { createSeededRandom } from '../../../src/core/ids.ts';
import type { Judgement } from './judge-storm.ts';
import { judgeStorm } from './judge-storm.ts';
import { wait } from './storm-program.ts';
import type { Witnessed } from './storm-witness.ts';
import { WitnessReader } from './storm-witness.ts';

export interface MixedStormOptions {
  readonly seed: number;
  readonly durability: Durability;
  /** `kill`: SIGKILL, and another process takes its place. `stop`: SIGSTOP for up to 3 s, on a machine that is busy with other work. */
  readonly blow: 'kill' | 'stop';
  readonly blows: number;
  /** Time limit of every handler, ms, which takes 25 ms at most when nothing comes between. */
  readonly timeoutMs: number;
}

export interface MixedStormResult extends Judgement {
  readonly blows: number;
  /** Of these: of the process that owned the database. */
  readonly ownersHit: number;
  readonly ms: number;
}

const longestStopMs = 3_000;
/** Without anything new to do it is at rest after seconds; longer, and it is stuck. */
const restMs = 180_000;
const program = join(import.meta.dirname, 'storm-process.ts');

/** Two processes share a database, with flows, lists, children, timers, queues and actors, and are hit at random times. */
export async function runMixedStorm(options: MixedStormOptions): Promise<MixedStormResult> {
  const storm = new Storm(options);
  const busy = options.blow === 'stop' ? startBusyProcesses() : [];
  try {
    return await storm.run();
  } finally {
    for (const child of busy) child.kill('SIGKILL');
    await storm.clean();
  }
}

/** Keeps every core busy, twice. */
const startBusyProcesses = (): ChildProcess[] => Array.from({ length: 2 * availableParallelism() }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));

class Storm {
  readonly #options: MixedStormOptions;
  readonly #random: Random;
  readonly #folder = mkdtempSync(join(tmpdir(), 'flowstone-mixed-'));
  readonly #children = new Map<string, ChildProcess>();
  readonly #complaints: string[] = [];
  readonly #witness: WitnessReader;
  readonly #seen: Witnessed[] = [];
  #isOver = false;
  readonly #ready = new Set<number>();
  #owner = 0;
  #isIdle = false;
  #nextFlow = 0;
  #nextMessage = 0;

  constructor(options: MixedStormOptions) {
    this.#options = options;
    this.#random = createSeededRandom(options.seed);
    writeFileSync(join(this.#folder, 'witness'), '');
    this.#witness = new WitnessReader(join(this.#folder, 'witness'));
  }

  async run(): Promise<MixedStormResult> {
    const begin = performance.now();
    for (const name of ['publishes', 'handles']) this.#start(name);
    let blows = 0;
    let ownersHit = 0;
    const isReady = ({ pid }: ChildProcess): boolean => this.#ready.has(pid ?? 0);
    while (blows < this.#options.blows && this.#complaints.length === 0) {
      // Often both are at work, sometimes one, and now and then they are hit while they begin.
      const dice = this.#random.next();
      const areAtWork = (): boolean => (dice < 0.4 ? this.#alive().every(isReady) : this.#alive().some(isReady));
      if (dice < 0.85) await this.#until(areAtWork, 60_000);
      await wait(this.#random.next() * 1_200);
      this.#look();
      const both = this.#random.next() < 0.25;
      const hit = both ? this.#alive() : this.#alive().slice(Math.floor(this.#random.next() * 2)).slice(0, 1);
      ownersHit += hit.filter(({ pid }) => pid === this.#owner).length;
      blows += hit.length;
      await Promise.all(hit.map(child => this.#hit(child)));
    }
    await this.#comeToRest();
    const ms = performance.now() - begin;
    await this.#end();
    this.#look();
    const judged = await judgeStorm(join(this.#folder, 'storm.db'), this.#seen, this.#options.timeoutMs);
    return { ...judged, complaints: [...this.#complaints, ...judged.complaints], blows, ownersHit, ms };
  }

  async clean(): Promise<void> {
    await this.#end();
    this.#witness.close();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #alive(): ChildProcess[] {
    return [...this.#children.values()].filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  }

  async #hit(child: ChildProcess): Promise<void> {
    if (this.#options.blow === 'kill') return void child.kill('SIGKILL');
    child.kill('SIGSTOP');
    await wait(this.#random.next() * longestStopMs);
    child.kill('SIGCONT');
  }

  #start(name: string): void {
    this.#look();
    const { durability, timeoutMs } = this.#options;
    const child = spawn(process.execPath, ['--conditions=flowstone-source', program, this.#folder, durability, String(timeoutMs), String(this.#nextFlow), String(this.#nextMessage), name], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'flowstone-torture-cache') },
    });
    this.#children.set(name, child);
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    child.on('exit', (code, signal) => {
      if (this.#isOver) return;
      if (signal === 'SIGKILL') this.#start(name);
      else this.#complaints.push(`the process that ${name} ended by itself, code ${code}, signal ${signal}: ${errors.slice(0, 600)}`);
    });
  }

  /** Reads how far they are. */
  #look(): void {
    for (const seen of this.#witness.read()) {
      this.#seen.push(seen);
      if (seen.what === 'started') this.#nextFlow = Math.max(this.#nextFlow, seen.n + 1);
      else if (seen.what === 'published') this.#nextMessage = Math.max(this.#nextMessage, seen.n + 1);
      else if (seen.what === 'ready') this.#ready.add(seen.pid);
      else if (seen.what === 'owner') this.#owner = seen.pid;
      else if (seen.what === 'idle') this.#isIdle = true;
    }
  }

  async #until(isTrue: () => boolean, limitMs: number): Promise<boolean> {
    for (const limit = performance.now() + limitMs; performance.now() < limit; await wait(50)) {
      this.#look();
      if (isTrue() || this.#complaints.length > 0) return true;
    }
    return false;
  }

  async #comeToRest(): Promise<void> {
    writeFileSync(join(this.#folder, 'quiet'), '');
    if (!(await this.#until(() => this.#isIdle, restMs))) this.#complaints.push(`stuck: not at rest after ${restMs} ms`);
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#alive().map(child => new Promise(resolve => {
      child.once('exit', resolve);
      child.kill('SIGKILL');
    })));
  }
}
