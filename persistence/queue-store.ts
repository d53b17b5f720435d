import type { Answer } from './answer.ts';
import type { InstanceRecord, MessageChange, MessageKeyRecord, MessageRecord, MessageStatus, MessageWaiterRecord, OutboxRecord, Turn } from './queue-records.ts';

/** What one tick changed in the queues. */
export interface QueueBatch {
  /** When it was; epoch ms. */
  readonly at: number;
  /** Inserted. A message id that is in use fails the commit. */
  readonly published: readonly MessageRecord[];
  /** Dead messages that begin again; one that is not dead fails the commit. */
  readonly redriven: readonly MessageChange[];
  /** Messages that are unsettled and moved, also redriven ones; one that has settled fails the commit. */
  readonly moved: readonly MessageChange[];
  /** Messages that are unsettled and took another `turn`; nothing else of them changed. Written after `moved`. */
  readonly turned?: readonly { readonly key: number; readonly turn: Turn }[];
  /** Added to the history and nothing else, also of settled ones: answers that came too late. */
  readonly noted: readonly Pick<MessageChange, 'key' | 'entries'>[];
  /** Inserted, or replaced by (`queue`, `idempotencyKey`). */
  readonly messageKeys: readonly MessageKeyRecord[];
  readonly instances: { readonly registered: readonly InstanceRecord[]; readonly forgotten: readonly Pick<InstanceRecord, 'queue' | 'instance'>[] };
  /** Inserted, or replaced by `key`; `sent`: keys that go. */
  readonly outbox: { readonly put: readonly OutboxRecord[]; readonly sent: readonly number[] };
  /** Inserted, or replaced by (`executionId`, `position`, `item`). */
  readonly waiters: { readonly put: readonly MessageWaiterRecord[]; readonly gone: readonly Pick<MessageWaiterRecord, 'executionId' | 'position' | 'item'>[] };
}

/** A message that is not settled, without its history. */
export type OpenMessage = Omit<MessageRecord, 'payload' | 'history'> & {
  /** JSON text; null: it is long, and read when it is handed out. */
  readonly payload: string | null;
};

type Value = number | string | null;

/** A stretch of messages in the order of an index; what its parts mean stands at `Request` of the tables. */
export interface MessageRequest {
  /** By turn and place, by time, by partition, or by correlation id. */
  readonly index: 'messages_open' | 'messages_due' | 'messages_lane' | 'messages_correlated';
  readonly prefix: readonly Value[];
  readonly from?: Value;
  readonly to?: Value;
  readonly after?: readonly Value[];
  readonly order?: 'rising' | 'falling';
  readonly limit?: number;
}

export interface ListMessagesParams {
  readonly queue: string;
  readonly status: MessageStatus;
  /** At most; default 100. */
  readonly limit?: number;
  /** Continue after this key. Settled messages come newest first, all others in the order of their keys. */
  readonly after?: number;
}

/** How many messages of a queue have a status, and since when the oldest of them is there. */
export interface MessageCount {
  readonly queue: string;
  readonly status: MessageStatus;
  readonly count: number;
  /** Least `visibleAt` among them; of settled ones least `settledAt`. */
  readonly oldestAt: number;
}

/** When a completed message was published, claimed last, and done. */
export interface MessageTimes {
  readonly publishedAt: number;
  readonly visibleAt: number;
  readonly claimedAt: number;
  readonly settledAt: number;
  readonly attempt: number;
}

export interface PruneMessagesParams {
  readonly queue: string;
  readonly status: 'completed' | 'dead';
  /** Those settled before this time go, epoch ms. */
  readonly settledBefore: number;
  /** At most; default 1,000. */
  readonly limit?: number;
}

/** The queues as any number of processes may read them. */
export interface QueueReader {
  getMessage(messageId: string): Answer<MessageRecord | undefined>;
  /** A message's payload, JSON text. */
  getMessagePayload(key: number): Answer<string | undefined>;
  listMessages(params: ListMessagesParams): Answer<MessageRecord[]>;
  /** By queue and status; those that are settled, too. */
  countMessages(): Answer<MessageCount[]>;
  /** Messages of a queue completed since then, the newest first. */
  listMessageTimes(queue: string, since: number, limit: number): Answer<MessageTimes[]>;
  /** The message an idempotency key stands for at that time. */
  findMessageByKey(queue: string, idempotencyKey: string, now: number): Answer<string | undefined>;
  listInstances(): Answer<InstanceRecord[]>;
  /** By key, above `afterKey`. */
  listOutbox(afterKey: number, limit: number): Answer<OutboxRecord[]>;
  /** By execution and step, behind `after`. */
  listMessageWaiters(after: Pick<MessageWaiterRecord, 'executionId' | 'position' | 'item'> | undefined, limit: number): Answer<MessageWaiterRecord[]>;
}

/** What the owner does beside committing. */
export interface QueueStore extends QueueReader {
  /** The highest message key and outbox key in use, and the latest `visibleAt` given out in order; 0 for none. */
  getQueueMarks(): Answer<{ readonly messageKey: number; readonly outboxKey: number; readonly publishedAt: number }>;
  /** Unsettled messages, all of one moment. */
  readMessages(requests: readonly MessageRequest[]): Answer<OpenMessage[][]>;
  /** Queues that hold messages, settled or not, with how many are unsettled, and how many dead. */
  countQueues(): Answer<{ readonly queue: string; readonly unsettled: number; readonly dead: number }[]>;
  /** Deletes settled messages, the oldest first; returns how many. */
  pruneMessages(params: PruneMessagesParams): Answer<number>;
  /** Forgets idempotency keys that have expired; returns how many. */
  pruneMessageKeys(now: number, limit: number): Answer<number>;
}
