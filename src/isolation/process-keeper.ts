import type { Logger } from '../core/logger.ts';
import type { Records } from '../../persistence/store.ts';
import type { Clock } from '../core/clock.ts';
import { processTime } from '../core/clock.ts';
import { FairTurns } from '../engine/fair-turns.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import { describeDamage, describeEnd } from './describe-end.ts';
import type { IsolatedRun } from './isolated-run.ts';
import type { ResolvedIsolation } from './isolation-options.ts';
import type { TakenCommit } from './journal-intake.ts';
import type { ProcessExit } from './runner-process.ts';
import { ownedExitCode, RunnerProcess } from './runner-process.ts';

/** What a keeper has stored; each resolves after the commit, and rejects when the runtime stands still or has stopped. */
export interface KeeperActions {
  /** Takes in what a process has committed; none: nothing happens, and whoever waits looks again. */
  take(run: IsolatedRun, commits: readonly TakenCommit[]): Promise<unknown>;
  /** Ends an execution that no process will end. */
  fail(run: IsolatedRun, failure: StepFailure): Promise<unknown>;
  /** Nothing more is to come. */
  end(run: IsolatedRun, session: string | null): Promise<unknown>;
}

export interface KeeperOptions {
  readonly store: Records;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isolation: ResolvedIsolation;
  /** Told to every process when it begins. */
  readonly secrets: readonly string[];
  readonly actions: KeeperActions;
}

/** Time between two looks at the journals, ms. */
const lookMs = 50;

