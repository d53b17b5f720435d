import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { SimulatedClock } from '../core/clock.ts';
import { FlowError } from '../core/errors.ts';
import type { DurableActor } from '../kinds/actors/durable-actor.ts';
import type { Runtime, RuntimeOptions } from '../runtime/api.ts';
import { createRuntime } from '../runtime/create-runtime.ts';
import type { Divergence } from './compare-state.ts';
import { rootId } from './machine-model.ts';
import { modelStart } from './flow-model.ts';
import type { MachinePath, MachineStep } from './machine-paths.ts';
import type { PendingPromise } from './machine-stand-ins.ts';
import { standIn } from './machine-stand-ins.ts';
import { pathChance } from './outcomes.ts';
import { ProcessClock } from './process-clock.ts';
import { viewActors, viewState } from './serialize-machine.ts';
import type { Crash, CrashPoint, ProcessStore, StoreSite } from './store-site.ts';
import { createProcessStore, createSite } from './store-site.ts';

export interface MachineRun {
  readonly commits: number;
  readonly crashes: number;
  readonly divergences: readonly Divergence[];
}

/**
 * Drives a durable actor along a path, on a clock of its own: delays fire as time is let pass, promises end as the path says.
 *
 * @param open makes the runtimes; default `createRuntime`
 */
export async function runMachinePath(machine: AnyStateMachine, path: MachinePath, crash?: Crash, open: (options: RuntimeOptions) => Promise<Runtime> = createRuntime): Promise<MachineRun> {
  const run = new MachineRunner(machine, path, crash, open);
  try {
    await run.go();
  } finally {
    run.dispose();
  }
  return run.report();
}

/** The same, and again with the process ending at every commit, before, after and in the middle of it. */
export async function crashMachinePath(machine: AnyStateMachine, path: MachinePath, points: readonly CrashPoint[] = ['before', 'after', 'torn']): Promise<MachineRun> {
  const plain = await runMachinePath(machine, path);
  const divergences = [...plain.divergences];
  let { crashes } = plain;
  for (let commit = 1; commit <= plain.commits && plain.divergences.length === 0; commit++) {
    for (const point of points) {
      const run = await runMachinePath(machine, path, { commit, point });
      crashes += run.crashes;
      for (const divergence of run.divergences) divergences.push({ ...divergence, at: `${divergence.at} (process ended ${point} commit ${commit})` });
    }
  }
  return { commits: plain.commits, crashes, divergences };
}

class MachineRunner {
  readonly #machine: AnyStateMachine;
  readonly #path: MachinePath;
  readonly #crash: Crash | undefined;
  readonly #open: (options: RuntimeOptions) => Promise<Runtime>;
  readonly #clock = new SimulatedClock(modelStart);
  readonly #pending: PendingPromise[] = [];
  readonly #sites: StoreSite[] = [];
  readonly #divergences: Divergence[] = [];
  #runtime: Runtime | undefined;
  #tracked: ProcessStore | undefined;
  #process: ProcessClock | undefined;
  #actor: DurableActor | undefined;
  #commits = 0;
  #crashes = 0;

  constructor(machine: AnyStateMachine, path: MachinePath, crash: Crash | undefined, open: (options: RuntimeOptions) => Promise<Runtime>) {
    this.#machine = standIn(machine, this.#pending);
    this.#path = path;
    this.#crash = crash;
    this.#open = open;
  }

