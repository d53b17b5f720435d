import type { StepEvent } from '../../machines/step.ts';
import type { StepFailure } from '../core/failure.ts';
import { computeRetryDelay, toAskUntil } from '../kernel/fallback.ts';
import type { StepActor } from '../kernel/tree.ts';

/** Code of a failure that a path asked for. */
export const scriptedCode = 'scripted';

/** Every draw on a path: so back-offs are the same each time, and their lengths can be told apart. */
export const pathChance = 0.5;

export function toFailed({ step }: StepActor, run: number, attempt: number, failure: StepFailure, now: number): StepEvent {
  return { type: 'attempt.failed', run, failure, retryAt: now + computeRetryDelay(step, attempt, pathChance), ...toAskUntil(step, now) };
}

/** What a step that completes gives, JSON text. */
export function toOutput(address: string): string {
  return JSON.stringify({ from: address });
}

/** What a person says to a step that asks. */
export function toAnswer(action: 'retry' | 'use' | 'skip' | 'fail', output: unknown): object {
  return action === 'use' ? { action, output } : { action };
}
