import type { Logger } from '../../core/logger.ts';
import type { AnyReader } from '../../../persistence/records/open-records.ts';
import type { StepFailure } from '../../core/failure.ts';
import type { Queue } from './define-queue.ts';
import type { PublishOptions } from '../contract/publishing.ts';
import type { Published } from './queue-commands.ts';
import type { QueueSettings } from './queue-settings.ts';

export type { PublishOptions } from '../contract/publishing.ts';

/** What a message's handler is called with. */
export interface MessageCall<Payload = unknown> {
  readonly payload: Payload;
  readonly messageId: string;
  readonly queue: string;
  /** 1-based. A claim that was cut off is the same attempt again. */
  readonly attempt: number;
  /** Times a worker died with the message. */
  readonly interruptions: number;
  /** The same in every attempt of this message, until it is redriven: hand it to whatever must not happen twice. */
  readonly idempotencyKey: string;
  readonly priority: number;
  readonly correlationId: string | undefined;
  readonly partitionKey: string | undefined;
  /** Epoch ms. */
  readonly publishedAt: number;
  /** Aborts when the claim is lost and when the runtime stops. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /**
   * Keeps the message for longer: so many ms from now, by default the visibility timeout.
   *
   * @throws a `FlowError` with code `claim_lost` when another worker may have it by now
   */
  extend(ms?: number): Promise<void>;
  /** Publishes in the commit that acknowledges this message: both happen, or neither. Returns the id it will have. */
  publish<Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options?: PublishOptions): string;
  /** When the handler returns, the message goes to the dead letters, without another attempt. */
  deadLetter(reason: string): void;
  /** When the handler returns, the message waits so many ms; no attempt is counted. */
  snooze(ms: number): void;
}

/** Return: done. Throw: try again, as long as attempts are left. */
export type MessageHandler<Payload = unknown> = (call: MessageCall<Payload>) => unknown;

/** A handler with something of its own to open first, and to close at the end. */
export interface HandlerWithSetup<Payload, Resource> {
  /** One that throws is called again, later each time. */
  setup(): Resource | Promise<Resource>;
  handle(call: MessageCall<Payload>, resource: Resource): unknown;
  teardown?(resource: Resource): void | Promise<void>;
}

export interface ConsumeOptions {
  /** Workers, each of which claims and handles for itself. Default: the queue's. */
  readonly workers?: number;
  /** Messages a worker claims at once. Default 1. */
  readonly batchSize?: number;
  /** Handlers a worker runs at the same time. Default 1. */
  readonly concurrency?: number;
  /** Takes what is for this instance, too; from now on it gets a copy of everything published to all. */
  readonly instance?: string;
}

/** A consumer at work. */
export interface Consumer {
  readonly queue: string;
  readonly status: 'running' | 'backing off' | 'stopped';
  /** Handlers that run. */
  readonly running: number;
  /** Claims nothing more; resolves when its handlers have ended. */
  stop(): Promise<void>;
}

