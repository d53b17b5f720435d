import type { FanOutContext } from '../../machines/fan-out.ts';
import type { CheckpointRecord, ExecutionRecord, StepRecord } from '../../persistence/records.ts';
import { noItem } from '../core/address.ts';
import type { StoredCounters } from '../core/stored-value.ts';
import { readCounters, readStored, requireFailure } from '../core/stored-value.ts';
import type { FlowPlan } from '../definition/plan.ts';
import { openItems, restItem } from './item-slots.ts';
import { inheritSteps } from './kept-steps.ts';
import type { Machines } from './machines.ts';
import type { ExecutionHeader } from './rows.ts';
import { countSettled } from './tally.ts';
import type { FlowDigests, FlowTree, StepActor } from './tree.ts';
import { createFanOutActor, createStepActor, createTree, isAsking, isBusy, isFanOut, isSwitched, isToRetry } from './tree.ts';
import { readEndings, readRanges } from '../core/settled-text.ts';

/**
 * The inverse of `rows.ts`: reads an execution back into memory.
 *
 * @param steps those that have changed since the checkpoint; without one: all
 */
export function restoreTree(
  machines: Machines,
  plan: FlowPlan,
  execution: ExecutionRecord,
  steps: readonly StepRecord[],
  maxInterruptions: number,
  checkpoint?: CheckpointRecord,
): { header: ExecutionHeader; tree: FlowTree } {
  const { context, status, wakeAt, score, passed, failure, ...header } = execution;
  const { flows, ...counters } = readStored<{ readonly flows?: FlowDigests }>('executions.context', execution.key, context);
  const tree = createTree(machines, plan, execution.executionId, maxInterruptions, execution.generation, flows);
  if (status === 'pending') {
    if (steps.length > 0) inheritSteps(tree, steps);
    return { header, tree };
  }
  tree.flow = machines.flow.restore(status, { ...tree.flow.context, ...counters, score, passed, failure });
  tree.unoffered = wakeAt === 0;
  tree.queue.clear();
  const rows = checkpoint ? [...listStillOpen(checkpoint, steps), ...steps] : steps;
  if (checkpoint) restoreSettled(tree, checkpoint);
  for (const row of rows) requireFailure(row.failure);
  for (const row of rows) if (row.item === noItem) restoreStep(machines, tree, row);
  if (checkpoint) restoreSettledItems(tree, checkpoint);
  for (const row of rows) if (row.item !== noItem) restoreItem(machines, tree, row);
  restoreQueue(tree);
  return { header, tree };
}

function restoreStep(machines: Machines, tree: FlowTree, row: StepRecord): void {
  const step = tree.plan.steps[row.position];
  if (!step) return;
  if (row.settledAt !== null) {
    countSettled(tree.tally, step, false, row);
    tree.settled[row.position] = row.status;
    return;
  }
  if (row.counters === null) {
    tree.actors.set(row.position, restoreActor(machines, tree, row, createStepActor(machines, tree, step, noItem)));
    return;
  }
  const actor = createFanOutActor(machines, tree, step);
  actor.snapshot = machines.fanOut.restore(row.status, { ...(readCounters(row) as StoredCounters & Pick<FanOutContext, 'failFast'>), failure: row.failure });
  actor.settledItems = new Uint8Array(actor.snapshot.context.total);
  actor.startedAt = row.startedAt;
  tree.actors.set(row.position, actor);
}

function restoreItem(machines: Machines, tree: FlowTree, row: StepRecord): void {
  const step = tree.plan.steps[row.position];
  if (step && row.settledAt !== null) countSettled(tree.tally, step, true, row);
  const fanOut = tree.actors.get(row.position);
  if (!fanOut || !isFanOut(fanOut)) return;
  if (row.settledAt !== null) fanOut.settledItems[row.item] = 1;
  else fanOut.items.set(row.item, restoreActor(machines, tree, row, createStepActor(machines, tree, fanOut.step, row.item)));
  if (row.status === 'retrying') restItem(fanOut, row.item);
}

function restoreActor(machines: Machines, tree: FlowTree, row: StepRecord, actor: StepActor): StepActor {
  const { run, attempt, interruptions, dueAt, recovery, failure } = row;
  actor.snapshot = machines.step.restore(row.status, { ...actor.snapshot.context, run, attempt, interruptions, dueAt, recovery, failure });
  actor.startedAt = row.startedAt;
  actor.runAt = row.runAt ?? 0;
  // What is being recovered, and what backs off, has given its slot back.
  const isRecovered = isToRetry(actor) || isSwitched(actor) || isAsking(actor);
  actor.holdsSlot = !isRecovered && row.status !== 'retrying' && (actor.step.role === 'task' || actor.step.role === 'flow');
  if (isBusy(actor.step, row.status)) tree.running++;
  // Only a release leaves a row that is pending.
  if (row.status === 'pending' && !isRecovered) tree.preparing++;
  return actor;
}

/** What is ready follows from what has settled; it is not stored. */
function restoreQueue(tree: FlowTree): void {
  for (const { position, dependsOn, alternativeOf, always } of tree.plan.steps) {
    if (alternativeOf !== null) {
      restoreAlternative(tree, position, alternativeOf);
      continue;
    }
    let unmet = 0;
    for (const upstream of dependsOn) if (tree.settled[upstream] === null) unmet++;
    tree.unmet[position] = unmet;
    const actor = tree.actors.get(position);
    if (actor && isFanOut(actor)) {
      for (let item = actor.settledItems.length - 1; item >= 0; item--) {
        if (actor.settledItems[item] === 0 && !actor.items.has(item)) actor.again.push(item);
      }
      actor.next = actor.settledItems.length;
      if (openItems(actor) > 0) tree.queue.push(position);
    } else if (actor && isToRetry(actor)) {
      tree.queue.push(position);
    } else if (unmet === 0 && !actor && tree.settled[position] === null && tree.flow.value === 'stepping' && (always || !tree.flow.context.halted)) {
      tree.queue.push(position);
    }
  }
}

/** It is ready when the step it stands in for waits for it, and it has not begun. */
function restoreAlternative(tree: FlowTree, position: number, alternativeOf: number): void {
  tree.unmet[position] = 1;
  const original = tree.actors.get(alternativeOf);
  if (original && !isFanOut(original) && isSwitched(original) && !tree.actors.has(position) && tree.settled[position] === null) tree.queue.push(position);
}

const toPlace = ({ position, item }: StepRecord): string => `${position}/${item}`;

/** What was alive at a checkpoint and has not changed since. */
function listStillOpen({ open }: CheckpointRecord, changed: readonly StepRecord[]): readonly StepRecord[] {
  if (changed.length === 0) return open;
  const places = new Set(changed.map(toPlace));
  return open.filter(row => !places.has(toPlace(row)));
}

/** Steps that had settled, and what is counted of them for the score. */
function restoreSettled({ settled, tally }: FlowTree, checkpoint: CheckpointRecord): void {
  readEndings(checkpoint.settled, (position, ending) => {
    if (position < settled.length) settled[position] = ending;
  });
  for (const position of checkpoint.excluded) tally.excluded.add(position);
  tally.totalTools = checkpoint.totalTools;
  tally.lastSettledAt = checkpoint.lastSettledAt;
}

/** Items that had settled, of `for_each` steps that are still alive. */
function restoreSettledItems(tree: FlowTree, { items }: CheckpointRecord): void {
  for (const [position, settled] of items) {
    const actor = tree.actors.get(position);
    if (actor && isFanOut(actor)) readRanges(settled, (from, to) => void actor.settledItems.fill(1, from, to + 1));
  }
}
