import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime } from 'flowstone';
import { openSqliteStore } from '../../src/open-records.ts';
import { assign, setup } from 'xstate';
import { SimulatedClock } from '../../src/core/clock.ts';

const hour = 3_600_000;

export interface CrowdResult {
  /** Rows of machines that the restart has read. */
  readonly reads: number;
  /** From opening the database until all that are due have fired. */
  readonly ms: number;
  readonly complaints: readonly string[];
}

/** So many machines with a timer each, stored and left; then a restart at which so many of them are due. */
export class MachineCrowd {
  readonly #folder = mkdtempSync(join(tmpdir(), 'flowstone-machines-'));
  readonly #clock = new SimulatedClock();
  readonly #count: number;
  /** How often each timer has fired, told by the machines' own actions: outside the database. */
  readonly #fired = new Map<string, number>();
  #passed = 0;
  readonly #machine = setup({
    types: {} as { input: { name: string; delay: number }; context: { name: string; delay: number; rung: number } },
    delays: { own: ({ context }) => context.delay },
    actions: { ring: ({ context }) => void this.#fired.set(context.name, (this.#fired.get(context.name) ?? 0) + 1) },
  }).createMachine({
    id: 'sleeper',
    context: ({ input }) => ({ ...input, rung: 0 }),
    initial: 'asleep',
    states: { asleep: { after: { own: 'awake' } }, awake: { entry: ['ring', assign({ rung: ({ context }) => context.rung + 1 })] } },
  });

  constructor(count: number) {
    this.#count = count;
  }

  /** The machine number n is due n seconds after an hour. */
  async spawn(): Promise<void> {
    const runtime = await this.#open();
    for (let from = 0; from < this.#count; from += 500) {
      const names = Array.from({ length: Math.min(500, this.#count - from) }, (_, index) => from + index);
      await Promise.all(names.map(n => runtime.spawn(this.#machine, { id: `m${n}`, input: { name: `m${n}`, delay: hour + n * 1_000 } })));
    }
    await runtime.stop();
  }

  #open() {
    return createRuntime({ store: openSqliteStore({ file: join(this.#folder, 'app.db'), durability: 'process' }), machines: [this.#machine], clock: this.#clock, listen: false, retentionMs: null });
  }

  /** Time passes while nothing runs, until the first `due` machines are due; then a restart. */
  async restart(due: number): Promise<CrowdResult> {
    const before = this.#fired.size;
    const now = hour + (due - 1) * 1_000;
    this.#clock.advance(now - this.#passed);
    this.#passed = now;
    let reads = 0;
    const begun = performance.now();
    const store = openSqliteStore({ file: join(this.#folder, 'app.db'), durability: 'process' });
    const getActor = store.actors.getActor.bind(store.actors);
    store.actors.getActor = id => {
      reads++;
      return getActor(id);
    };
    const runtime = await createRuntime({ store, machines: [this.#machine], clock: this.#clock, listen: false, retentionMs: null });
    while (this.#fired.size < due && performance.now() - begun < 60_000) await new Promise(done => setImmediate(done));
    const ms = performance.now() - begun;
    await runtime.stop();
    const complaints = [...this.#fired].filter(([name, times]) => times !== 1 || Number(name.slice(1)) >= due).map(([name, times]) => `${name} fired ${times} times, ${due} were due`);
    if (this.#fired.size !== due) complaints.push(`${this.#fired.size - before} of ${due - before} fired`);
    return { reads, ms, complaints };
  }

  /** What is stored is what has happened. */
  async check(due: number): Promise<string[]> {
    const runtime = await this.#open();
    const complaints: string[] = [];
    for (const n of [0, due - 1, due, this.#count - 1]) {
      if (n < 0 || n >= this.#count) continue;
      const { value, context } = (await runtime.actor<MachineCrowd['machine']>(`m${n}`)).getSnapshot();
      if (value !== (n < due ? 'awake' : 'asleep') || context.rung !== (n < due ? 1 : 0)) complaints.push(`m${n} is ${String(value)} and rang ${context.rung} times, ${due} were due`);
    }
    await runtime.stop();
    return complaints;
  }

  get machine() {
    return this.#machine;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
