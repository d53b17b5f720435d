import type { OutboxRecord } from '../../../persistence/queue-records.ts';
import type { StepFailure } from '../../core/failure.ts';
import type { PublishRequest, StepWait } from '../contract/publishing.ts';

export type { PublishRequest, StepWait } from '../contract/publishing.ts';

/** What came of a publish. */
export interface Published {
  readonly messageId: string;
  /** The idempotency key was known: this is the message published then, and nothing new was stored. */
  readonly duplicate: boolean;
  /** Messages it became: one, or with `to: 'all'` one for each instance. */
  readonly copies: number;
}

/** A worker that would handle messages. */
export interface ClaimRequest {
  /** Unique among those of its link. */
  readonly id: number;
  readonly link: Link;
  readonly queue: string;
  readonly instance: string | null;
  /** Messages it takes at once. */
  readonly max: number;
  readonly leaseMs: number;
}

/** Whoever holds claims: the consumers of this process, or a connection of another one. */
export interface Link {
  /** Kept with the claim, so that it is known after a restart. */
  readonly name: string;
  /** After the commit. */
  deliver(requestId: number, messages: readonly ClaimedMessage[]): void;
  /** These claims ran out, or were taken away; what still comes for them is refused. */
  lose(receipts: readonly Receipt[]): void;
}

/** Names one claim of one message. */
export interface Receipt {
  readonly key: number;
  readonly messageId: string;
  readonly claim: number;
}

/** A message as a worker gets it. */
export interface ClaimedMessage extends Receipt {
  readonly queue: string;
  /** JSON text. */
  readonly payload: string;
  readonly version: number;
  readonly priority: number;
  readonly attempt: number;
  readonly interruptions: number;
  readonly generation: number;
  readonly partitionKey: string | null;
  readonly correlationId: string | null;
  readonly source: string | null;
  readonly publishedAt: number;
  readonly leaseUntil: number;
}

/** What a worker says about a message it has claimed. */
export type Outcome =
  | { readonly type: 'ack'; readonly publishes?: readonly PublishRequest[] | undefined }
  | { readonly type: 'fail'; readonly failure: StepFailure; readonly retryAfterMs: number }
  | { readonly type: 'bury'; readonly failure: StepFailure }
  | { readonly type: 'snooze'; readonly ms: number }
  | { readonly type: 'extend'; readonly ms: number }
  | { readonly type: 'release' };

/** What a step waits for. */
export interface Wish {
  readonly queue: string;
  /** null: any message of the queue. */
  readonly correlationId: string | null;
}

/** Everything the queues can be told in a tick. */
export type QueueCommand =
  | { readonly type: 'publish'; readonly requests: readonly PublishRequest[] }
  | { readonly type: 'claim'; readonly request: ClaimRequest }
  | { readonly type: 'unclaim'; readonly link: Link; readonly id: number }
  /** The answer is whether the claim was still held. */
  | { readonly type: 'answer'; readonly by: string; readonly receipt: Receipt; readonly outcome: Outcome }
  | { readonly type: 'attach'; readonly link: Link; readonly receipts: readonly Receipt[] }
  /** `released`: it stopped in good order; otherwise it died. */
  | { readonly type: 'hangUp'; readonly link: Link; readonly released: boolean }
  /** Claims of processes that are gone come back. */
  | { readonly type: 'reclaim'; readonly names: readonly string[] }
  /** What became of messages for another database. */
  | { readonly type: 'relayed'; readonly sent: readonly number[]; readonly refused: readonly OutboxRecord[] }
  | { readonly type: 'await'; readonly waits: readonly StepWait[] }
  /** What flows had claimed when their process died comes back; what is there is offered to the steps that wait for it. */
  | { readonly type: 'rematch'; readonly names: readonly string[]; readonly wishes: readonly Wish[] }
  /** Workers wait for messages that are stored and not in memory. */
  | { readonly type: 'refill' }
  /** `key`: only this message. */
  | { readonly type: 'due'; readonly key?: number | undefined }
  /** A message that cannot go on. */
  | { readonly type: 'bury'; readonly key: number; readonly failure: StepFailure }
  | { readonly type: 'redrive'; readonly queue: string; readonly messageId?: string | undefined; readonly limit: number }
  | { readonly type: 'register'; readonly queue: string; readonly instance: string }
  | { readonly type: 'forget'; readonly queue: string; readonly instance: string };
