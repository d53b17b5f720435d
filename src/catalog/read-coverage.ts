import type { AnyReader } from '../../persistence/records/open-records.ts';
import { openReader } from '../../persistence/records/open-records.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { readEntries } from '../core/journal-text.ts';
import { requireKnownKeys } from '../core/known-keys.ts';

/** How often one state of a machine followed on another by an event. */
export interface CoveredTransition {
  readonly machine: 'flow' | 'step' | 'fanOut';
  readonly from: string;
  readonly event: string;
  readonly to: string;
  readonly count: number;
}

/** What executions came to in one step; items of a `for_each` step are counted each. Times in ms; null: it never ran. */
export interface CoveredStep {
  readonly stepId: string;
  /** Runs of its handler; of a step that waits: waits that it has ended well. */
  readonly runs: number;
  readonly failures: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** What the stored executions of a flow did. */
export interface FlowCoverage {
  readonly flowId: string;
  /** Generations of executions that were counted, also those that have not settled. */
  readonly executions: number;
  /** Those taken most first. */
  readonly transitions: readonly CoveredTransition[];
  /** By step, of executions that have settled. */
  readonly steps: readonly CoveredStep[];
}

export interface CoverageOptions {
  readonly flowId: string;
  /** Only executions of this definition. */
  readonly digest?: string | undefined;
  /** Only executions that were created at this time or later, epoch ms. */
  readonly since?: number | undefined;
}

/** Durations kept of a step, at most: with more runs percentiles are those of the latest. */
const maxDurations = 20_000;

/** How far an execution has been counted. */
interface Place {
  readonly executionId: string;
  readonly generation: number;
  /** The last transition counted. */
  after: number;
  readonly states: Map<string, string>;
}

interface StepCount {
  runs: number;
  failures: number;
  readonly durations: number[];
}

/**
 * Counts what the executions of a flow did, by their journals, a slice at a time; goes on later from where it stopped.
 *
 * Runs no machine: an entry of the journal says which state it led to, and the one before it of the same actor where from.
 * Events that were ignored are not counted. Of executions that were kept from an earlier generation only what ran is.
 */
export class CoverageCounter {
  readonly #reader: RecordReader;
  readonly #options: CoverageOptions;
  readonly #counts = new Map<string, { readonly key: Omit<CoveredTransition, 'count'>; count: number }>();
  readonly #steps = new Map<string, StepCount>();
  /** Executions that had not settled when they were last looked at, by key. */
  readonly #open = new Map<number, Place>();
  readonly #seen = new Set<number>();
  /** Ids of steps by position, and which of them run once per item, by digest. */
  readonly #definitions = new Map<string, { readonly ids: readonly string[]; readonly fanOuts: ReadonlySet<string> }>();
  /** Executions that have been listed up to this key. */
  #listed = 0;
  /** Found, and not looked at yet. */
  #next: ExecutionRecord[] = [];
  /** Open ones that have been looked at since the list was read to its end. */
  readonly #fresh = new Set<number>();

  constructor(reader: AnyReader, options: CoverageOptions) {
    requireKnownKeys(options, { flowId: true, digest: true, since: true }, '`CoverageCounter`');
    this.#reader = openReader(reader);
    this.#options = options;
  }

