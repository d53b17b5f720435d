import type { StepFailure } from '../core/failure.ts';
import type { Kernel } from './fan-outs.ts';
import { skipItems } from './fan-outs.ts';
import type { FanOutActor, StepActor } from './tree.ts';
import { isBusy, isFanOut, noItem } from './tree.ts';

/** Ends every step that has not settled: those that have begun are cancelled, the others skipped or cancelled. */
export function endSteps({ tree, inbox }: Kernel, type: 'step.skip' | 'step.cancel', failure: StepFailure): void {
  tree.queue.clear();
  for (const { position } of tree.plan.steps) {
    if (tree.settled[position] !== null) continue;
    inbox.push({ position, item: noItem, event: { type: tree.actors.has(position) ? 'step.cancel' : type, failure } });
  }
}

/**
 * Begins nothing more and lets what works come to its end, with the attempts it has left. What only waits, for time, a signal,
 * a machine or a person, is cancelled: it would hold up the end.
 */
export function haltSteps(kernel: Kernel, failure: StepFailure): void {
  const { tree, inbox } = kernel;
  tree.queue.clear();
  for (const { position } of tree.plan.steps) {
    if (tree.settled[position] !== null) continue;
    const actor = tree.actors.get(position);
    if (actor && isFanOut(actor) && actor.snapshot.value === 'running' && works(actor)) skipItems(kernel, actor);
    else if (!actor || !works(actor)) inbox.push({ position, item: noItem, event: { type: actor && actor.snapshot.value !== 'pending' ? 'step.cancel' : 'step.skip', failure } });
  }
}

/** The items of a step that is a machine do nothing but wait. */
const works = (actor: StepActor | FanOutActor): boolean => actor.step.kind !== 'machine' && (actor.snapshot.value === 'retrying' || isBusy(actor.step, actor.snapshot.value));