  report(): MachineRun {
    return { commits: this.#commits, crashes: this.#crashes, divergences: this.#divergences };
  }

  dispose(): void {
    this.#process?.kill();
    this.#tracked?.kill();
    for (const site of this.#sites) site.dispose();
  }

  async go(): Promise<void> {
    await this.#boot(createSite('memory'));
    if (!(await this.#happen('start', () => this.#spawn(), viewState(this.#path.start), undefined))) return;
    let before = await this.#look();
    let { now } = this.#path.start;
    for (const [index, step] of this.#path.steps.entries()) {
      const at = `event ${index + 1}, ${step.actor === '' ? '' : `${step.actor}: `}${(step.event as { type: string }).type}`;
      const waitMs = step.state.now - now;
      now = step.state.now;
      const expected = viewState(step.state);
      let passed = 0;
      if (!(await this.#happen(at, async () => {
        await this.#trigger(step, waitMs - passed);
        passed = waitMs;
      }, expected, before))) return;
      before = await this.#look();
    }
  }

  async #boot(site: StoreSite): Promise<void> {
    this.#sites.push(site);
    this.#pending.length = 0;
    this.#tracked = createProcessStore(site, this.#commits, this.#crash);
    this.#process = new ProcessClock(this.#clock);
    this.#runtime = await this.#open({ store: this.#tracked.store, clock: this.#process, random: { next: () => pathChance }, machines: [this.#machine], listen: false, retentionMs: null });
    await this.#rest();
  }

  /** Makes something happen; after a crash again, unless it was stored. */
  async #happen(at: string, work: () => Promise<void>, expected: string, before: string | undefined): Promise<boolean> {
    for (;;) {
      await this.#ifAlive(work);
      await this.#rest();
      if (!this.#tracked?.left()) break;
      await this.#recover();
      const found = await this.#look();
      if (found === expected || (found !== undefined && found !== before)) break;
    }
    const found = await this.#look();
    if (found === expected) return true;
    this.#divergences.push({ at, what: 'actors', expected: JSON.parse(expected), found: found === undefined ? null : JSON.parse(found) });
    return false;
  }

  async #ifAlive(work: () => Promise<unknown>): Promise<void> {
    let failed: unknown;
    let ended = false;
    work().then(() => (ended = true), error => ([ended, failed] = [true, error]));
    // The answer of a process that has ended never comes.
    for (let turn = 0; !ended && !this.#tracked?.left() && turn < 20_000; turn++) await nextTurn();
    if (failed !== undefined && !this.#tracked?.left()) throw failed;
  }

  async #recover(): Promise<void> {
    this.#crashes++;
    const left = (this.#tracked as ProcessStore).kill();
    this.#process?.kill();
    this.#commits = this.#tracked?.commits() ?? 0;
    this.#actor = undefined;
    await this.#boot(left);
  }

  async #rest(): Promise<void> {
    let quiet = 0;
    let before = '';
    for (let turn = 0; quiet < 4 && turn < 20_000; turn++) {
      await nextTurn();
      const now = `${this.#tracked?.commits()} ${this.#pending.length}`;
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
    this.#commits = this.#tracked?.commits() ?? 0;
  }

  async #spawn(): Promise<void> {
    this.#actor = (await this.#runtime?.spawn(this.#machine, { id: rootId, input: this.#path.input as never })) as unknown as DurableActor;
  }

  async #trigger({ cause, actor, event }: MachineStep, waitMs: number): Promise<void> {
    const { actorId, output, error } = event as { actorId?: string; output?: unknown; error?: unknown };
    if (cause === 'event') {
      const handle = await this.#runtime?.actor(actor === '' ? rootId : `${rootId}/${actor}`);
      await handle?.send(event as never);
      return;
    }
    if (cause === 'time') {
      if (waitMs > 0) this.#clock.advance(waitMs);
      return;
    }
    const place = actor === '' ? String(actorId) : `${actor}/${actorId}`;
    const index = this.#pending.findLastIndex(one => one.place === place);
    const [promise] = index < 0 ? [] : this.#pending.splice(index, 1);
    if (!promise) throw new FlowError('path_not_followed', `Expected the promise of ${place} to run, it does not`, { details: { place, running: this.#pending.map(one => one.place) } });
    if (cause === 'done') promise.resolve(output);
    else promise.reject(error);
  }

  /** Undefined: there is none. */
  async #look(): Promise<string | undefined> {
    try {
      this.#actor ??= (await this.#runtime?.actor(rootId)) as unknown as DurableActor;
    } catch (error) {
      if ((error as { code?: string }).code === 'actor_not_found') return undefined;
      throw error;
    }
    return viewActors(this.#actor.getSnapshot() as AnyMachineSnapshot);
  }
}
