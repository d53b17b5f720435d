import { z } from 'zod';
import { count, executionId, failure, json, labels, maybeTime, ms, time } from './values.ts';

export const executionStatus = z.enum(['pending', 'stepping', 'consolidating', 'scored', 'failed']).meta({ id: 'ExecutionStatus' });
const stepStatus = z.enum(['pending', 'running', 'retrying', 'waiting', 'completed', 'failed', 'skipped', 'cancelled']).meta({ id: 'StepStatus' });

const summary = {
  executionId,
  generation: z.int().positive().describe('Which life of it, from 1: each retry begins the next'),
  flowId: z.string(),
  flowVersion: z.string(),
  status: executionStatus,
  passed: z.boolean().nullable(),
  score: z.number().nullable().describe('0 to 1'),
  failure: failure.nullable(),
  priority: z.int(),
  createdAt: time,
  startedAt: maybeTime,
  settledAt: maybeTime,
  wakeAt: maybeTime.describe('When a sleeping execution wakes'),
};

export const executionSummary = z.strictObject(summary).meta({ id: 'ExecutionSummary' });

const stepResult = z.strictObject({
  stepId: z.string(),
  item: count.optional().describe('Place in the `for_each` list'),
  status: stepStatus,
  attempts: count,
  interruptions: count,
  reason: failure.optional(),
  output: json.optional(),
  keptFrom: z.int().positive().optional().describe('The generation it ran in, when this one has kept it'),
  stale: z.literal(true).optional(),
  recovery: z.enum(['alternative', 'ask', 'retry', 'skip', 'output']).optional(),
  asksFor: z.string().optional().describe('The signal that answers it'),
  dueAt: time.optional(),
  startedAt: maybeTime,
  settledAt: maybeTime,
}).meta({ id: 'StepResult' });

export const executionDetails = z.strictObject({
  ...summary,
  input: json,
  labels: labels.optional(),
  consolidatedSessionId: z.string().nullable().describe('From the moment it exists'),
  consolidationError: failure.optional(),
  steps: z.array(stepResult).describe("In the definition's order"),
}).meta({ id: 'ExecutionDetails' });

const next = z.string().nullable().describe('Give it as `cursor` for the next page; null: this was the last');
export const pageOf = <Item extends z.ZodType>(items: Item) => z.strictObject({ items: z.array(items), next });

export const progress = z.strictObject({
  share: z.number().min(0).max(1),
  settledSteps: count,
  totalSteps: count,
  elapsedMs: ms,
  remainingMs: ms.nullable().describe('What is likely left; null: not known'),
  stalled: z.array(z.strictObject({ stepId: z.string(), runningMs: ms, expectedMs: ms })),
}).meta({ id: 'Progress' });

export const transition = z.strictObject({
  seq: z.int().positive(),
  at: time,
  address: z.string(),
  event: z.object({ type: z.string() }).catchall(json),
  state: z.string().nullable().describe('The state it led to; null: the event was recorded and ignored'),
}).meta({ id: 'Transition' });

const toolCall = z.strictObject({
  toolCallId: z.string(),
  tool: z.string(),
  item: count.optional(),
  attempt: z.int().positive(),
  input: json,
  output: json,
  status: z.enum(['completed', 'failed', 'interrupted', 'released', 'cancelled']),
  failure: failure.nullable(),
  startedAt: time,
  endedAt: time,
  durationMs: z.number(),
}).meta({ id: 'ToolCall' });

/** A call with the step that made it. */
export const loggedCall = z.strictObject({ stepId: z.string(), ...toolCall.shape }).meta({ id: 'LoggedCall' });

const evaluation = z.enum(['passed', 'failed', 'not_evaluated']);

const consolidatedStep = z.strictObject({
  index: count,
  stepId: z.string(),
  sessionId: z.string(),
  status: stepStatus,
  success: z.boolean(),
  result: evaluation,
  critical: z.boolean(),
  weight: z.number(),
  attempts: count,
  interruptions: count,
  input: json,
  output: json,
  failure: failure.nullable(),
  recovery: z.strictObject({ how: z.enum(['further_attempts', 'alternative', 'ask', 'retry', 'skip', 'output']), index: count.optional() }).nullable(),
  alternativeOf: count.optional(),
  toolCalls: z.array(toolCall),
  startedAt: maybeTime,
  settledAt: maybeTime,
  durationMs: z.number().nullable(),
}).meta({ id: 'ConsolidatedStep' });

const assertion = z.strictObject({
  id: z.string(), type: z.string(), weight: z.number(), result: evaluation, reason: z.string().optional(), expected: json.optional(), actual: json.optional(),
}).meta({ id: 'Assertion' });

export const consolidatedSession = z.strictObject({
  consolidatedSessionId: z.string(),
  executionId,
  generation: z.int().positive(),
  status: z.enum(['completed', 'failed', 'timeout']),
  flowId: z.string(),
  flowVersion: z.string(),
  flowType: z.enum(['static', 'dynamic']),
  mode: z.enum(['strict', 'conditional', 'lenient']),
  input: json,
  steps: z.array(consolidatedStep),
  assertions: z.array(assertion),
  state: z.union([z.strictObject({ value: json }), z.strictObject({ failure })]).optional(),
  score: z.number(),
  passed: z.boolean(),
  minScore: z.number(),
  earned: z.number(),
  possible: z.number(),
  zeroedBy: z.array(z.string()),
  notEvaluated: z.array(z.string()),
  consolidator: z.string().nullable(),
  extra: json.optional(),
  successRate: z.number(),
  totalTools: count,
  executionDurationMs: z.number(),
  originalSessionIds: z.array(z.string()),
  error: failure.nullable(),
  createdAt: time,
}).meta({ id: 'ConsolidatedSession' });