export interface QueueStats {
  readonly queue: string;
  /** Messages that have not settled. */
  readonly depth: number;
  /** Of these: waiting, claimed, and backing off. */
  readonly pending: number;
  readonly inFlight: number;
  readonly retrying: number;
  readonly dead: number;
  readonly completed: number;
  /** Since when the oldest unsettled message is there, epoch ms; null: none is. */
  readonly oldestAt: number | null;
  /** How long that is, ms. */
  readonly oldestAgeMs: number;
  /** Attempts beyond the first, of the messages completed in the last minute. */
  readonly retries: number;
  /** Messages completed per second, over the last minute. */
  readonly throughput: number;
  /** From visible to done, ms, of the messages completed in the last minute; null: none was. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
}

/** A message, and everything that happened to it. */
export interface MessageDetails {
  readonly messageId: string;
  readonly queue: string;
  readonly status: 'pending' | 'processing' | 'retrying' | 'completed' | 'dead';
  readonly priority: number;
  readonly version: number;
  readonly payload: unknown;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly interruptions: number;
  readonly generation: number;
  readonly instance: string | null;
  readonly correlationId: string | null;
  readonly partitionKey: string | null;
  readonly idempotencyKey: string | null;
  /** The step that published it, `<executionId>/<stepId>`. */
  readonly source: string | null;
  readonly publishedAt: number;
  readonly dueAt: number | null;
  readonly claimedBy: string | null;
  readonly claimedAt: number | null;
  readonly leaseUntil: number | null;
  readonly settledAt: number | null;
  /** Why the last attempt failed, or why it is dead. */
  readonly reason: StepFailure | null;
  readonly history: readonly { readonly at: number; readonly event: string; readonly state: string | null; readonly detail?: unknown }[];
}

/** A message on its way to another database. */
export interface OutboxMessage {
  readonly messageId: string;
  readonly at: string;
  readonly queue: string;
  readonly createdAt: number;
  readonly refusals: number;
  readonly dueAt: number | null;
  readonly reason: StepFailure | null;
}

/** What somebody should look at. */
export type QueueAlert =
  | { readonly type: 'dlq.grew'; readonly queue: string; readonly dead: number; readonly threshold: number }
  | { readonly type: 'queue.stalled'; readonly queue: string; readonly oldestAgeMs: number; readonly threshold: number }
  | { readonly type: 'database.grew'; readonly bytes: number; readonly threshold: number };

/** When there is something to look at. */
export interface QueueAlertThresholds {
  /** More dead messages than this in a queue. Default 10. */
  readonly dead?: number;
  /** A message that could be handled waits longer than this, ms. Default 5,000. */
  readonly latencyMs?: number;
}

/** Options of a runtime that are about queues. */
export interface QueueRuntimeOptions {
  /** Other databases whose queues are published to, by the name used in `at`: how they are opened for reading. */
  readonly remotes?: { readonly [name: string]: () => AnyReader } | undefined;
  readonly queues?: readonly Queue[] | undefined;
  /** What this deployment sets, by queue; the environment has the last word. */
  readonly queueSettings?: { readonly [queue: string]: QueueSettings } | undefined;
  readonly queueAlerts?: QueueAlertThresholds | undefined;
  readonly onQueueAlert?: ((alert: QueueAlert) => void) | undefined;
}

/** The part of a runtime that is about queues. */
export interface QueueRuntime {
  /**
   * Publishes a message; resolves when it is stored.
   *
   * @throws a `FlowError` with code `payload_invalid`, `value_too_large`, `queue_full` or `queue_without_instances`
   */
  publish<Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options?: PublishOptions): Promise<Published>;
  /** Publishes messages in one commit: all of them, or none. */
  publishMany<Given>(queue: Queue<unknown, string, Given> | string, messages: readonly ({ readonly payload: NoInfer<Given> } & PublishOptions)[]): Promise<readonly Published[]>;
  /** Begins to handle messages; goes on until it is stopped, whatever happens to single ones. */
  consume<Payload>(queue: Queue<Payload, string, unknown> | string, handler: MessageHandler<Payload>, options?: ConsumeOptions): Promise<Consumer>;
  consume<Payload, Resource = undefined>(queue: Queue<Payload, string, unknown> | string, handler: HandlerWithSetup<Payload, Resource>, options?: ConsumeOptions): Promise<Consumer>;
  readonly queues: QueueCare;
}

/** Looking after queues. */
export interface QueueCare {
  /** Of one queue, or of all that are declared or hold messages, by name. */
  stats(queue?: string): Promise<readonly QueueStats[]>;
  /** @throws a `FlowError` with code `message_not_found` */
  get(messageId: string): Promise<MessageDetails>;
  /** Messages with a status: settled ones newest first, all others in the order of publishing. Default: `pending`, at most 100. */
  peek(queue: string, options?: { readonly status?: MessageDetails['status']; readonly limit?: number }): Promise<readonly MessageDetails[]>;
  /** Lets dead messages begin anew: one, or all; resolves with how many did. */
  redrive(queue: string, messageId?: string): Promise<number>;
  /** Deletes dead messages, or completed ones; resolves with how many. */
  purge(queue: string, status?: 'dead' | 'completed'): Promise<number>;
  /** Instances that get what is published to all. */
  instances(): Promise<readonly { readonly queue: string; readonly instance: string; readonly registeredAt: number }[]>;
  /** Messages for other databases that their owners have not taken yet, in order; those refused for good have no `dueAt`. */
  outbox(options?: { readonly limit?: number }): Promise<readonly OutboxMessage[]>;
  /** An instance is gone for good: what waits for it goes to the dead letters. */
  forgetInstance(queue: string, instance: string): Promise<void>;
}
