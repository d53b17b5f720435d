import type { StepEvent } from '../../machines/step.ts';
import { computeBackoff } from '../core/backoff.ts';
import type { StepFailure } from '../core/failure.ts';
import type { StepActor } from '../runtime/tree.ts';

/** Code of a failure that a path asked for. */
export const scriptedCode = 'scripted';

export function toFailed({ step }: StepActor, run: number, attempt: number, failure: StepFailure, now: number): StepEvent {
  return { type: 'attempt.failed', run, failure, retryAt: now + computeBackoff(step.retry, attempt, 0) };
}

/** What a step that completes gives, JSON text. */
export function toOutput(address: string): string {
  return JSON.stringify({ from: address });
}
