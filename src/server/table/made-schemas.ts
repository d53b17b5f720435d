import { z } from 'zod';
import { count, failure, json, maybeTime, ms, time } from './values.ts';

export const artifactInfo = z.strictObject({
  name: z.string(),
  version: z.int().positive(),
  stepId: z.string(),
  item: count.optional(),
  attempt: z.int().positive(),
  kind: z.string(),
  contentType: z.string(),
  file: z.string().optional(),
  size: count.describe('Bytes'),
  sha256: z.string(),
  createdAt: time,
}).meta({ id: 'Artifact' });

const tokens = count.nullable();

export const interactionInfo = z.strictObject({
  number: z.int().positive(),
  stepId: z.string(),
  item: count.optional(),
  attempt: z.int().positive(),
  stage: z.string(),
  model: z.string(),
  status: z.enum(['pending', 'completed', 'failed', 'cancelled']),
  prompt: z.string(),
  response: z.string().nullable(),
  inputTokens: tokens,
  outputTokens: tokens,
  totalTokens: tokens,
  cost: z.number().nullable(),
  startedAt: time,
  settledAt: maybeTime,
  durationMs: z.number().nullable(),
  failure: failure.nullable(),
}).meta({ id: 'Interaction' });

const sum = { calls: count, pending: count, completed: count, failed: count, cancelled: count, inputTokens: count, outputTokens: count, totalTokens: count, cost: z.number(), durationMs: ms };
export const interactionTotals = z.strictObject({ ...sum, steps: z.array(z.strictObject({ stepId: z.string(), model: z.string(), ...sum })) }).meta({ id: 'InteractionTotals' });

export const queueStats = z.strictObject({
  queue: z.string(),
  depth: count.describe('Messages that have not settled'),
  pending: count,
  inFlight: count,
  retrying: count,
  dead: count,
  completed: count,
  oldestAt: maybeTime,
  oldestAgeMs: ms,
  retries: count,
  throughput: z.number().describe('Messages completed per second, over the last minute'),
  latencyMs: z.strictObject({ p50: ms, p95: ms, p99: ms }).nullable(),
}).meta({ id: 'QueueStats' });

export const messageStatus = z.enum(['pending', 'processing', 'retrying', 'completed', 'dead']).meta({ id: 'MessageStatus' });

export const messageDetails = z.strictObject({
  messageId: z.string(),
  queue: z.string(),
  status: messageStatus,
  priority: z.int(),
  version: z.int().positive(),
  payload: json,
  attempt: count,
  maxAttempts: z.int().positive(),
  interruptions: count,
  generation: z.int().positive(),
  instance: z.string().nullable(),
  correlationId: z.string().nullable(),
  partitionKey: z.string().nullable(),
  idempotencyKey: z.string().nullable(),
  source: z.string().nullable(),
  publishedAt: time,
  dueAt: maybeTime,
  claimedBy: z.string().nullable(),
  claimedAt: maybeTime,
  leaseUntil: maybeTime,
  settledAt: maybeTime,
  reason: failure.nullable(),
  history: z.array(z.strictObject({ at: time, event: z.string(), state: z.string().nullable(), detail: json.optional() })),
}).meta({ id: 'Message' });

export const published = z.strictObject({
  messageId: z.string(),
  duplicate: z.boolean().describe('The idempotency key was known: nothing new was stored'),
  copies: count.describe('Messages it became: one, or one for each instance'),
}).meta({ id: 'Published' });

export const actorStatus = z.enum(['active', 'done', 'error', 'stopped']).meta({ id: 'ActorStatus' });

const actor = {
  id: z.string(),
  machineId: z.string(),
  machineVersion: z.string(),
  status: actorStatus,
  value: json.describe('The state of the root, as XState writes it'),
  wakeAt: maybeTime,
  createdAt: time,
  settledAt: maybeTime,
  blockedBy: failure.optional(),
};
export const actorSummary = z.strictObject(actor).meta({ id: 'ActorSummary' });

const event = z.object({ type: z.string() }).catchall(json);

const actorNode = z.strictObject({
  id: z.string(),
  address: z.string(),
  src: z.string().optional(),
  status: actorStatus,
  value: json.optional(),
  context: json.optional(),
  input: json.optional(),
  output: json.optional(),
  error: json.optional(),
  run: z.strictObject({ attempt: count.optional(), dueAt: time.optional(), interruptions: count.optional() }).optional(),
  get children() {
    return z.array(actorNode);
  },
}).meta({ id: 'ActorNode' });

export const actorView = z.strictObject({
  ...actor,
  root: actorNode,
  transitions: count,
  delayed: z.array(z.strictObject({ dueAt: time, address: z.string(), event })),
  actions: z.array(z.strictObject({ effectId: z.string(), address: z.string(), type: z.string(), params: json.optional(), to: z.string().optional() })),
  events: z.array(z.strictObject({ transition: count, at: time, address: z.string(), event })),
}).meta({ id: 'Actor' });