/** Begins the processes of isolated runs, follows what they write, and sees to it that each comes to an end. */
export class ProcessKeeper {
  readonly runs = new Map<string, IsolatedRun>();
  readonly #options: KeeperOptions;
  #timer: unknown;
  readonly #turns = new FairTurns();
  #draining = false;
  #open = true;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Begins as many processes as there is room for: by priority, then age, and now and then the oldest. */
  fill(): void {
    if (this.#draining || !this.#open) return;
    const all = [...this.runs.values()];
    const room = this.#options.isolation.maxProcesses - all.filter(({ phase }) => phase === 'running').length;
    const queued = all.filter(({ phase }) => phase === 'queued').toSorted((a, b) => a.key - b.key);
    const aged = room > 0 ? queued.splice(0, Math.min(room, this.#turns.countAged(room))) : [];
    const chosen = [...aged, ...queued.toSorted((a, b) => b.priority - a.priority || a.key - b.key)].slice(0, Math.max(0, room));
    this.#turns.note(chosen.length);
    for (const run of chosen) {
      // A new process would not find what is known to have been done.
      if (run.intake.damage !== undefined) {
        this.fail(run, describeDamage(run.intake.damage, run.folder));
        continue;
      }
      run.process = RunnerProcess.begin(run.folder, { cwd: process.cwd(), secrets: this.#options.secrets, ended: () => this.#look(run) });
      this.follow(run);
    }
  }

  /** Follows a process to its end. */
  follow(run: IsolatedRun): void {
    run.phase = 'running';
    run.deadline = processTime(this.#options.clock) + run.timeoutMs;
    this.arm();
  }

  arm(): void {
    if (this.#timer !== undefined || !this.#open) return;
    this.#timer = this.#options.clock.setTimer(() => {
      this.#timer = undefined;
      for (const run of this.runs.values()) this.#look(run);
      if (this.runs.size > 0) this.arm();
      this.fill();
    }, lookMs);
  }

  /** Looks what a process has done, and whether it should still run. */
  #look(run: IsolatedRun): void {
    if (run.reading || !this.#open) return;
    run.reading = true;
    this.#lookAt(run).then(
      () => (run.reading = false),
      error => {
        run.reading = false;
        // The runtime stands still or stops: what was read is read again by the next one.
        this.#options.logger.debug({ err: error, executionId: run.executionId }, 'what a process did could not be taken in now');
      },
    );
  }

  async #lookAt(run: IsolatedRun): Promise<void> {
    const now = processTime(this.#options.clock);
    if (run.phase === 'ending') return this.#close(run);
    if (run.phase !== 'running') return;
    if (run.own && now >= run.deadline && run.reason === undefined) {
      this.stop(run, createFailure('process_timeout', `The process that ran the flow took longer than ${run.timeoutMs} ms and was stopped`, { timeoutMs: run.timeoutMs }));
    }
    if (now >= run.killAt) run.process?.kill('SIGKILL');
    // First this, then the journal: what was written before the end is then all there.
    const exit = run.process?.exit;
    for (let commits = run.intake.read(); commits.length > 0; commits = run.intake.read()) await this.#options.actions.take(run, commits);
    const { damage } = run.intake;
    if (damage !== undefined && run.reason === undefined) {
      this.stop(run, describeDamage(damage, run.folder), 0);
    }
    if (exit) await this.#ended(run, exit);
  }

  /** @param afterMs time it has to stop by itself */
  stop(run: IsolatedRun, reason: StepFailure, afterMs: number = this.#options.isolation.killAfterMs): void {
    run.reason ??= reason;
    run.killAt = Math.min(run.killAt, processTime(this.#options.clock) + afterMs);
    run.process?.kill(afterMs === 0 ? 'SIGKILL' : 'SIGTERM');
    this.arm();
  }

  /** The process is gone, and everything it left is taken in. */
  async #ended(run: IsolatedRun, exit: ProcessExit): Promise<void> {
    if (run.intake.execution?.settledAt != null) {
      run.phase = 'ending';
      return this.#close(run);
    }
    const other = exit.code === ownedExitCode ? RunnerProcess.find(run.folder) : undefined;
    if (other) run.process = other;
    else if (run.reason === undefined && (this.#draining || !run.own)) {
      // It was asked to stop because this runtime stops, or it is not ours: the next runtime goes on.
      run.phase = 'left';
      await this.#options.actions.take(run, []);
    } else this.fail(run, run.reason ?? describeEnd(exit, run.folder));
  }

  /** Ends an execution that no process will end. */
  fail(run: IsolatedRun, failure: StepFailure): void {
    run.phase = 'ending';
    this.#options.actions.fail(run, failure).catch(error => this.#options.logger.debug({ err: error }, 'the runtime stands still'));
    this.arm();
  }

  /** Once the execution has settled in the store, nothing more is to come from the process. */
  async #close(run: IsolatedRun): Promise<void> {
    if (run.closed) return;
    const record = await this.#options.store.getExecution(run.executionId);
    if (record && record.settledAt === null) return;
    run.closed = true;
    await this.#options.actions.end(run, run.intake.digestSession() ?? null);
  }

  remove(key: number): void {
    for (const run of this.runs.values()) {
      if (run.key !== key) continue;
      run.intake.close();
      this.runs.delete(run.executionId);
    }
  }

  /** Begins nothing more and asks what runs to stop. */
  drain(): void {
    this.#draining = true;
    const { clock, isolation } = this.#options;
    for (const run of this.runs.values()) {
      if (run.phase === 'queued' || (run.phase === 'running' && !run.own)) run.phase = 'left';
      if (run.phase !== 'running') continue;
      run.killAt = Math.min(run.killAt, processTime(clock) + isolation.killAfterMs);
      run.process?.kill('SIGTERM');
    }
  }

  get idle(): boolean {
    return [...this.runs.values()].every(({ phase }) => phase === 'left');
  }

  /** Forgets everything. What still runs is killed by a stop; after a fault it goes on, and is found again. */
  end(): void {
    if (this.#draining) for (const { process: running, phase } of this.runs.values()) if (phase === 'running') running?.kill('SIGKILL');
    this.#open = false;
    this.#options.clock.clearTimer(this.#timer);
    for (const run of this.runs.values()) run.intake.close();
    this.runs.clear();
  }
}
