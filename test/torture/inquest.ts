import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openSqliteReader, type SqliteRecordReader } from '../../src/open-records.ts';
import type { AttemptRecord, ExecutionRecord, StepRecord } from '../../persistence/records.ts';
import { isFlowError } from 'flowstone';
import { replayJournal } from '../../src/testing/replay.ts';
import type { Observation } from './oracle.ts';
import { readOracle } from './oracle.ts';
import { expectedValue, workSteps } from './victim-flow.ts';

const noItem = -1;
const toName = (executionId: string, stepId: string): string => `${executionId}/${stepId}`;

function groupBy<Value>(values: readonly Value[], toKey: (value: Value) => string): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) groups.set(toKey(value), [...(groups.get(toKey(value)) ?? []), value]);
  return groups;
}

/** Compares what is stored with what the oracle saw: between kills, and at the end. */
export class Inquest {
  readonly #database: string;
  readonly #oracle: string;
  readonly #flows: number;
  readonly #complaints = new Set<string>();
  #checkpoints = 0;
  /** Steps found completed after a kill, and how many lines the oracle had by then. */
  readonly #completed = new Map<string, { readonly lines: number; readonly output: string | null }>();

  constructor(database: string, oracle: string, flows: number) {
    this.#database = database;
    this.#oracle = oracle;
    this.#flows = flows;
  }

  complain(complaint: string): void {
    // The first ones tell; one fault often shows in every execution.
    if (this.#complaints.size < 20) this.#complaints.add(complaint);
  }

  #expect(isTrue: boolean, complaint: () => string): void {
    if (!isTrue) this.complain(complaint());
  }

