import { z } from 'zod';
import type { ClaimedMessage, Receipt } from './queue-commands.ts';

const text = z.string().min(1).max(2_000);
const ms = z.number().nonnegative().max(100 * 366 * 86_400_000);
const count = z.int().positive().max(1_000_000);
const receipt = z.strictObject({ key: z.int().positive(), messageId: text, claim: z.int().positive() });
const failure = z.strictObject({ code: text, message: z.string(), retryable: z.boolean(), details: z.record(z.string(), z.unknown()).optional() });

const publishRequest = z.strictObject({
  messageId: z.string().min(1).max(500),
  queue: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/),
  payload: z.string().min(1),
  version: z.int().positive(),
  priority: z.int().gte(-1_000).lte(1_000),
  delayMs: ms,
  idempotencyKey: text.nullable(),
  dedupeWindowMs: ms,
  correlationId: text.nullable(),
  partitionKey: text.nullable(),
  to: z.union([z.literal('all'), z.strictObject({ instance: text })]).nullable(),
  maxAttempts: count,
  maxInterruptions: count,
  source: z.string().max(2_000).nullable(),
  at: text.nullable(),
  relayed: z.boolean(),
});

const outcome = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ack'), publishes: z.array(publishRequest).max(10_000).readonly().optional() }),
  z.strictObject({ type: z.literal('fail'), failure, retryAfterMs: ms }),
  z.strictObject({ type: z.literal('bury'), failure }),
  z.strictObject({ type: z.literal('snooze'), ms }),
  z.strictObject({ type: z.literal('extend'), ms }),
  z.strictObject({ type: z.literal('release') }),
]);

/** What another process may ask of the queues' owner. */
export const guestCommand = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('attach'), client: z.string().regex(/^guest:[a-z0-9-]{1,80}$/), receipts: z.array(receipt).max(100_000).readonly() }),
  z.strictObject({ type: z.literal('publish'), requests: z.array(publishRequest).min(1).max(100_000).readonly() }),
  z.strictObject({ type: z.literal('claim'), id: z.int(), queue: text, instance: text.nullable(), max: count, leaseMs: ms }),
  z.strictObject({ type: z.literal('unclaim'), id: z.int() }),
  z.strictObject({ type: z.literal('answer'), receipt, outcome }),
  z.strictObject({ type: z.literal('redrive'), queue: text, messageId: text.optional(), limit: count }),
  z.strictObject({ type: z.literal('register'), queue: text, instance: text }),
  z.strictObject({ type: z.literal('forget'), queue: text, instance: text }),
  z.strictObject({ type: z.literal('purge'), queue: text, status: z.enum(['dead', 'completed']) }),
  z.strictObject({ type: z.literal('leave') }),
]);
export type GuestCommand = z.infer<typeof guestCommand>;

/** The answer to one command. */
export type GuestAnswer = { readonly value: unknown } | { readonly error: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> | undefined } };

/** What the owner says unasked. */
export type GuestPush =
  | { readonly type: 'deliver'; readonly id: number; readonly messages: readonly ClaimedMessage[] }
  | { readonly type: 'lose'; readonly receipts: readonly Receipt[] };

/** A line from the owner: answers to a line of commands, or what it says unasked. */
export type OwnerLine =
  | { readonly id: number; readonly result: readonly GuestAnswer[] }
  | { readonly id: number | null; readonly error: { readonly code: string; readonly message: string } }
  | { readonly push: readonly GuestPush[] };
