import { z } from 'zod';
import type { Answer } from './answer.ts';
import type { InputRecord } from './records.ts';
import { failureRecord } from './records.ts';

const count = z.number().int().nonnegative();

const base = {
  /** `<executionId>_consolidated_<generation>`. */
  consolidatedSessionId: z.string(),
  executionId: z.string(),
  /** 1 is the first life of an execution; unique together with `executionId`. */
  generation: z.number().int().positive(),
  /** JSON text: every step in numeric order, with what went in, what came out and every call of its tool. */
  content: z.string(),
  /** JSON text: the ids of the step sessions it was made of, in numeric order. */
  originalSessionIds: z.string(),
  /** Completed steps as a share of all that were not left out by their own condition, 0 to 1. */
  successRate: z.number().gte(0).lte(1),
  /** Calls of tools, every attempt counted. */
  totalTools: count,
  /** From the start of the execution to the end of its last step, ms. */
  executionDurationMs: count,
  createdAt: count,
};

/** What an execution came to, as one row. A consolidation that failed or ran out of time has the score 0 and says why. */
export const consolidatedRecord = z.discriminatedUnion('status', [
  z.object({ ...base, status: z.literal('completed'), score: z.number().gte(0).lte(1), error: z.null() }),
  z.object({ ...base, status: z.enum(['failed', 'timeout']), score: z.literal(0), error: failureRecord }),
]);
export type ConsolidatedRecord = z.infer<typeof consolidatedRecord>;

/** A row without its content: what lists show. */
export type ConsolidatedHead = Omit<ConsolidatedRecord, 'content' | 'originalSessionIds'>;

/** Consolidated sessions, and what they are made of. */
export interface ConsolidationReader {
  /** The latest generation unless one is asked for. */
  getConsolidated(executionId: string, generation?: number): Answer<ConsolidatedRecord | undefined>;
  /** As `getConsolidated`, without the content, which may be long. */
  getConsolidatedHead(executionId: string, generation?: number): Answer<ConsolidatedHead | undefined>;
  getConsolidatedById(consolidatedSessionId: string): Answer<ConsolidatedRecord | undefined>;
  /** Every input that expressions made in one execution, by place. */
  listInputs(executionKey: number): Answer<InputRecord[]>;
}
