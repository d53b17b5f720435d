import type { RecordReader } from '../../persistence/store.ts';
import type { FeedEntry } from '../engine/feed/feed-entry.ts';

/** Which executions are meant. */
export interface ExecutionCondition {
  readonly flowId?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

interface Facts {
  readonly flowId: string | undefined;
  readonly labels: ReadonlyMap<string, string>;
}

/** Executions that are known at the same time. */
const maxKnown = 10_000;

/** Knows of which flow an execution is, and what it is labelled with: an entry of the feed does not say so. Read once for all. */
export class ExecutionFacts {
  readonly #reader: RecordReader;
  readonly #known = new Map<string, Facts>();

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /** Reads what is not known yet of the executions of these entries. */
  async learn(entries: readonly FeedEntry[]): Promise<void> {
    for (const { kind, id, event } of entries) {
      if (kind !== 'flow') continue;
      if (event.type === 'labels.set') this.#known.delete(id);
      if (!this.#known.has(id)) this.#keep(id, await this.#read(id));
    }
  }

  /** Whether all executions of these entries are known. */
  knows(entries: readonly FeedEntry[]): boolean {
    return entries.every(({ kind, id }) => kind !== 'flow' || this.#known.has(id));
  }

  /** Of an execution that is not known, or gone: no. */
  readonly meets = ({ flowId, labels = {} }: ExecutionCondition, executionId: string): boolean => {
    const facts = this.#known.get(executionId);
    if (!facts || (flowId !== undefined && facts.flowId !== flowId)) return false;
    return Object.entries(labels).every(([name, value]) => facts.labels.get(name) === value);
  };

  async #read(executionId: string): Promise<Facts> {
    const record = await this.#reader.getExecution(executionId);
    const labels = (await this.#reader.catalog?.listLabels(executionId)) ?? [];
    return { flowId: record?.flowId, labels: new Map(labels.map(({ name, value }) => [name, value])) };
  }

  #keep(id: string, facts: Facts): void {
    this.#known.set(id, facts);
    if (this.#known.size > maxKnown) for (const oldest of this.#known.keys()) return void this.#known.delete(oldest);
  }
}
