import { z } from 'zod';
import type { Answer } from './answer.ts';
import type { InputRecord } from './records.ts';
import { failureRecord } from './records.ts';

const count = z.number().int().nonnegative();

const base = {
  /** The generation of the execution. */
  executionKey: z.number().int().positive(),
  /**
   * What only the consolidation knows, JSON text of an object: `assertions`, `state`, `extra`; `steps` of an imported run,
   * whose calls have no rows. Null: nothing. Everything else of a session follows from the execution, its definition and
   * its steps.
   */
  content: z.string().nullable(),
  /** Completed steps as a share of all that were not left out by their own condition, 0 to 1. */
  successRate: z.number().gte(0).lte(1),
  /** Calls of tools, every attempt counted. */
  totalTools: count,
  /** From the start of the execution to the end of its last step, ms. */
  executionDurationMs: count,
  createdAt: count,
};

/** What an execution came to, as one row. The score is the execution's; a consolidation that failed or ran out of time says why. */
export const consolidatedRecord = z.discriminatedUnion('status', [
  z.object({ ...base, status: z.literal('completed'), error: z.null() }),
  z.object({ ...base, status: z.enum(['failed', 'timeout']), error: failureRecord }),
]);
export type ConsolidatedRecord = z.infer<typeof consolidatedRecord>;

/** What an execution came to, before it has a row. */
export type ConsolidationSummary = Pick<ConsolidatedRecord, 'status' | 'successRate' | 'totalTools' | 'content' | 'error'>;

/** What consolidated sessions are made of. */
export interface ConsolidationReader {
  getConsolidated(executionKey: number): Answer<ConsolidatedRecord | undefined>;
  /** Every input that expressions made in one execution, by place. */
  listInputs(executionKey: number): Answer<InputRecord[]>;
}
