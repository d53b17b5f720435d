import { z } from 'zod';

const at = z.number().int().nonnegative();
const count = z.number().int().nonnegative();
const failureRecord = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()).optional(),
});

const messageBase = {
  /** Number under which it is kept; given by the owner, rising, so that it is also the order of publishing. */
  key: z.number().int().positive(),
  /** The id it has everywhere, also in another database that it is relayed to. */
  messageId: z.string().min(1),
  queue: z.string().min(1),
  /** The one instance it is for; null: whichever worker is free. */
  instance: z.string().min(1).nullable(),
  /** The step that published it, `<executionId>/<stepId>`; null: none did. */
  source: z.string().nullable(),
  /** Version of the payload's form. */
  version: z.number().int().positive(),
  /** Higher goes first. */
  priority: z.number().int(),
  partitionKey: z.string().nullable(),
  correlationId: z.string().nullable(),
  idempotencyKey: z.string().nullable(),
  maxAttempts: z.number().int().positive(),
  maxInterruptions: z.number().int().positive(),
  publishedAt: at,
  /** Its place in time among those that wait: when it was published, made visible or redriven. */
  visibleAt: at,
  claim: count,
  attempt: count,
  interruptions: count,
  generation: z.number().int().positive(),
  /** Who holds or held the latest claim. */
  claimedBy: z.string().nullable(),
  claimedAt: at.nullable(),
  /** One of `turns`; null: it has settled. */
  turn: z.literal([1, 2, 3, 4, 5]).nullable(),
  /** JSON text. */
  payload: z.string(),
  /** Every change of state: JSON text of a list of `[at, event, state reached, detail?]`; null as state: refused. */
  history: z.string(),
};

/**
 * Where a message stands that has not settled.
 *
 * - `free`: it may be handed out, once its delay is over; of a partition and priority only one is, or was and is claimed or away.
 * - `claimed`: somebody has it.
 * - `away`: it was claimed, and comes back at its time; it keeps its place.
 * - `behind`: it waits for others of its partition and priority.
 * - `delayed`: it has a partition, and takes a place there when its delay is over.
 */
export const turns = { free: 1, claimed: 2, away: 3, behind: 4, delayed: 5 } as const;
export type Turn = (typeof turns)[keyof typeof turns];

/** One message, in one row for life. The columns are the machine's snapshot: `status` its value. */
export const messageRecord = z.discriminatedUnion('status', [
  z.object({ ...messageBase, status: z.literal('pending'), dueAt: at.nullable(), leaseUntil: z.null(), settledAt: z.null(), failure: failureRecord.nullable() }),
  z.object({ ...messageBase, status: z.literal('processing'), dueAt: z.null(), leaseUntil: at, settledAt: z.null(), failure: failureRecord.nullable() }),
  z.object({ ...messageBase, status: z.literal('retrying'), dueAt: at, leaseUntil: z.null(), settledAt: z.null(), failure: failureRecord }),
  z.object({ ...messageBase, status: z.literal('completed'), dueAt: z.null(), leaseUntil: z.null(), settledAt: at, failure: z.null() }),
  z.object({ ...messageBase, status: z.literal('dead'), dueAt: z.null(), leaseUntil: z.null(), settledAt: at, failure: failureRecord }),
]);
export type MessageRecord = z.infer<typeof messageRecord>;
export type MessageStatus = MessageRecord['status'];

/** What changes in a message's row after it was published. */
export type MessageChange = Pick<
  MessageRecord,
  'key' | 'queue' | 'messageId' | 'status' | 'partitionKey' | 'turn' | 'claim' | 'attempt' | 'interruptions' | 'generation' | 'visibleAt' | 'dueAt' | 'leaseUntil' | 'claimedBy' | 'claimedAt' | 'failure' | 'settledAt'
> & {
  /** What is added to the history: JSON text of its entries, without the brackets around them; empty: nothing. */
  readonly entries: string;
};

/** An idempotency key that is remembered. */
export interface MessageKeyRecord {
  readonly queue: string;
  readonly idempotencyKey: string;
  readonly messageId: string;
  /** Until then a second publish with the key is a duplicate, epoch ms. */
  readonly expiresAt: number;
}

/** A process, by the name it goes by, that gets a copy of what is published to all. */
export interface InstanceRecord {
  readonly queue: string;
  readonly instance: string;
  readonly registeredAt: number;
}

/** A message for a queue of another database, until that one's owner has taken it. */
export interface OutboxRecord {
  readonly key: number;
  /** Name of the other database, as the runtime knows it. */
  readonly target: string;
  readonly messageId: string;
  /** The publish as it is sent, JSON text. */
  readonly request: string;
  readonly createdAt: number;
  /** Times it was refused. */
  readonly refusals: number;
  /** When it is tried next, epoch ms; null: it was refused for good and is kept for people to see. */
  readonly dueAt: number | null;
  /** Why it was refused last, JSON text of a failure. */
  readonly failure: string | null;
}

/** A step that waits for a message. */
export interface MessageWaiterRecord {
  readonly executionId: string;
  readonly position: number;
  readonly item: number;
  readonly queue: string;
  /** null: any message of the queue. */
  readonly correlationId: string | null;
  /** Name of the signal with which the message reaches it. */
  readonly signal: string;
}
