import type { RetryPolicy } from '../../core/backoff.ts';
import type { StandardSchema } from '../../core/standard-schema.ts';
import type { Envelope } from '../../engine/kind.ts';

/** Ms as a number, or as written in flows: `30s`, `1h30m`, `7d`. */
export type Duration = number | string;

/** How urgent a message is: a word, or an integer from -1,000 to 1,000; higher goes first. */
export type Priority = 'low' | 'normal' | 'high' | 'urgent' | number;

/** Lifts a payload from one version to the next; what it throws sends the message to the dead letters. */
export type Upgrade = (payload: never) => unknown;

/** A queue that was declared: every default filled in, durations in ms. `Given` is what is published, `Payload` what its schema makes of it. */
export interface Queue<Payload = unknown, Name extends string = string, Given = Payload> {
  readonly name: Name;
  readonly schema: StandardSchema<Given, Payload> | undefined;
  readonly version: number;
  readonly upgrades: { readonly [version: number]: Upgrade };
  readonly workers: number;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly maxInterruptions: number;
  readonly backoff: RetryPolicy;
  readonly visibilityTimeoutMs: number;
  readonly retention: { readonly completedMs: number | null; readonly deadMs: number | null };
  readonly dedupeWindowMs: number;
  readonly ageingMs: number | null;
  readonly maxPayloadBytes: number;
  readonly maxDepth: number;
}

export interface PublishOptions {
  /** Higher goes first. Default: the queue's. */
  readonly priority?: Priority;
  /** Not to be handled before; ms, or as `5m`. */
  readonly delay?: Duration;
  /** Published again with the same key, within the queue's `dedupeWindow`, it is the same message. */
  readonly idempotencyKey?: string;
  /** Names a conversation: the reply carries the id of the request. */
  readonly correlationId?: string;
  /** Messages with the same key are handled one after the other, within a priority in the order of publishing. */
  readonly partitionKey?: string;
  /** `one` worker, whichever is free (default); the workers of one instance; or `all` instances, each once. */
  readonly to?: 'one' | 'all' | { readonly instance: string };
  /** Version of the payload's form. Default: the queue's. */
  readonly version?: number;
  /** The database whose queue it is, by its name in `remotes`: it is stored here, and carried there. Default: this one. */
  readonly at?: string;
}

/** A publish as it is decided in a tick: checked, its payload as JSON text. */
export interface PublishRequest {
  readonly messageId: string;
  readonly queue: string;
  /** JSON text. */
  readonly payload: string;
  readonly version: number;
  readonly priority: number;
  readonly delayMs: number;
  readonly idempotencyKey: string | null;
  readonly dedupeWindowMs: number;
  readonly correlationId: string | null;
  readonly partitionKey: string | null;
  /** Null: whichever worker is free. */
  readonly to: { readonly instance: string } | 'all' | null;
  readonly maxAttempts: number;
  readonly maxInterruptions: number;
  readonly source: string | null;
  /** The other database whose queue it is for, as the runtime knows it; null: this one. */
  readonly at: string | null;
  /** It comes from another database's outbox, and may have come before. */
  readonly relayed: boolean;
}

/** A step that waits for a message, or does so no longer. */
export interface StepWait {
  readonly executionId: string;
  readonly position: number;
  readonly item: number;
  /** Under which the message reaches it. */
  readonly signal: string;
  readonly queue: string;
  /** null: any message of the queue. */
  readonly correlationId: string | null;
  /** `received`: it has the message; `over`: it waits no longer, and has none. */
  readonly state: 'waiting' | 'received' | 'over';
}

/** What flows know of the queues: how a step's handler publishes, and how a step waits for a message. */
export interface StepPublishing {
  /** Checks a publish at once; it is applied with the step's success. @throws a `FlowError` when it can never be published */
  readonly toRequest: <Given>(queue: Queue<unknown, string, Given> | string, payload: NoInfer<Given>, options: PublishOptions | undefined, source: string) => PublishRequest;
  readonly toWaits: (waits: readonly StepWait[]) => Envelope;
  readonly toCommand: (requests: readonly PublishRequest[]) => Envelope;
}
