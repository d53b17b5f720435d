import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { FeedEntry } from '../engine/feed/feed-entry.ts';
import type { RecordReader } from '../../persistence/store.ts';
import type { Metrics } from './metrics.ts';
import type { FeedSource } from './feed-source.ts';

/** Executions whose flow and times are remembered while they run. */
const maxExecutions = 10_000;
/** Steps whose begin is remembered. */
const maxSteps = 50_000;
const stepPart = '/step:';
const stepEnds: ReadonlySet<string | null> = new Set(['completed', 'failed', 'skipped', 'cancelled']);

/** Counts what the feed tells, from the first time on that somebody asks for the metrics: nobody who does not pays for it. */
export class FeedMetrics {
  readonly #reader: RecordReader;
  readonly #feed: FeedSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #executions: ReturnType<Metrics['counter']>;
  readonly #durations: ReturnType<Metrics['histogram']>;
  readonly #steps: ReturnType<Metrics['counter']>;
  readonly #stepDurations: ReturnType<Metrics['histogram']>;
  readonly #attempts: ReturnType<Metrics['counter']>;
  readonly #messages: ReturnType<Metrics['counter']>;
  readonly #faults: ReturnType<Metrics['counter']>;
  readonly #flows = new LRUCache<string, { readonly flowId: string; readonly createdAt: number }>({ max: maxExecutions });
  readonly #begun = new LRUCache<string, number>({ max: maxSteps });
  #following: AbortController | undefined;
  #lagMs = 0;

  constructor(metrics: Metrics, reader: RecordReader, feed: FeedSource, clock: Clock, logger: Logger) {
    this.#reader = reader;
    this.#feed = feed;
    this.#clock = clock;
    this.#logger = logger;
    this.#executions = metrics.counter('executions_total', 'Executions that have started or settled, since the metrics were first asked for', ['flow', 'status']);
    this.#durations = metrics.histogram('execution_duration_seconds', 'From start to end', ['flow', 'status']);
    this.#steps = metrics.counter('steps_total', 'Steps and items that have settled', ['status']);
    this.#stepDurations = metrics.histogram('step_duration_seconds', 'From the begin of the last run to the end', ['status']);
    this.#attempts = metrics.counter('attempts_total', 'Attempts that have ended', ['outcome']);
    this.#messages = metrics.counter('message_events_total', 'What happened to messages', ['queue', 'event']);
    this.#faults = metrics.counter('feed_faults_total', 'How often the feed has ended with an error');
    metrics.gauge('feed_lag_seconds', 'Age of the last entry of the feed when it was counted', () => this.#lagMs / 1_000);
  }

  begin(): void {
    if (this.#following) return;
    this.#following = new AbortController();
    void this.#follow(this.#following);
  }

  close(): void {
    this.#following?.abort();
  }

  async #follow(following: AbortController): Promise<void> {
    try {
      for await (const { entries } of this.#feed.follow({ signal: following.signal })) {
        for (const entry of entries) await this.#count(entry);
        const last = entries.at(-1);
        if (last) this.#lagMs = Math.max(0, this.#clock.now() - last.at);
      }
    } catch (error) {
      this.#faults.add();
      this.#logger.warn({ err: error }, 'the metrics of the server follow the feed no more until they are asked for again');
    } finally {
      this.#following = undefined;
    }
  }

  async #count(entry: FeedEntry): Promise<void> {
    if (entry.kind === 'queue') return this.#messages.add({ queue: entry.id, event: entry.event.type });
    if (entry.kind !== 'flow' || entry.seq === undefined) return;
    const { address, state, event, at } = entry;
    if (!address.includes(stepPart)) return this.#countExecution(entry);
    if (event.type.startsWith('attempt.')) this.#attempts.add({ outcome: event.type.slice('attempt.'.length) });
    if (state === 'running') this.#begun.set(address, at);
    if (!stepEnds.has(state)) return;
    this.#steps.add({ status: state ?? '' });
    const begun = this.#begun.get(address);
    if (begun !== undefined) this.#stepDurations.observe((at - begun) / 1_000, { status: state ?? '' });
    this.#begun.delete(address);
  }

  async #countExecution({ id, state, at, seq }: FeedEntry): Promise<void> {
    const ends = state === 'scored' || state === 'failed';
    if (!ends && seq !== 1) return;
    const known = this.#flows.get(id) ?? (await this.#reader.getExecution(id));
    // It was deleted since.
    if (!known) return;
    const { flowId, createdAt } = known;
    if (!ends) this.#flows.set(id, { flowId, createdAt });
    this.#executions.add({ flow: flowId, status: ends ? state : 'started' });
    if (ends) this.#durations.observe((at - createdAt) / 1_000, { flow: flowId, status: state });
  }
}
