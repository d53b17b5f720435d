/**
 * Why a step, or a flow, did not complete. Data: stored, never thrown.
 *
 * `code` is stable and documented in docs/reference/errors.md; nothing in Flowstone reads `message`.
 */
export interface StepFailure {
  readonly code: string;
  readonly message: string;
  /** Whether another attempt may help. */
  readonly retryable: boolean;
  /** Plain values that say more: an exit code, an HTTP status, the step upstream. */
  readonly details?: { readonly [key: string]: unknown } | undefined;
}

/** Makes a failure that no retry helps. */
export function createFailure(code: string, message: string, details?: StepFailure['details']): StepFailure {
  return { code, message, retryable: false, ...(details && { details }) };
}
