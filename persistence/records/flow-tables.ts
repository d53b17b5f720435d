import { defineTable } from '../table.ts';

const integer = { type: 'integer' } as const;
const count = { type: 'integer', least: 0 } as const;
const maybeInteger = { type: 'integer', nullable: true } as const;
const maybeTime = { type: 'integer', nullable: true, least: 0 } as const;
const text = { type: 'text' } as const;
const maybeText = { type: 'text', nullable: true } as const;

export const definitions = defineTable({
  name: 'definitions',
  columns: { digest: text, flowId: text, version: text, definition: text, createdAt: integer },
  key: ['digest'],
  indexes: {},
});

const open = ['settledAt', 'score', 'passed', 'failure'];

export const executions = defineTable({
  name: 'executions',
  columns: {
    key: { type: 'integer', least: 1 }, executionId: text, generation: { type: 'integer', least: 1 }, flowId: text, flowVersion: text, digest: text,
    priority: integer, idempotencyKey: maybeText, parentId: maybeText, parentStep: maybeText, context: text, seq: count, createdAt: count,
    status: text, wakeAt: maybeTime, startedAt: maybeTime, settledAt: maybeTime, score: { type: 'real', nullable: true },
    passed: { type: 'integer', nullable: true, least: 0, most: 1 }, failure: maybeText,
  },
  key: ['key'],
  indexes: {
    executions_generation: { columns: ['executionId', 'generation'], unique: true },
    executions_idempotency: { columns: ['idempotencyKey'], unique: true, where: { column: 'generation', is: 1 } },
    executions_retried: { columns: ['executionId'], where: { column: 'generation', above: 1 } },
    executions_status: { columns: ['status'] },
    executions_flow: { columns: ['flowId'] },
    executions_pending: { columns: ['priority', 'key'], falling: ['priority'], where: { column: 'status', is: 'pending' } },
    executions_wake: { columns: ['wakeAt'], where: { column: 'wakeAt', isSet: true } },
    executions_settled: { columns: ['settledAt'], where: { column: 'settledAt', isSet: true } },
  },
  lifecycle: {
    column: 'status',
    states: {
      pending: { empty: ['startedAt', 'wakeAt', ...open] },
      stepping: { set: ['startedAt'], empty: open },
      consolidating: { set: ['startedAt'], empty: open },
      scored: { set: ['startedAt', 'settledAt', 'score', 'passed'], empty: ['failure', 'wakeAt'] },
      failed: { set: ['settledAt', 'score', 'failure'], empty: ['wakeAt'], equal: { passed: 0 } },
    },
  },
});

const place = { executionKey: integer, position: count, item: { type: 'integer', least: -1 } } as const;

/** What executions were given (position -1), and what expressions made for their steps. */
export const inputs = defineTable({
  name: 'inputs',
  columns: { ...place, position: { type: 'integer', least: -1 }, input: text },
  key: ['executionKey', 'position', 'item'],
  indexes: {},
});

/** Steps as earlier versions stored them; now they are in the journal (`step-changes.ts`). */
export const steps = defineTable({
  name: 'older_steps',
  columns: {
    ...place, stepId: text, status: text, run: count, attempt: count, interruptions: count, counters: maybeText, dueAt: maybeInteger, runAt: maybeInteger,
    failure: maybeText, startedAt: maybeInteger, settledAt: maybeInteger, recovery: maybeText, originKey: maybeInteger, originPosition: maybeInteger,
    stale: { type: 'integer', least: 0, most: 1, default: 0 },
  },
  key: ['executionKey', 'position', 'item'],
  indexes: {},
  rules: [{ if: 'originKey', set: ['originPosition', 'settledAt'] }, { if: 'originPosition', set: ['originKey'] }],
  lifecycle: {
    column: 'status',
    states: {
      pending: { empty: ['settledAt', 'dueAt'] },
      running: { set: ['startedAt'], empty: ['settledAt', 'dueAt'] },
      waiting: { set: ['startedAt'], empty: ['settledAt'] },
      retrying: { set: ['startedAt', 'dueAt', 'failure'], empty: ['settledAt'] },
      completed: { set: ['startedAt', 'settledAt'], empty: ['dueAt', 'failure'] },
      failed: { set: ['settledAt', 'failure'], empty: ['dueAt'] },
      skipped: { set: ['settledAt', 'failure'], empty: ['dueAt'] },
      cancelled: { set: ['settledAt', 'failure'], empty: ['dueAt'] },
    },
  },
});

