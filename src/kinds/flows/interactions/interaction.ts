import type { InteractionRecord, InteractionStatus, InteractionTotal } from '../../../../persistence/interaction-store.ts';
import type { StepFailure } from '../../../core/failure.ts';

/** A call of a language model that is about to go out. */
export interface InteractionRequest {
  readonly model: string;
  /** A text, or a JSON value, as a list of messages. */
  readonly prompt: unknown;
  /** What the call is for. Default: the step's id. */
  readonly stage?: string;
}

/** What came back. */
export interface InteractionAnswer {
  readonly response: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Default: the sum of the two, when both are known. */
  readonly totalTokens?: number;
  /** In whatever currency you count. */
  readonly cost?: number;
  /** The model that answered, when it is another than was asked. */
  readonly model?: string;
}

/** A recorded call. The first of the three that is called says how it ended; later ones change nothing. */
export interface Interaction {
  /** Rising per execution, from 1. */
  readonly number: number;
  complete(answer: InteractionAnswer): Promise<void>;
  /** `error` is anything thrown; what it says is stored. */
  fail(error: unknown): Promise<void>;
  cancel(reason?: string): Promise<void>;
}

/** A recorded call, as callers see it. */
export interface InteractionInfo {
  readonly number: number;
  readonly stepId: string;
  readonly item: number | undefined;
  readonly attempt: number;
  readonly stage: string;
  readonly model: string;
  readonly status: InteractionStatus;
  readonly prompt: string;
  readonly response: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly totalTokens: number | null;
  readonly cost: number | null;
  readonly startedAt: number;
  readonly settledAt: number | null;
  readonly durationMs: number | null;
  readonly failure: StepFailure | null;
}

/** Calls added up. */
export type InteractionSum = Omit<InteractionTotal, 'position' | 'stepId' | 'model'>;

export interface InteractionTotals extends InteractionSum {
  /** By step, then model. */
  readonly steps: readonly (InteractionSum & { readonly stepId: string; readonly model: string })[];
}

export function toInteractionInfo(row: InteractionRecord): InteractionInfo {
  const { number, stepId, item, attempt, stage, model, status, prompt, response, inputTokens, outputTokens, totalTokens, cost, startedAt, settledAt, failure } = row;
  const durationMs = settledAt === null ? null : settledAt - startedAt;
  return {
    number, stepId, item: item < 0 ? undefined : item, attempt, stage, model, status, prompt, response, inputTokens, outputTokens, totalTokens, cost, startedAt,
    settledAt, durationMs, failure,
  };
}

export function toInteractionTotals(rows: readonly InteractionTotal[]): InteractionTotals {
  const sum = { calls: 0, pending: 0, completed: 0, failed: 0, cancelled: 0, inputTokens: 0, outputTokens: 0, totalTokens: 0, cost: 0, durationMs: 0 };
  const steps = rows.map(({ position: _position, ...row }) => row);
  for (const row of rows) for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += row[key];
  return { ...sum, steps };
}
