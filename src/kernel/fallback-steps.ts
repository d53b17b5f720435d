import type { StepEvent } from '../../machines/step.ts';
import type { SignalRecord } from '../../persistence/records.ts';
import type { Kernel } from './fan-outs.ts';
import { createNotNeeded, toAskUntil, toRecoveryEvent } from './fallback.ts';
import type { PlannedStep } from '../definition/plan.ts';
import type { StepActor } from './tree.ts';
import { isAsking, isFanOut, isSwitched, isToRetry } from './tree.ts';
import { noItem } from '../core/address.ts';

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
  if (!isToRetry(actor)) return;
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