/** Attempts as earlier versions stored them. */
export const attempts = defineTable({
  name: 'older_attempts',
  columns: {
    ...place, run: { type: 'integer', least: 1 }, attempt: { type: 'integer', least: 1 }, status: text, startedAt: count, endedAt: count,
    failure: maybeText, output: maybeText,
  },
  key: ['executionKey', 'position', 'item', 'run'],
  indexes: {},
  lifecycle: { column: 'status', states: { completed: {}, failed: {}, interrupted: {}, released: {}, cancelled: {} } },
});

/** Signals that no step has consumed. */
export const signals = defineTable({
  name: 'signals',
  columns: { executionKey: integer, number: integer, name: text, payload: text, receivedAt: integer },
  key: ['executionKey', 'number'],
  indexes: {},
});

const share = { type: 'real', least: 0, most: 1 } as const;

export const consolidations = defineTable({
  name: 'consolidations',
  columns: {
    executionKey: integer, status: text, successRate: share, totalTools: count, executionDurationMs: count, createdAt: count, error: maybeText, content: maybeText,
  },
  key: ['executionKey'],
  indexes: {},
  lifecycle: { column: 'status', states: { completed: { empty: ['error'] }, failed: { set: ['error'] }, timeout: { set: ['error'] } } },
});

/** What was made beside outputs: one version of a document a row. */
export const artifacts = defineTable({
  name: 'artifacts',
  columns: {
    ...place, executionId: text, name: text, version: { type: 'integer', least: 1 }, stepId: text, attempt: { type: 'integer', least: 1 },
    run: { type: 'integer', least: 1 }, kind: text, contentType: text, file: maybeText, size: count, sha256: text, content: { type: 'integer', least: 1 },
    pieces: count, createdAt: count,
  },
  key: ['executionId', 'name', 'version'],
  indexes: { artifacts_execution: { columns: ['executionKey'] } },
});

export const contents = defineTable({
  name: 'contents',
  columns: { executionKey: integer, content: integer, number: count, bytes: { type: 'bytes' } },
  key: ['executionKey', 'content', 'number'],
  indexes: {},
});

export const outputFolders = defineTable({
  name: 'output_folders',
  columns: { executionId: text, executionKey: integer, folder: text },
  key: ['executionId'],
  indexes: { output_folders_execution: { columns: ['executionKey'] } },
});

const tokens = { type: 'integer', nullable: true, least: 0 } as const;

export const interactions = defineTable({
  name: 'interactions',
  columns: {
    ...place, executionId: text, number: { type: 'integer', least: 1 }, stepId: text, attempt: { type: 'integer', least: 1 }, run: { type: 'integer', least: 1 },
    stage: text, model: text, status: text, prompt: text, response: maybeText, inputTokens: tokens, outputTokens: tokens, totalTokens: tokens,
    cost: { type: 'real', nullable: true, least: 0 }, startedAt: count, settledAt: maybeTime, failure: maybeText,
  },
  key: ['executionId', 'number'],
  indexes: {
    interactions_execution: { columns: ['executionKey'] },
    interactions_pending: { columns: ['executionKey', 'number'], where: { column: 'status', is: 'pending' } },
  },
  lifecycle: {
    column: 'status',
    states: {
      pending: { empty: ['settledAt', 'response', 'failure'] },
      completed: { set: ['settledAt', 'response'], empty: ['failure'] },
      failed: { set: ['settledAt', 'failure'] },
      cancelled: { set: ['settledAt', 'failure'] },
    },
  },
});

export const isolations = defineTable({
  name: 'isolations',
  columns: { executionKey: integer, status: text, folder: text, taken: count, session: maybeText },
  key: ['executionKey'],
  indexes: { isolations_open: { columns: ['executionKey'], where: { column: 'status', is: 'open' } } },
  lifecycle: { column: 'status', states: { open: {}, ended: {} } },
});

export const labels = defineTable({
  name: 'labels',
  columns: { executionId: text, name: text, value: text },
  key: ['executionId', 'name'],
  indexes: { labels_by_value: { columns: ['name', 'value', 'executionId'] } },
});

export const flows = defineTable({
  name: 'flows',
  columns: { flowId: text, digest: text, file: text, syncedAt: integer },
  key: ['flowId'],
  indexes: {},
});
