import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CommitLine } from '../../persistence/files/commit-line.ts';
import { fromCommitLine, isSnapshotLine } from '../../persistence/files/commit-line.ts';
import { journalFile } from '../../persistence/files/files-tables.ts';
import { JournalFollower } from '../../persistence/files/journal-follower.ts';
import { toSessionFile } from '../../persistence/files/session-file.ts';
import { createMemoryStore } from '../open-records.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import type { CommitBatch } from '../../persistence/store.ts';
import type { FlowPlan } from '../definition/plan.ts';
import type { Machines } from '../kernel/machines.ts';
import { TransitionCheck } from './transition-check.ts';

/** One commit of another process, checked; its keys are that process's own. */
export interface TakenCommit {
  /** Its number, from 1. */
  readonly n: number;
  readonly batch: CommitBatch;
}

export interface IntakeOptions {
  readonly folder: string;
  readonly executionId: string;
  readonly machines: Machines;
  readonly maxInterruptions: number;
  /** The flow and those it starts, by digest. */
  readonly plans: ReadonlyMap<string, FlowPlan>;
}

/** Commits read at a time; between two times the loop has its turn. */
const pageSize = 256;

/**
 * Reads what a process has committed, and trusts none of it: each commit has to be taken by a store in memory, with its
 * lifecycle, and by the machines, before it is given out.
 */
export class JournalIntake {
  readonly #options: IntakeOptions;
  readonly #follower: JournalFollower;
  readonly #copy = createMemoryStore();
  readonly #checks = new Map<number, TransitionCheck>();
  #last = 0;
  #begun = false;
  /** What is wrong with the journal; undefined: nothing. */
  damage: string | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#follower = new JournalFollower(join(options.folder, journalFile));
    this.#copy.acquire({ pid: process.pid, hostname: '', startedAt: 0, socket: null });
  }

  /** The execution as the process left it. */
  get execution(): ExecutionRecord | undefined {
    return this.#copy.getExecution(this.#options.executionId);
  }

  /** The next commits, in order; fewer than a page: there are no more for now. */
  read(): readonly TakenCommit[] {
    return this.#readPage(pageSize);
  }

  #readPage(size: number): readonly TakenCommit[] {
    const taken: TakenCommit[] = [];
    if (this.damage !== undefined) return taken;
    try {
      this.#follower.read(line => {
        const commit = this.#check(line as CommitLine);
        if (commit) taken.push(commit);
        return taken.length < size;
      });
    } catch (error) {
      this.damage = error instanceof Error ? error.message : String(error);
    }
    const { damage, generation } = this.#follower;
    if (damage) this.damage ??= `the line at byte ${damage.offset} is not whole: ${damage.reason}`;
    if (generation > 0) this.damage ??= 'another file was put in its place';
    return taken;
  }

  /** The first commits once more, up to one that is known to be good. */
  skip(count: number): readonly TakenCommit[] {
    const skipped: TakenCommit[] = [];
    while (skipped.length < count) {
      const page = this.#readPage(Math.min(pageSize, count - skipped.length));
      if (page.length === 0) break;
      skipped.push(...page);
    }
    if (skipped.length < count) this.damage ??= `commit ${skipped.length + 1} of the ${count} that were taken in before is not there any more`;
    return skipped;
  }

  #check(line: CommitLine): TakenCommit | undefined {
    if (!this.#begun) {
      if (!('flowstone' in line) || line.flowstone !== 'journal' || line.version !== 1) throw new TypeError('it does not begin as a journal does');
      this.#begun = true;
      return undefined;
    }
    if ('flowstone' in line || isSnapshotLine(line) || line.n !== this.#last + 1) throw new TypeError(`commit ${this.#last + 1} is missing`);
    const batch = fromCommitLine(line);
    this.#requireOurs(batch);
    for (const [key, check] of this.#checks) check.check(key, batch);
    // As a database does, it refuses whatever breaks the lifecycle, is there already, or has settled.
    this.#copy.commit(batch);
    this.#last = line.n;
    return { n: line.n, batch };
  }

  #requireOurs({ executions, steps, attempts, inputs, journal, signals, consolidated, artifacts, interactions, isolations, queues, catalog }: CommitBatch): void {
    const { plans } = this.#options;
    for (const row of executions) {
      this.#requireOwnId(row.executionId);
      const plan = plans.get(row.digest);
      if (!plan) throw new TypeError(`the definition ${row.digest} is not one it was given`);
      if (!this.#checks.has(row.key)) this.#checks.set(row.key, new TransitionCheck(plan, this.#options.machines, this.#options.maxInterruptions));
    }
    const pieces = [...(artifacts?.stored ?? []), ...(artifacts?.pieces ?? []), ...(artifacts?.folders ?? []), ...(interactions ?? [])];
    for (const { executionKey } of [...steps, ...attempts, ...inputs, ...journal, ...signals.received, ...(consolidated ?? []), ...pieces]) {
      if (!this.#checks.has(executionKey)) throw new TypeError(`rows of an execution ${executionKey} that is not there`);
    }
    for (const text of [...attempts.map(({ output }) => output), ...inputs.map(({ input }) => input), ...signals.received.map(({ payload }) => payload)]) if (text !== null) JSON.parse(text);
    if (isolations?.length || queues || catalog) throw new TypeError('it used queues, or processes of its own, which it does not have');
  }

  #requireOwnId(id: string): void {
    const { executionId } = this.#options;
    if (id !== executionId && !id.startsWith(`${executionId}.`)) throw new TypeError(`the execution ${id} is not its own`);
  }

  /** SHA-256 of the session file, hex, when it is there and is this execution's; undefined: it is not. */
  digestSession(): string | undefined {
    const { folder, executionId } = this.#options;
    try {
      const text = readFileSync(toSessionFile(join(folder, 'sessions'), executionId));
      const session = JSON.parse(text.toString()) as { executionId?: unknown; status?: unknown };
      if (session.executionId !== executionId || session.status !== this.execution?.status) return undefined;
      return createHash('sha256').update(text).digest('hex');
    } catch {
      // Killed before it was written: the journal has everything.
      return undefined;
    }
  }

  close(): void {
    this.#copy.close();
  }
}