  /**
   * After a kill: notes what was complete, and that nothing noted before has changed.
   *
   * @returns whether there is a database yet: a process may be killed before it has made its schema
   */
  look(): boolean {
    if (!existsSync(this.#database) || !existsSync(this.#oracle)) return false;
    const observations = readOracle(this.#oracle);
    const lines = observations.length;
    const reader = this.#open();
    if (!reader) return false;
    try {
      this.#checkAnswers(reader, observations);
      for (const execution of reader.listExecutions({ limit: 100_000 })) {
        const attempts = reader.listAttempts(execution.key);
        for (const step of reader.listSteps(execution.key)) {
          if (step.status !== 'completed') continue;
          const outputs = attempts.filter(({ position, status }) => position === step.position && status === 'completed');
          const name = toName(execution.executionId, step.stepId);
          this.#expect(outputs.length === 1, () => `${name} is complete with ${outputs.length} outputs`);
          const output = outputs[0]?.output ?? null;
          const known = this.#completed.get(name);
          if (known) this.#expect(known.output === output, () => `${name} changed its output`);
          else this.#completed.set(name, { lines, output });
        }
      }
      return true;
    } finally {
      reader.close();
    }
  }

  #open(): SqliteRecordReader | undefined {
    try {
      return openSqliteReader({ file: this.#database });
    } catch (error) {
      if (isFlowError(error, 'store_not_a_database')) return undefined;
      throw error;
    }
  }

  /** At the end: everything. */
  async conclude(): Promise<{ starts: number; interruptions: number; checkpoints: number; complaints: string[] }> {
    const observations = readOracle(this.#oracle);
    this.#checkRunAgain(observations);
    const reader = openSqliteReader({ file: this.#database });
    let interruptions = 0;
    try {
      const executions = reader.listExecutions({ limit: 100_000 });
      this.#expect(executions.length === this.#flows, () => `${executions.length} executions instead of ${this.#flows}`);
      this.#checkAnswers(reader, observations);
      const answers = groupBy(observations, ({ what, executionId }) => `${what} ${executionId}`);
      for (const { executionId } of executions) this.#expect((answers.get(`answered ${executionId}`)?.length ?? 0) <= 1, () => `${executionId} was created more than once`);
      const seen = groupBy(observations, ({ executionId, stepId }) => toName(executionId, stepId));
      for (const execution of executions) interruptions += await this.#checkExecution(reader, execution, seen);
      const known = new Set(executions.map(({ executionId }) => executionId));
      for (const { executionId } of observations) this.#expect(known.has(executionId), () => `the oracle saw ${executionId}, which is not stored`);
    } finally {
      reader.close();
    }
    this.#checkDatabase();
    return { starts: observations.filter(({ what }) => what === 'start').length, interruptions, checkpoints: this.#checkpoints, complaints: [...this.#complaints] };
  }

  /** What a caller was told is stored. */
  #checkAnswers(reader: SqliteRecordReader, observations: readonly Observation[]): void {
    for (const { what, executionId } of observations) {
      if (what !== 'answered' && what !== 'settled') continue;
      const execution = reader.getExecution(executionId);
      this.#expect(execution !== undefined, () => `${executionId} was answered and is not stored`);
      if (what === 'settled') this.#expect(execution?.settledAt != null, () => `${executionId} was told to have settled and is stored as ${execution?.status}`);
    }
  }

  #checkRunAgain(observations: readonly Observation[]): void {
    for (const [index, { what, executionId, stepId }] of observations.entries()) {
      const known = this.#completed.get(toName(executionId, stepId));
      if (what === 'start' && known && index >= known.lines) this.complain(`${toName(executionId, stepId)} ran again after it was recorded complete`);
    }
  }

  async #checkExecution(reader: SqliteRecordReader, execution: ExecutionRecord, seen: ReadonlyMap<string, readonly Observation[]>): Promise<number> {
    const { executionId, key, status, passed } = execution;
    this.#expect(status === 'scored' && passed === true, () => `${executionId} ended ${status}, passed ${passed}`);
    const attempts = reader.listAttempts(key);
    const steps = reader.listSteps(key);
    this.#expect(steps.length === 10, () => `${executionId} has ${steps.length} steps`);
    const value = (JSON.parse(execution.input) as { value: number }).value;
    let interruptions = 0;
    for (const step of steps) {
      const own = attempts.filter(({ position, item }) => position === step.position && item === noItem);
      this.#checkStep(executionId, step, own, seen.get(toName(executionId, step.stepId)) ?? [], value);
      interruptions += step.interruptions;
    }
    this.#checkJournal(reader, execution);
    for (const from of ['start', 'checkpoint'] as const) {
      const { mismatches } = await replayJournal(reader, executionId, { maxInterruptions: 1_000, from });
      this.#expect(mismatches.length === 0, () => `${executionId} replays differently, from the ${from} on: ${JSON.stringify(mismatches.slice(0, 3))}`);
    }
    this.#checkpoints += Math.max(0, reader.listCheckpoints(key).length - 1);
    return interruptions;
  }

  #checkStep(executionId: string, step: StepRecord, attempts: readonly AttemptRecord[], seen: readonly Observation[], value: number): void {
    const name = toName(executionId, step.stepId);
    const count = (status: AttemptRecord['status']): number => attempts.filter(attempt => attempt.status === status).length;
    const expected = step.stepId === 'd' ? 2 : 1;
    this.#expect(step.status === 'completed', () => `${name} ended ${step.status}`);
    this.#expect(count('completed') === 1, () => `${name} has ${count('completed')} outputs`);
    this.#expect(step.attempt === expected, () => `${name} counts ${step.attempt} attempts instead of ${expected}`);
    this.#expect(step.attempt === count('completed') + count('failed'), () => `${name} counts ${step.attempt} attempts, its rows ${count('completed') + count('failed')}`);
    this.#expect(step.interruptions === count('interrupted'), () => `${name} counts ${step.interruptions} interruptions, its rows ${count('interrupted')}`);
    this.#expect(attempts.every(({ run }, index) => run === index + 1), () => `${name} has runs ${attempts.map(({ run }) => run).join()}`);
    if (!workSteps.includes(step.stepId)) return;
    const output = JSON.parse(attempts.find(({ status }) => status === 'completed')?.output ?? 'null') as { value: number | null; key: string } | null;
    this.#expect(output?.value === expectedValue(step.stepId, value), () => `${name} put out ${output?.value}`);
    this.#expect(seen.every(({ key }) => key === output?.key), () => `${name} ran under several keys`);
    const starts = seen.filter(({ what }) => what === 'start').length;
    this.#expect(starts <= attempts.length, () => `${name} was begun ${starts} times, ${attempts.length} runs are stored`);
    for (let attempt = 1; attempt <= expected; attempt++) {
      const begun = seen.filter(observation => observation.what === 'start' && observation.attempt === attempt).length;
      const ended = seen.filter(observation => observation.what === 'end' && observation.attempt === attempt).length;
      const runs = attempts.filter(row => row.attempt === attempt);
      this.#expect(ended >= 1, () => `${name}, attempt ${attempt}, is stored as ended, which nobody saw`);
      this.#expect(begun <= runs.length, () => `${name}, attempt ${attempt}, was begun ${begun} times, ${runs.length} runs of it are stored`);
      this.#expect(runs.filter(({ status }) => status !== 'interrupted').length === 1, () => `${name}, attempt ${attempt}, ended other than once`);
    }
  }

  #checkJournal(reader: SqliteRecordReader, { key, executionId, seq }: ExecutionRecord): void {
    let next = 1;
    for (const row of reader.readJournal(key, 0, 1_000_000)) {
      this.#expect(row.seq === next, () => `the journal of ${executionId} goes on at ${row.seq} instead of ${next}`);
      next = row.seq + (JSON.parse(row.entries) as unknown[]).length;
    }
    this.#expect(next === seq + 1, () => `the journal of ${executionId} ends at ${next - 1}, its row says ${seq}`);
  }

  /** The steps' own table, and the file itself. */
  #checkDatabase(): void {
    const database = new Database(this.#database, { readonly: true });
    try {
      const { count, names } = database.prepare("SELECT count(*) AS count, count(DISTINCT execution_id || '/' || step_id) AS names FROM effects").get() as { count: number; names: number };
      const expected = this.#flows * workSteps.length;
      this.#expect(count === expected && names === expected, () => `the steps wrote ${count} rows for ${names} steps instead of ${expected}`);
      const integrity = database.pragma('integrity_check', { simple: true });
      this.#expect(integrity === 'ok', () => `the database is damaged: ${String(integrity)}`);
    } finally {
      database.close();
    }
  }
}
