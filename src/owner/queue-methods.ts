import { z } from 'zod';
import { defineMethod, defineTopic } from './method.ts';

const text = z.string().min(1).max(2_000);
const ms = z.number().nonnegative().max(100 * 366 * 86_400_000);
const count = z.int().positive().max(1_000_000);
const receipt = z.strictObject({ key: z.int().positive(), messageId: text, claim: z.int().positive() });
const failure = z.strictObject({
  code: text, message: z.string(), retryable: z.boolean(), details: z.record(z.string(), z.unknown()).optional(),
});
const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/);
const messageId = z.string().min(1).max(500);

/** A message of whoever knows the queue: everything is said. */
const queueRequest = z.strictObject({
  messageId,
  queue: name,
  payload: z.string().min(1).describe('JSON text'),
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

/** A message of whoever leaves to the owner what it does not say. */
const message = z.strictObject({
  messageId,
  payload: z.unknown(),
  priority: z.union([z.number(), z.enum(['low', 'normal', 'high', 'urgent'])]).optional(),
  delay: z.union([z.number(), z.string()]).optional(),
  idempotencyKey: z.string().optional(),
  correlationId: z.string().optional(),
  partitionKey: z.string().optional(),
  to: z.union([z.enum(['one', 'all']), z.strictObject({ instance: text })]).optional(),
  version: z.int().positive().optional(),
  at: z.string().optional(),
});

const outcome = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ack'), publishes: z.array(queueRequest).max(10_000).readonly().optional() }),
  z.strictObject({ type: z.literal('fail'), failure, retryAfterMs: ms }),
  z.strictObject({ type: z.literal('bury'), failure }),
  z.strictObject({ type: z.literal('snooze'), ms }),
  z.strictObject({ type: z.literal('extend'), ms }),
  z.strictObject({ type: z.literal('release') }),
]);

/** What can be asked of queues. */
export const queueMethods = {
  publish: defineMethod({
    scope: 'run', repeats: 'key', about: 'Publishes messages to a queue that the owner declares: all of them, or none.',
    params: z.strictObject({ queue: z.string(), messages: z.array(message).min(1).max(100_000).readonly() }),
  }),
  enqueue: defineMethod({
    scope: 'run', repeats: 'params', about: 'As `publish`, for a process that declares the queue itself.',
    params: z.strictObject({ requests: z.array(queueRequest).min(1).max(100_000).readonly() }),
  }),
  claim: defineMethod({
    scope: 'run', repeats: 'params', about: 'Asks for messages; they come over the subscription to `messages`.',
    params: z.strictObject({ id: z.int().describe('given back with the messages'), queue: text, instance: text.nullable(), max: count, leaseMs: ms }),
  }),
  unclaim: defineMethod({
    scope: 'run', repeats: 'params', about: 'Asks for no messages any more.', params: z.strictObject({ id: z.int() }),
  }),
  answer: defineMethod({
    scope: 'run', repeats: 'params', about: 'Says what became of a message; answers whether the claim was still held.',
    params: z.strictObject({ receipt, outcome }),
  }),
  register: defineMethod({
    scope: 'run', repeats: 'params', about: 'Makes an instance known, which gets what is published to all.',
    params: z.strictObject({ queue: text, instance: text }),
  }),
  forget: defineMethod({
    scope: 'operate', repeats: 'params', about: 'An instance is gone for good.', params: z.strictObject({ queue: text, instance: text }),
  }),
  redrive: defineMethod({
    scope: 'operate', repeats: 'key', about: 'Lets dead messages begin anew; answers with how many.',
    params: z.strictObject({ queue: text, messageId: text.optional(), limit: count }),
  }),
  purge: defineMethod({
    scope: 'operate', repeats: 'params', about: 'Deletes settled messages; answers with how many.',
    params: z.strictObject({ queue: text, status: z.enum(['dead', 'completed']) }),
  }),
};

export const topics = {
  feed: defineTopic({
    scope: 'read', about: 'Everything that happens, from now on or after a cursor, or after `start`. The snapshot has no data.',
    params: z.strictObject({ topics: z.array(z.string().max(600)).max(1_000).readonly().optional().describe('as of `runtime.feed`') }),
  }),
  messages: defineTopic({
    scope: 'run', about: 'Messages that were claimed over this connection (`deliver`), and claims that ran out (`lose`).',
    params: z.strictObject({
      client: z.string().regex(/^guest:[a-z0-9-]{1,80}$/).describe('under which claims are kept, whoever owns the queues'),
      receipts: z.array(receipt).max(100_000).readonly().describe('claims that are still worked on; all others come back'),
    }),
  }),
};
