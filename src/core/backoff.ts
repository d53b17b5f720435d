/** When and how often a failed attempt is made again. Words and meaning as in Temporal's retry policy. */
export interface RetryPolicy {
  /** Attempts in all, 1 or more. Default 1: no retry. */
  readonly maxAttempts: number;
  /** Wait before the second attempt, ms. Default 1,000. */
  readonly initialIntervalMs: number;
  /** Factor from one wait to the next, 1 or more. Default 2. */
  readonly backoffCoefficient: number;
  /** Longest wait, ms. Default 100 × the initial interval. */
  readonly maxIntervalMs: number;
  /** `full`: anything between 0 and the wait; `none`: the wait itself. Default `full`. */
  readonly jitter: 'full' | 'none';
  /** Failure codes that are never tried again. */
  readonly nonRetryable: readonly string[];
}

/**
 * Computes the wait after a failed attempt, ms.
 *
 * Full jitter, as in M. Brooker, "Exponential Backoff And Jitter" (2015): uniform between 0 and the capped wait.
 *
 * @param attempt the attempt that failed, 1-based
 * @param random uniform in [0, 1)
 */
export function computeBackoff(policy: RetryPolicy, attempt: number, random: number): number {
  // Finite, so that 0 times it is 0.
  const factor = Math.min(policy.backoffCoefficient ** (attempt - 1), Number.MAX_VALUE);
  const wait = Math.min(policy.initialIntervalMs * factor, policy.maxIntervalMs);
  return Math.round(policy.jitter === 'full' ? wait * random : wait);
}
