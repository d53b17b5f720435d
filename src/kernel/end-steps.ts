import type { FlowEvent } from '../../machines/flow.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import type { PlannedStep } from '../definition/plan.ts';
import { queueDue } from './back-off.ts';
import type { Kernel } from './fan-outs.ts';
import { skipItems } from './fan-outs.ts';
import type { FanOutActor, FlowTree, StepActor } from './tree.ts';
import { isBusy, isFanOut } from './tree.ts';
import { noItem } from '../core/address.ts';

/** Ends every step that has not settled: those that have begun are cancelled, the others skipped or cancelled. */
export function endSteps({ tree, inbox }: Kernel, type: 'step.skip' | 'step.cancel', failure: StepFailure): void {
  tree.queue.clear();
  for (const { position } of listOpen(tree)) inbox.push({ position, item: noItem, event: { type: tree.actors.has(position) ? 'step.cancel' : type, failure } });
}

/** As `endSteps`, but for the always-steps: they go on, or begin when what they depend on has settled. */
export function endOthers(kernel: Kernel, type: 'step.skip' | 'step.cancel', failure: StepFailure): void {
  const { tree, inbox } = kernel;
  keepAlways(kernel);
  for (const { position, always } of listOpen(tree)) {
    if (!always) inbox.push({ position, item: noItem, event: { type: tree.actors.has(position) ? 'step.cancel' : type, failure } });
  }
}

/**
 * Begins nothing more and lets what works come to its end, with the attempts it has left. What only waits, for time, a signal,
 * a machine or a person, is cancelled: it would hold up the end. Always-steps are let alone.
 */
export function haltSteps(kernel: Kernel, failure: StepFailure): void {
  const { tree, inbox } = kernel;
  keepAlways(kernel);
  for (const { position, always } of listOpen(tree)) {
    if (always) continue;
    const actor = tree.actors.get(position);
    if (actor && isFanOut(actor) && actor.snapshot.value === 'running' && works(actor)) skipItems(kernel, actor);
    else if (!actor || !works(actor)) inbox.push({ position, item: noItem, event: { type: actor && actor.snapshot.value !== 'pending' ? 'step.cancel' : 'step.skip', failure } });
  }
  queueDue(kernel);
}

const listOpen = (tree: FlowTree): readonly PlannedStep[] => tree.plan.steps.filter(({ position }) => tree.settled[position] === null);

/** Empties the queue but for the always-steps; the flow, which counts nothing as ready any more, is told how many are. */
function keepAlways({ tree, inbox }: Kernel): void {
  const { queue, plan, actors } = tree;
  const kept: number[] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) if (plan.steps[next]?.always) kept.push(next);
  let ready = 0;
  for (const position of kept) {
    queue.push(position);
    const actor = actors.get(position);
    ready += actor && isFanOut(actor) ? actor.open : 1;
  }
  if (ready > 0) inbox.push({ flow: { type: 'slot.freed', ready } });
}

/** The items of a step that is a machine do nothing but wait. */
const works = (actor: StepActor | FanOutActor): boolean => actor.step.role !== 'machine' && (actor.snapshot.value === 'retrying' || isBusy(actor.step, actor.snapshot.value));

/** Why everything is ended by this event. */
export const toReason = (event: FlowEvent): StepFailure => ('failure' in event ? event.failure : null) ?? createFailure('cancelled', 'Cancelled');
