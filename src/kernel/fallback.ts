import type { StepEvent } from '../../machines/step.ts';
import { computeBackoff } from '../core/backoff.ts';
import { FlowError } from '../core/errors.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import { describeValue } from '../core/wording.ts';
import type { PlannedStep } from '../definition/plan.ts';
import type { SignalRecord } from '../../persistence/records.ts';
import type { Kernel } from './fan-outs.ts';
import type { StepActor } from './tree.ts';
import { isAsking, isFanOut, isSwitched } from './tree.ts';
import { noItem } from '../core/address.ts';

/** Failure code of an alternative that was not needed. */
export const alternativeNotNeeded = 'alternative_not_needed';
/** Failure code of a step that a person said to go on without. */
export const leftOut = 'skipped_on_request';

export const createNotNeeded = (original: PlannedStep): StepFailure => createFailure(alternativeNotNeeded, `The step "${original.id}", for which it stands in, did not need it`);

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
export function checkAnswer(stepId: string, payload: unknown): void {
  readAnswer(payload, stepId);
}

/** What an answer means for the step that asked, with the output it gives, JSON text. */
function toRecoveryEvent({ id }: PlannedStep, payload: string, failure: StepFailure | null): { readonly event: StepEvent; readonly output?: string } {
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

/**
 * A step's attempts are used up and it is to be recovered: its slot is free, and the step that stands in for it is ready.
 *
 * @returns whether it waits for a person now
 */
export function beginRecovery({ tree, inbox }: Kernel, actor: StepActor): boolean {
  const { position } = actor.step;
  const alternative = isSwitched(actor) ? (actor.step.recover?.alternative ?? null) : null;
  // A flow that has halted begins nothing more but its always-steps.
  const isOver = tree.flow.context.halted && !actor.step.always;
  const ready = !isOver && alternative !== null ? 1 : 0;
  if (isOver) inbox.push({ position, item: noItem, event: { type: 'recovery.fail' } });
  else if (alternative !== null) tree.queue.push(alternative);
  const freed = actor.holdsSlot ? 1 : 0;
  actor.holdsSlot = false;
  if (freed + ready > 0) inbox.push({ flow: { type: 'slot.freed', ...(freed > 0 && { freed }), ...(ready > 0 && { ready }) } });
  return !isOver && alternative === null;
}

/** A person said to try again: it is ready once more. */
export function beginAgain({ tree, inbox }: Kernel, actor: StepActor): void {
  tree.queue.push(actor.step.position);
  inbox.push({ flow: { type: 'slot.freed', ready: 1 } });
}

/** The step that stood in for another one has settled: tells the other what came of it. */
export function endAlternative({ tree, inbox, now }: Kernel, { step, snapshot }: StepActor, output: string | undefined): void {
  if (step.alternativeOf === null || tree.flow.status !== 'active') return;
  const original = tree.actors.get(step.alternativeOf);
  if (!original || isFanOut(original) || !isSwitched(original)) return;
  const { failure } = snapshot.context;
  const failed = snapshot.value !== 'completed';
  inbox.push({
    position: step.alternativeOf, item: noItem,
    event: { type: 'alternative.settled', ...(failed && failure && { failure }), ...(failed && toAskUntil(original.step, now)) },
    ...(!failed && { output: output ?? 'null' }),
  });
}

/** A step has settled without the one that stands in for it. */
export function dropAlternative({ tree, inbox }: Kernel, step: PlannedStep): void {
  const position = step.recover?.alternative ?? null;
  if (position === null || tree.settled[position] !== null || tree.actors.has(position)) return;
  inbox.push({ position, item: noItem, event: { type: 'step.skip', failure: createNotNeeded(step) } });
}

/** What a signal means for the step that waits for it. */
export function toReceived(actor: StepActor, { payload }: SignalRecord): { readonly event: StepEvent; readonly output?: string } {
  return isAsking(actor) ? toRecoveryEvent(actor.step, payload, actor.snapshot.context.failure) : { event: { type: 'signal.received' }, output: payload };
}
