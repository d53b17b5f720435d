import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Runtime, RuntimeOptions } from '../../src/index.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import type { Execution } from '../../src/kinds/flows/execution-api.ts';
import type { Tool, ToolCall } from '../../src/kinds/flows/tool.ts';
import { createNormaliser } from './normalise.ts';
import type { Version } from './version.ts';

export type Handlers = { readonly [name: string]: (call: ToolCall<never>) => unknown };

/** A script of what somebody does with a version, through what is public of it. It records what that somebody sees. */
export type Scenario = (stage: Stage) => Promise<void>;

export interface OpenOptions extends Omit<Partial<RuntimeOptions>, 'store' | 'flows' | 'tools' | 'clock'> {
  readonly flows?: readonly FlowSource[];
  readonly handlers?: Handlers;
  /** `file`: an SQLite database of the stage, as the life before left it. Default: `memory`. */
  readonly store?: 'memory' | 'file';
}

type Clock = InstanceType<Version['flowstone']['SimulatedClock']>;

/** Gives the numbers that a seed stands for: mulberry32. */
function createDice(seed: number): { next(): number } {
  let state = seed;
  return {
    next() {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

const nextTurn = (): Promise<void> => new Promise(resolve => void setImmediate(resolve));

/** Where one scenario runs in one version: its time, its folder, its runtimes, and the documents that were seen. */
export class Stage {
  readonly version: Version;
  readonly documents: Record<string, unknown> = {};
  /** Every handler that began, with what a handler is told. */
  readonly calls: unknown[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'flowstone-beside-'));
  clock: Clock;
  #lives = 0;
  #database = '';
  #isRealTime = false;
  readonly #opened: { readonly runtime: Runtime; readonly clock: Clock }[] = [];
  #normalise: ((document: unknown) => unknown) | undefined;

  constructor(version: Version) {
    this.version = version;
    this.clock = new version.flowstone.SimulatedClock();
  }

  get database(): string {
    if (this.#database === '') this.#database = join(this.folder, 'life-1.db');
    return this.#database;
  }

  /** Other processes do not wait for a simulated clock: from here on times are real, and are not compared. */
  useRealTime(): void {
    this.#isRealTime = true;
  }

  async open({ flows = [], handlers = {}, store = 'memory', ...options }: OpenOptions = {}): Promise<Runtime> {
    const { flowstone, sqlite } = this.version;
    const clock = this.clock;
    const runtime = await flowstone.createRuntime({
      random: createDice(17), listen: false, retentionMs: null, ...options,
      ...(!this.#isRealTime && { clock }),
      store: store === 'memory' ? flowstone.createMemoryStore() : sqlite.openSqliteStore({ file: this.database, durability: 'process' }),
      flows: flows.map(flow => flowstone.defineFlow(flow)),
      tools: Object.entries(handlers).map(([name, handler]) => this.#toTool(name, handler)),
    });
    this.#opened.push({ runtime, clock });
    return runtime;
  }

  #toTool(name: string, handler: Handlers[string]): Tool {
    const run = (call: ToolCall): unknown => {
      const { executionId, flowId, stepId, item, attempt, idempotencyKey, deadline, input } = call;
      this.calls.push({ life: this.#lives, name, executionId, flowId, stepId, item, attempt, idempotencyKey, deadline, input });
      return handler(call as ToolCall<never>);
    };
    return { name, run: run as Tool['run'] };
  }

  /** Ends this life as `kill -9` does: what was committed stays. What still runs of it runs on, into a file that nobody reads. */
  crash(): void {
    const before = this.database;
    this.#lives++;
    this.#database = join(this.folder, `life-${this.#lives + 1}.db`);
    for (const suffix of ['', '-wal']) if (existsSync(before + suffix)) copyFileSync(before + suffix, this.#database + suffix);
    this.clock = new this.version.flowstone.SimulatedClock(this.clock.now());
  }

  /** Keeps a document under a name, as it is now. */
  record(name: string, document: unknown): void {
    if (name in this.documents) throw new Error(`The scenario records ${name} twice`);
    this.#normalise ??= createNormaliser({ folder: this.folder, root: this.version.root, realTime: this.#isRealTime });
    this.documents[name] = this.#normalise(document);
  }

  /** Keeps what a call is refused with. */
  async refusal(name: string, call: () => unknown): Promise<void> {
    try {
      this.record(name, { answered: await call() });
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      this.record(name, { code: code ?? null, message: message ?? String(error) });
    }
  }

  /** Keeps everything that can be asked about an execution. */
  async examine(name: string, runtime: Runtime, execution: Pick<Execution, 'executionId'>): Promise<void> {
    const { executionId } = execution;
    const handle = await runtime.get(executionId);
    const details = await handle.get({ items: true });
    this.record(`${name}.details`, details);
    this.record(`${name}.plain`, await handle.get());
    const generations: unknown[] = [];
    for (let generation = 1; generation < details.generation; generation++) generations.push([await handle.get({ items: true, generation }), await handle.consolidated({ generation })]);
    this.record(`${name}.earlier`, generations);
    this.record(`${name}.progress`, await handle.progress());
    this.record(`${name}.session`, await handle.consolidated());
    this.record(`${name}.history`, details.settledAt === null ? 'runs on' : await this.#readHistory(runtime, executionId));
    const artifacts: unknown[] = [];
    for (const info of await runtime.artifacts.list(executionId, { versions: 'all' })) {
      artifacts.push({ ...info, content: await (await runtime.artifacts.get(executionId, info.name, { version: info.version })).text() });
    }
    this.record(`${name}.artifacts`, artifacts);
    this.record(`${name}.interactions`, [await runtime.interactions.list(executionId), await runtime.interactions.totals(executionId)]);
  }

  /** Every transition from the first on. */
  async #readHistory(runtime: Runtime, executionId: string): Promise<unknown[]> {
    const updates: unknown[] = [];
    for await (const update of runtime.transitions(executionId, { after: 0 })) updates.push(update);
    return updates;
  }

  /** Keeps what a runtime says of all that it has. */
  async survey(name: string, runtime: Runtime): Promise<void> {
    const { activeFlows, runningSteps, status } = runtime.health();
    this.record(`${name}.list`, await runtime.list());
    this.record(`${name}.health`, { activeFlows, runningSteps, status });
    this.record(`${name}.recovered`, runtime.recovered);
    this.record(`${name}.calls`, this.calls);
  }

  /** Keeps what is said of a queue and of every message in it. */
  async surveyQueue(name: string, runtime: Runtime, queue: string): Promise<void> {
    this.record(`${name}.stats`, await runtime.queues.stats(queue));
    for (const status of ['pending', 'processing', 'retrying', 'completed', 'dead'] as const) this.record(`${name}.${status}`, await runtime.queues.peek(queue, { status }));
    this.record(`${name}.instances`, await runtime.queues.instances());
  }

  /** What a command line answers, as one document. */
  async run(name: string, ...argv: string[]): Promise<void> {
    const out = new Captured();
    const err = new Captured();
    const env = { FLOWSTONE_DB: this.database, NO_COLOR: '1' };
    const code = await this.version.runProgram([...argv, '--json'], { stdout: out, stderr: err, env, cwd: this.folder, clock: this.clock, json: true });
    this.record(name, { code, document: out.text === '' ? null : (JSON.parse(out.text) as unknown), error: err.text });
  }

  /** Lets everything happen that is ready to; no time passes. Over when nothing has changed for a while. */
  async rest(): Promise<void> {
    const look = async (): Promise<string> => {
      const runtimes = this.#opened.filter(({ runtime }) => runtime.health().status === 'running').slice(-1);
      const seen = await Promise.all(runtimes.map(async ({ runtime }) => [await runtime.list(), runtime.health().runningSteps, await runtime.queues.stats(), await runtime.actors()]));
      return JSON.stringify([seen, this.calls.length]);
    };
    for (let before = '', same = 0; same < 3; ) {
      for (let turn = 0; turn < 12; turn++) await nextTurn();
      const now = await look();
      same = now === before ? same + 1 : 0;
      before = now;
    }
  }

  /** Lets so much time pass, and all happen that falls due meanwhile. */
  async advance(ms: number): Promise<void> {
    await this.rest();
    this.clock.advance(ms);
    await this.rest();
  }

  /** Waits for something to come true. */
  async until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 20_000; turn++) {
      if (await isTrue()) return;
      await nextTurn();
    }
    throw new Error('The condition did not come true');
  }

  /** Stops whatever still runs, and removes the folder. */
  async close(): Promise<void> {
    for (const { runtime, clock } of this.#opened) {
      let hasStopped = false;
      const stopped = runtime.stop({ timeoutMs: 0 }).finally(() => (hasStopped = true));
      // Limits of a stop go by the clock, too.
      await this.until(() => (hasStopped || this.#isRealTime ? undefined : clock.advance(1), hasStopped || this.#isRealTime));
      await stopped.catch(() => {});
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Captured extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
