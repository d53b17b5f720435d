import type { GroupStats } from '../catalog/compute-stats.ts';
import type { StatsOptions } from '../catalog/read-stats.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import type { FeedOptions } from '../engine/feed/feed-options.ts';
import type { FeedPage } from '../engine/feed/feed.ts';
import type { ExecutionDetails, ExecutionSummary, ResumeOptions, RetryOptions, SettledExecution, SignalOptions, StartOptions } from '../kinds/flows/execution-api.ts';
import type { ListOptions } from '../kinds/flows/list-executions.ts';
import type { PublishOptions } from '../kinds/queues/queue-api.ts';
import type { ClaimedMessage, Outcome, Published, Receipt } from '../kinds/queues/queue-commands.ts';

/** A page of executions. */
export interface ExecutionPage {
  readonly executions: readonly ExecutionSummary[];
  /** Give it as `after` to get the next page; null: this was the last. */
  readonly next: string | null;
}

export interface ListPageOptions extends ListOptions {
  /** `next` of the page before. */
  readonly after?: string;
}

export interface ClaimOptions {
  /** Messages at once, at most. Default 1. */
  readonly max?: number;
  /** How long they are held without a word, ms. Default 30,000. */
  readonly leaseMs?: number;
  /** Takes what is for this instance, too. */
  readonly instance?: string;
  /** Gives up waiting; what is returned is empty then. */
  readonly signal?: AbortSignal;
}

/** A definition that was taken over. */
export interface UpsertedFlow {
  readonly flowId: string;
  readonly version: string;
  readonly digest: string;
  readonly status: 'new' | 'changed' | 'unchanged';
}

/**
 * Everything that can be asked of whoever owns a database, from any process.
 *
 * What changes something resolves when it is stored. When the owner dies before it has answered, the next one is asked,
 * and does it once. Secrets, and keys of well-known forms, are taken out of what is told, but for messages that were claimed.
 *
 * Every call throws the owner's own `FlowError`s; a client with a time limit also `owner_unreachable` and `owner_silent`.
 */
export interface RuntimeClient {
  /** Starts a flow that the owner has. `created` is false when it met an execution with the same idempotency key. */
  start(flow: string | FlowDefinition, options?: StartOptions): Promise<{ readonly executionId: string; readonly created: boolean }>;
  get(executionId: string, options?: { readonly generation?: number; readonly items?: boolean }): Promise<ExecutionDetails>;
  list(options?: ListPageOptions): Promise<ExecutionPage>;
  /** Resolves when the execution has settled, also when it failed. */
  settled(executionId: string): Promise<SettledExecution>;
  signal(executionId: string, name: string, payload?: unknown, options?: SignalOptions): Promise<void>;
  /** False: the execution had settled before. */
  cancel(executionId: string, message?: string): Promise<boolean>;
  /** Resolves with the number of the new generation. */
  retry(executionId: string, options?: RetryOptions): Promise<number>;
  resume(executionId: string, options?: ResumeOptions): Promise<void>;
  /** Deletes settled executions: all of those named, or none. Resolves with how many. */
  delete(executionIds: string | readonly string[]): Promise<number>;
  /** Deletes executions that settled before a time, epoch ms; at most `limit`, default 1,000. Resolves with how many. */
  prune(settledBefore: number, limit?: number): Promise<number>;
  /** Publishes to a queue that the owner declares. */
  publish(queue: string, payload: unknown, options?: PublishOptions): Promise<Published>;
  /** Publishes messages in one commit: all of them, or none. */
  publishMany(queue: string, messages: readonly ({ readonly payload: unknown } & PublishOptions)[]): Promise<readonly Published[]>;
  /** Waits for messages; whoever has claimed one answers it, before its lease ends. */
  claim(queue: string, options?: ClaimOptions): Promise<readonly ClaimedMessage[]>;
  /** Says what became of a message; resolves with whether the claim was still held. */
  answer(message: Receipt, outcome: Outcome): Promise<boolean>;
  /** Lets dead messages begin anew: one, or all; resolves with how many did. */
  redrive(queue: string, messageId?: string): Promise<number>;
  /** Deletes settled messages, default dead ones; resolves with how many. */
  purge(queue: string, status?: 'dead' | 'completed'): Promise<number>;
  /** Sends an event to an actor; false: it had ended before. */
  send(address: string, event: { readonly type: string }): Promise<boolean>;
  /** Stops an actor, with all below it; false: it had ended before. */
  stop(address: string): Promise<boolean>;
  /**
   * Takes definitions of flows over, YAML or JSON texts: all of them or none. From now on they are what is started.
   *
   * @throws a `FlowError` with code `definition_invalid`
   */
  upsert(flows: readonly { readonly text: string; readonly file?: string }[]): Promise<readonly UpsertedFlow[]>;
  /** Tells everything that happens, as `runtime.feed()`; goes on where it was when another process owns the database. */
  feed(options?: FeedOptions): AsyncIterable<FeedPage>;
  /** Runs, scores and times, by a label. */
  stats(options?: StatsOptions): Promise<readonly GroupStats[]>;
  /** Ends it; what waits for an answer fails with `client_closed`. */
  close(): void;
}
