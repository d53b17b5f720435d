import type { StepEvent, StepInput } from '../../machines/step.ts';
import { computeBackoff } from '../core/backoff.ts';
import { FlowError } from '../core/errors.ts';
import { createFailure } from '../core/failure.ts';
import type { StepFailure } from '../core/failure.ts';
import { describeValue } from '../core/wording.ts';
import type { FlowPlan, PlannedStep } from '../definition/plan.ts';

/** Failure code of an alternative that was not needed. */
export const alternativeNotNeeded = 'alternative_not_needed';
/** Failure code of a step that a person said to go on without. */
export const leftOut = 'skipped_on_request';

export const createNotNeeded = (original: PlannedStep): StepFailure => createFailure(alternativeNotNeeded, `The step "${original.id}", for which it stands in, did not need it`);

/** Attempts in all: those of `retry`, then those of `recover.retry`. */
function countAttempts({ retry, recover }: PlannedStep): number {
  return retry.maxAttempts + (recover?.retry?.maxAttempts ?? 0);
}

/** What the machine of a step is created with. */
export function toStepInput(step: PlannedStep, maxInterruptions: number): StepInput {
  const { role, recover } = step;
  return { kind: role, maxAttempts: countAttempts(step), maxInterruptions, alternative: recover?.alternative != null, ask: recover?.ask != null };
}

/** The wait after a failed attempt, ms. Attempts after those of `retry` follow `recover.retry`, which counts from its own first. */
export function computeRetryDelay({ retry, recover }: PlannedStep, attempt: number, random: number): number {
  const further = recover?.retry;
  return further && attempt >= retry.maxAttempts ? computeBackoff(further, attempt - retry.maxAttempts + 1, random) : computeBackoff(retry, attempt, random);
}

/** When a person has to have answered, for an event that may lead to asking. */
export function toAskUntil({ recover }: PlannedStep, now: number): { askUntil?: number } {
  const timeoutMs = recover?.ask?.timeoutMs ?? null;
  return timeoutMs === null ? {} : { askUntil: now + timeoutMs };
}

/** What a person says to a step that asks. */
type Answer =
  | { readonly action: 'retry' }
  | { readonly action: 'fail' }
  | { readonly action: 'skip'; readonly reason?: string }
  | { readonly action: 'use'; readonly output: unknown };

const expected = '`{ action: "retry" }`, `{ action: "skip" }`, `{ action: "use", output: … }` or `{ action: "fail" }`';

/** @throws a `FlowError` with code `answer_invalid` */
function readAnswer(payload: unknown, stepId: string): Answer {
  const { action, reason, output, ...rest } = (typeof payload === 'object' && payload !== null ? payload : { action: payload }) as { [key: string]: unknown };
  const refuse = (found: unknown): never => {
    throw new FlowError('answer_invalid', `Expected the answer to the step "${stepId}" to be ${expected}, got ${describeValue(found)}`, { details: { stepId } });
  };
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) return refuse(`the key ${unknown}`);
  if (reason !== undefined && (typeof reason !== 'string' || action !== 'skip')) return refuse(reason);
  if (action === 'use') return output === undefined ? refuse('no output') : { action, output };
  if (output !== undefined) return refuse('an output that is not to be used');
  if (action === 'retry' || action === 'fail') return { action };
  if (action === 'skip') return { action, ...(reason !== undefined && { reason }) };
  return refuse(payload);
}

/**
 * Refuses a signal that answers a step which asks, and says nothing.
 *
 * @throws a `FlowError` with code `answer_invalid`
 */
export function checkAnswer(plan: FlowPlan | undefined, signal: string, payload: unknown): void {
  const asking = plan?.steps.find(({ recover }) => recover?.ask?.signal === signal);
  if (asking) readAnswer(payload, asking.id);
}

/** What an answer means for the step that asked, with the output it gives, JSON text. */
export function toRecoveryEvent({ id }: PlannedStep, payload: string, failure: StepFailure | null): { readonly event: StepEvent; readonly output?: string } {
  let answer: Answer;
  try {
    answer = readAnswer(JSON.parse(payload), id);
  } catch {
    // Refused where it is given; one that got here all the same decides nothing.
    return { event: { type: 'recovery.fail' } };
  }
  if (answer.action === 'use') return { event: { type: 'recovery.complete' }, output: JSON.stringify(answer.output) };
  if (answer.action !== 'skip') return { event: { type: `recovery.${answer.action}` } };
  const message = answer.reason ?? 'Somebody said to go on without it';
  return { event: { type: 'recovery.skip', failure: createFailure(leftOut, message, failure ? { cause: failure } : undefined) } };
}
