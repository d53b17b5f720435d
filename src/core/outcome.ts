import type { StepFailure } from './failure.ts';
import { requireKnownKeys } from './known-keys.ts';

const outcome = Symbol.for('flowstone.outcome');

/** What a tool may return instead of an output. */
export interface Outcome {
  readonly [outcome]: true;
  readonly failure: StepFailure;
  /** Wait before the next attempt, ms, in place of the retry policy's. */
  readonly retryAfterMs?: number;
}

/** Ends the attempt: try again after so many ms, if attempts are left. */
export function retryAfter(ms: number, message = 'The tool asked to be called again later'): Outcome {
  return { [outcome]: true, failure: { code: 'retry_requested', message, retryable: true }, retryAfterMs: ms };
}

/** Ends the attempt as failed. `retryable` defaults to true, `code` to `tool_failed`. */
export function fail(
  message: string,
  options: { readonly code?: string; readonly retryable?: boolean; readonly details?: { readonly [key: string]: unknown } } = {},
): Outcome {
  const { code = 'tool_failed', retryable = true, details } = requireKnownKeys(options, { code: true, retryable: true, details: true }, '`fail`');
  return { [outcome]: true, failure: { code, message, retryable, ...(details && { details }) } };
}

export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && outcome in value;
}
