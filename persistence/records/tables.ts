import { defineTable } from '../table.ts';
import type { Table } from '../table.ts';
import * as flowTables from './flow-tables.ts';

const integer = { type: 'integer' } as const;
const count = { type: 'integer', least: 0 } as const;
const positive = { type: 'integer', least: 1 } as const;
const maybeInteger = { type: 'integer', nullable: true } as const;
const text = { type: 'text' } as const;
const maybeText = { type: 'text', nullable: true } as const;

export const messages = defineTable({
  name: 'messages',
  columns: {
    key: positive, messageId: text, queue: text, instance: maybeText, source: maybeText, version: positive, priority: integer, partitionKey: maybeText,
    correlationId: maybeText, idempotencyKey: maybeText, maxAttempts: positive, maxInterruptions: positive, publishedAt: count, visibleAt: count,
    status: text, claim: count, attempt: count, interruptions: count, generation: positive, dueAt: maybeInteger, leaseUntil: maybeInteger,
    claimedBy: maybeText, claimedAt: maybeInteger, failure: maybeText, settledAt: maybeInteger, history: text, payload: maybeText, turn: maybeInteger, lane: maybeText,
  },
  key: ['key'],
  indexes: {
    messages_id: { columns: ['messageId'], unique: true, unnamed: true },
    messages_settled: { columns: ['queue', 'status', 'settledAt'], where: { column: 'settledAt', isSet: true } },
    messages_open: { columns: ['queue', 'turn', 'instance', 'priority', 'visibleAt'], where: { column: 'turn', isSet: true } },
    messages_due: { columns: ['turn', 'dueAt'], where: { column: 'dueAt', isSet: true } },
    messages_lane: { columns: ['queue', 'lane', 'instance', 'turn', 'priority', 'visibleAt'], where: { column: 'lane', isSet: true } },
    messages_correlated: {
      columns: ['queue', 'correlationId', 'turn', 'instance', 'priority', 'visibleAt'], where: { column: 'correlationId', isSet: true },
    },
  },
  lifecycle: {
    column: 'status',
    states: {
      pending: { empty: ['leaseUntil', 'settledAt'] },
      processing: { set: ['leaseUntil', 'claimedAt'], empty: ['dueAt', 'settledAt'] },
      retrying: { set: ['dueAt', 'failure'], empty: ['leaseUntil', 'settledAt'] },
      completed: { set: ['settledAt', 'claimedAt'], empty: ['dueAt', 'leaseUntil', 'failure', 'turn', 'lane'] },
      dead: { set: ['settledAt', 'failure'], empty: ['dueAt', 'leaseUntil', 'turn', 'lane'] },
    },
  },
});

/** Payloads that are too long for the row of their message, which is written at every change. */
export const messagePayloads = defineTable({ name: 'message_payloads', columns: { key: integer, payload: text }, key: ['key'], indexes: {} });

/** Stretches of 32 keys that hold messages which have not settled: see `MessageBlocks`. */
export const messageBlocks = defineTable({ name: 'message_blocks', columns: { block: count }, key: ['block'], indexes: {} });

export const messageKeys = defineTable({
  name: 'message_keys',
  columns: { queue: text, idempotencyKey: text, messageId: text, expiresAt: integer },
  key: ['queue', 'idempotencyKey'],
  indexes: { message_keys_expiry: { columns: ['expiresAt'] } },
});

export const instances = defineTable({
  name: 'instances',
  columns: { queue: text, instance: text, registeredAt: integer },
  key: ['queue', 'instance'],
  indexes: {},
});

export const outbox = defineTable({
  name: 'outbox',
  columns: { key: positive, target: text, messageId: text, request: text, createdAt: integer, refusals: count, dueAt: maybeInteger, failure: maybeText },
  key: ['key'],
  indexes: {},
  rules: [{ oneOf: ['dueAt', 'failure'] }],
});

export const messageWaiters = defineTable({
  name: 'message_waiters',
  columns: { executionId: text, position: count, item: { type: 'integer', least: -1 }, queue: text, correlationId: maybeText, signal: text },
  key: ['executionId', 'position', 'item'],
  indexes: {},
});

export const actors = defineTable({
  name: 'actors',
  columns: {
    actorId: text, status: text, wakeAt: { type: 'integer', nullable: true, least: 0 }, settledAt: maybeInteger, seq: count, createdAt: count,
    machineId: text, machineVersion: text, machineDigest: text, tree: text,
  },
  key: ['actorId'],
  indexes: {
    actors_wake: { columns: ['wakeAt', 'actorId'], where: { column: 'wakeAt', isSet: true } },
    actors_settled: { columns: ['settledAt'], where: { column: 'settledAt', isSet: true } },
  },
  lifecycle: {
    column: 'status',
    states: { active: { empty: ['settledAt'] }, done: { set: ['settledAt'] }, error: { set: ['settledAt'] }, stopped: { set: ['settledAt'] } },
  },
});

export const actorParts = defineTable({ name: 'actor_parts', columns: { actorId: text, part: text, body: text }, key: ['actorId', 'part'], indexes: {} });

export const actorMachines = defineTable({
  name: 'actor_machines',
  columns: { machineDigest: text, machineId: text, machineVersion: text, structure: text },
  key: ['machineDigest'],
  indexes: {},
});

/** `changes` and `outputs`: what a commit did to steps of the execution (`step-changes.ts`). `kind`: 1 flow, 2 actor, 3 queue, 4 made, 5 deleted, 6 kinds of somebody's own. `instance` is the key of an execution (1, 4), else an id or a name. */
export const journal = defineTable({
  name: 'journal',
  columns: { number: positive, kind: positive, instance: { type: 'any' }, seq: { type: 'integer', nullable: true, least: 1 }, at: integer, entries: text, changes: maybeText, outputs: maybeText },
  key: ['number'],
  indexes: {
    journal_instance: { columns: ['kind', 'instance'] },
    journal_aged: { columns: ['number'], where: { column: 'kind', above: 1 } },
  },
});

/** Executions as they stood: rows of the journal below `number` are in it. `outputs`: which of these have the outputs of steps. */
export const checkpoints = defineTable({
  name: 'checkpoints',
  columns: { executionKey: positive, number: positive, seq: count, at: integer, state: text, outputs: text },
  key: ['executionKey', 'number'],
  indexes: {},
});

/** Requests of clients that were done lately. */
export const requests = defineTable({
  name: 'requests',
  columns: { key: text, answer: text, at: integer },
  key: ['key'],
  indexes: { requests_at: { columns: ['at'] } },
});

export const owners = defineTable({ name: 'owners', columns: { first: integer, id: text }, key: ['first'], indexes: {} });

/** How far the numbers of the journal were given, and up to which rows may be gone without an entry that says so. */
export const meta = defineTable({
  name: 'meta',
  columns: { id: integer, head: count, prunedTo: count },
  key: ['id'],
  indexes: {},
  initial: [{ id: 1, head: 0, prunedTo: 0 }],
});

/** Every table there is. A store that keeps them in another way learns from here what to keep. */
export const tables: readonly Table[] = [
  ...Object.values<Table>(flowTables), messages, messagePayloads, messageBlocks, messageKeys, instances, outbox, messageWaiters, actors, actorParts,
  actorMachines, journal, requests, checkpoints, owners, meta,
];
