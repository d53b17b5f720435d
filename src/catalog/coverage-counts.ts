import type { RecordReader } from '../../persistence/store.ts';
import { CoverageCounter, type CoverageOptions, type FlowCoverage } from './read-coverage.ts';

/** Counters that are kept: whoever comes back to one of them only waits for what came since. */
const maxCounters = 8;
/** Rows of journals read for one answer. */
const rowsAtOnce = 4_000;

/** What has been counted so far. */
export interface CoverageAnswer {
  readonly coverage: FlowCoverage;
  /** Everything that was stored is in it. */
  readonly isDone: boolean;
  /** Of the newest execution that counts; null: there is none. */
  readonly definition: unknown;
  readonly digest: string | null;
}

interface Counting {
  readonly counter: CoverageCounter;
  /** The slice that is under way: slices of one counter go one after the other. */
  last: Promise<boolean>;
}

/** Counts for whoever asks, a slice at a time. */
export class CoverageCounts {
  readonly #reader: RecordReader;
  readonly #counters = new Map<string, Counting>();

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  async advance(options: CoverageOptions): Promise<CoverageAnswer> {
    const { flowId, digest, since } = options;
    const key = JSON.stringify([flowId, digest, since]);
    const counting = this.#counters.get(key) ?? { counter: new CoverageCounter(this.#reader, options), last: Promise.resolve(false) };
    this.#counters.delete(key);
    this.#counters.set(key, counting);
    const [oldest] = this.#counters.keys();
    if (this.#counters.size > maxCounters && oldest !== undefined) this.#counters.delete(oldest);
    const slice = counting.last.catch(() => false).then(() => counting.counter.advance(rowsAtOnce));
    counting.last = slice;
    const isDone = await slice;
    const [newest] = digest === undefined ? await this.#reader.listExecutions({ flowId, order: 'newest', limit: 1 }) : [{ digest }];
    const record = newest && (await this.#reader.getDefinition(newest.digest));
    return { coverage: counting.counter.read(), isDone, definition: record ? (JSON.parse(record.definition) as unknown) : null, digest: newest?.digest ?? null };
  }
}
