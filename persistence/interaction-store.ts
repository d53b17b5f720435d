import { z } from 'zod';
import type { Answer } from './answer.ts';
import { failureRecord } from './records.ts';

const at = z.number().int().nonnegative();
const tokens = z.number().int().nonnegative().nullable();

const interactionBase = {
  executionKey: z.number().int().positive(),
  executionId: z.string(),
  /** Rising per execution, over its generations. */
  number: z.number().int().positive(),
  position: z.number().int().nonnegative(),
  item: z.number().int().gte(-1),
  stepId: z.string(),
  attempt: z.number().int().positive(),
  run: z.number().int().positive(),
  /** What the call is for, as the handler calls it. */
  stage: z.string(),
  model: z.string(),
  prompt: z.string(),
  inputTokens: tokens,
  outputTokens: tokens,
  totalTokens: tokens,
  /** In whatever currency the caller counts. */
  cost: z.number().nonnegative().nullable(),
  startedAt: at,
};

/** One call of a language model. */
export const interactionRecord = z.discriminatedUnion('status', [
  z.object({ ...interactionBase, status: z.literal('pending'), response: z.null(), settledAt: z.null(), failure: z.null() }),
  z.object({ ...interactionBase, status: z.literal('completed'), response: z.string(), settledAt: at, failure: z.null() }),
  z.object({ ...interactionBase, status: z.enum(['failed', 'cancelled']), response: z.string().nullable(), settledAt: at, failure: failureRecord }),
]);
export type InteractionRecord = z.infer<typeof interactionRecord>;
export type InteractionStatus = InteractionRecord['status'];

/** The calls of one step (with its items) to one model, added up. */
export interface InteractionTotal {
  readonly position: number;
  readonly stepId: string;
  readonly model: string;
  readonly calls: number;
  readonly pending: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly cost: number;
  /** Of those that have settled. */
  readonly durationMs: number;
}

export interface ListInteractionsParams {
  readonly executionId: string;
  readonly position?: number;
  /** Continue after this number. */
  readonly after?: number;
  /** At most; default 100. */
  readonly limit?: number;
}

export interface InteractionReader {
  /** In the order in which they began. */
  list(params: ListInteractionsParams): Answer<InteractionRecord[]>;
  /** By step, then model; of all generations, or of the one with this key. */
  total(executionId: string, executionKey?: number): Answer<InteractionTotal[]>;
  /** Calls under way, of all executions; after a crash, those that were cut off. Oldest execution first. */
  listPending(limit: number): Answer<InteractionRecord[]>;
  /** The highest number given in an execution; 0 for none. */
  last(executionId: string): Answer<number>;
}