  /**
   * Counts on, over about so many rows of the journal.
   *
   * @returns whether it has come to the end: all that was stored when it last began anew is counted. Call it again for what
   * came since
   */
  async advance(maxRows = 2_000): Promise<boolean> {
    for (let left = maxRows; left > 0;) {
      const record = await this.#take();
      if (!record) {
        this.#fresh.clear();
        return true;
      }
      left -= 1 + (await this.#count(record, left));
    }
    return false;
  }

  /** What has been counted so far. */
  read(): FlowCoverage {
    const steps = [...this.#steps].map(([stepId, { runs, failures, durations }]): CoveredStep => {
      const sorted = durations.toSorted((a, b) => a - b);
      // The nearest rank: the least time that at least so many runs kept within.
      const percentile = (part: number): number | null => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? null;
      return { stepId, runs, failures, p50Ms: percentile(0.5), p95Ms: percentile(0.95), p99Ms: percentile(0.99) };
    });
    const transitions = [...this.#counts.values()].map(({ key, count }) => ({ ...key, count })).toSorted((a, b) => b.count - a.count);
    return { flowId: this.#options.flowId, executions: this.#seen.size, transitions, steps };
  }

  /** The next execution to look at: those that were found first, then new ones, then those that had not settled. */
  async #take(): Promise<ExecutionRecord | undefined> {
    const { flowId, digest, since = 0 } = this.#options;
    for (;;) {
      const found = this.#next.shift();
      if (found) return found;
      const page = await this.#reader.listExecutions({ flowId, order: 'oldest', after: this.#listed, limit: 500 });
      if (page.length === 0) break;
      for (const record of page) {
        this.#listed = Math.max(this.#listed, record.key);
        // Only the newest generation is listed.
        const all = record.generation > 1 ? await this.#reader.listGenerations(record.executionId, record.generation) : [record];
        this.#next.push(...all.filter(one => !this.#seen.has(one.key) && (digest === undefined || one.digest === digest) && one.createdAt >= since));
      }
    }
    for (const [key, { executionId, generation }] of this.#open) {
      if (this.#fresh.has(key)) continue;
      const record = await this.#reader.getExecution(executionId, generation);
      if (record) return record;
      // Deleted meanwhile.
      this.#open.delete(key);
    }
    return undefined;
  }

  /** Counts an execution on from where it was left, or a part of it. Returns the rows read. */
  async #count(record: ExecutionRecord, maxRows: number): Promise<number> {
    const { key, executionId, generation, digest, settledAt } = record;
    const place = this.#open.get(key) ?? { executionId, generation, after: 0, states: new Map<string, string>() };
    this.#seen.add(key);
    this.#open.set(key, place);
    const { fanOuts } = await this.#readDefinition(digest);
    let read = 0;
    for (;;) {
      const before = place.after;
      const rows = await this.#reader.readJournal(key, before, Math.max(2, Math.min(1_000, maxRows - read)));
      for (const row of rows) this.#countRow(row.seq, row.entries, place, fanOuts);
      read += rows.length;
      if (place.after === before) break;
      if (read >= maxRows) {
        this.#next.unshift(record);
        return read;
      }
    }
    if (settledAt === null) this.#fresh.add(key);
    else {
      this.#open.delete(key);
      read += await this.#countAttempts(key, digest);
    }
    return read;
  }

  #countRow(seq: number, text: string, place: Place, fanOuts: ReadonlySet<string>): void {
    for (const [index, [address, { type }, state]] of readEntries(JSON.parse(text) as readonly (readonly unknown[])[]).entries()) {
      const number = seq + index;
      if (number <= place.after) continue;
      place.after = number;
      if (state === null) continue;
      const machine = address === '' ? 'flow' : fanOuts.has(address) ? 'fanOut' : 'step';
      const from = place.states.get(address) ?? 'pending';
      place.states.set(address, state);
      const id = `${machine} ${from} ${type} ${state}`;
      const known = this.#counts.get(id);
      if (known) known.count++;
      else this.#counts.set(id, { key: { machine, from, event: type, to: state }, count: 1 });
    }
  }

  async #countAttempts(key: number, digest: string): Promise<number> {
    const attempts = await this.#reader.listAttempts(key);
    const { ids } = await this.#readDefinition(digest);
    for (const { position, status, startedAt, endedAt } of attempts) {
      const stepId = ids[position];
      if (stepId === undefined) continue;
      const step = this.#steps.get(stepId) ?? { runs: 0, failures: 0, durations: [] };
      this.#steps.set(stepId, step);
      step.runs++;
      if (status === 'failed') step.failures++;
      if (status === 'completed' || status === 'failed') step.durations.push(endedAt - startedAt);
      if (step.durations.length > maxDurations) step.durations.splice(0, maxDurations / 10);
    }
    return attempts.length;
  }

  async #readDefinition(digest: string): Promise<{ readonly ids: readonly string[]; readonly fanOuts: ReadonlySet<string> }> {
    const known = this.#definitions.get(digest);
    if (known) return known;
    const record = await this.#reader.getDefinition(digest);
    const { steps = [] } = (record ? JSON.parse(record.definition) : {}) as { readonly steps?: readonly { readonly id: string; readonly for_each?: unknown }[] };
    const read = { ids: steps.map(({ id }) => id), fanOuts: new Set(steps.filter(step => step.for_each !== undefined).map(({ id }) => id)) };
    this.#definitions.set(digest, read);
    return read;
  }
}

/** Counts all that the stored executions of a flow did; see {@link CoverageCounter}. */
export async function readCoverage(reader: AnyReader, options: CoverageOptions): Promise<FlowCoverage> {
  const counter = new CoverageCounter(reader, options);
  while (!(await counter.advance())) await new Promise<void>(resolve => setImmediate(resolve));
  return counter.read();
}
