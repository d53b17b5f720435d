import type { FanOutContext } from '../../machines/fan-out.ts';
import type { FlowContext } from '../../machines/flow.ts';
import type { CheckpointRecord, ExecutionRecord, JournalRecord, StepRecord, StepStatus } from '../../persistence/records.ts';
import type { FlowPlan } from '../definition/plan.ts';
import { writeEntries } from '../core/journal-text.ts';
import type { JournalEntry } from '../core/journal-text.ts';
import type { FlowDigests } from './tree.ts';
import { countSettled } from './tally.ts';
import type { Machines } from './machines.ts';
import type { FanOutActor, FlowTree, StepActor } from './tree.ts';
import { openItems, restItem } from './item-slots.ts';
import { inheritSteps } from './kept-steps.ts';
import { listStillOpen, restoreSettled, restoreSettledItems } from './restore-checkpoint.ts';
import { createFanOutActor, createStepActor, createTree, hasWork, isAsking, isBusy, isFanOut, isSwitched, isToRetry, nextDueAt } from './tree.ts';
import { noItem } from '../core/address.ts';
import { readCounters, readStored, requireFailure, type StoredCounters } from '../core/stored-value.ts';

/** What an execution's row holds beside the machine's snapshot. */
export interface ExecutionHeader {
  readonly key: number;
  readonly executionId: string;
  /** From 1. */
  readonly generation: number;
  readonly flowId: string;
  readonly flowVersion: string;
  readonly digest: string;
  /** JSON text. */
  readonly input: string;
  readonly priority: number;
  readonly idempotencyKey: string | null;
  readonly parentId: string | null;
  readonly parentStep: string | null;
  readonly createdAt: number;
  seq: number;
  startedAt: number | null;
  settledAt: number | null;
}

/** When the host must look at the tree again: 0 while it has work, null when only others can wake it. */
export function computeWakeAt(tree: FlowTree, startedAt: number | null): number | null {
  if (hasWork(tree) || (tree.unoffered && tree.signals.length > 0)) return 0;
  const due = nextDueAt(tree);
  const { timeoutMs } = tree.plan;
  // What is over but for its clean-up has no time left to run out.
  const expires = timeoutMs === null || startedAt === null || tree.flow.context.ending ? undefined : startedAt + timeoutMs;
  if (due === undefined) return expires ?? null;
  return expires === undefined ? due : Math.min(due, expires);
}

/** It has not begun, or is over: nobody looks at it. */
export const isAtRest = ({ flow }: FlowTree): boolean => flow.status === 'done' || flow.value === 'pending';

/** Whether nothing but its counters has moved since the record was made. */
export const isSame = (record: ExecutionRecord, tree: FlowTree, wakeAt: number | null): boolean =>
  record.status === tree.flow.value && record.wakeAt === (isAtRest(tree) ? null : wakeAt);

/** What moves at every transition. */
export const toProgress = ({ key, executionId, seq }: ExecutionHeader, tree: FlowTree): Pick<ExecutionRecord, 'key' | 'executionId' | 'context' | 'seq'> => ({
  key, executionId, context: toCounters(tree), seq,
});

export function toExecutionRecord(header: ExecutionHeader, tree: FlowTree, wakeAt: number | null): ExecutionRecord {
  const { value, context, status } = tree.flow;
  const done = status === 'done';
  const { score, passed, failure } = context;
  return {
    ...header,
    context: toCounters(tree),
    status: value,
    wakeAt: isAtRest(tree) ? null : wakeAt,
    score: done ? (score ?? 0) : null,
    passed: done ? (passed ?? false) : null,
    failure: done ? failure : null,
  } as ExecutionRecord;
}

/** The counters that have moved; the rest follows from the definition. Its text is written with every transition. */
export function toCounters({ flow: { context }, flows }: FlowTree): string {
  let text = '';
  for (const name of counterNames) {
    const value = context[name];
    if (value !== 0 && value !== false) text += `${text === '' ? '{' : ','}"${name}":${String(value)}`;
  }
  if (context.ending) text += `${text === '' ? '{' : ','}"ending":${JSON.stringify(context.ending)}`;
  if (flows) text += `${text === '' ? '{' : ','}"flows":${JSON.stringify(flows)}`;
  return text === '' ? '{}' : `${text}}`;
}

const counterNames = [
  'ready', 'granted', 'released', 'settled', 'completed', 'failed', 'skipped', 'cancelled', 'halted',
] as const satisfies readonly (keyof FlowContext)[];

// Two are made of every step: field by field is three times as fast as parts put together.
export function toStepRecord(executionKey: number, actor: StepActor | FanOutActor): StepRecord {
  const { step, snapshot, startedAt, settledAt } = actor;
  const status = snapshot.value as StepStatus;
  if (isFanOut(actor)) {
    const { failure, ...counters } = actor.snapshot.context;
    return {
      executionKey, position: step.position, item: noItem, stepId: step.id, status, run: 0, attempt: 0, interruptions: 0, runAt: startedAt, counters: JSON.stringify(counters),
      dueAt: null, failure, startedAt, settledAt, originKey: null, originPosition: null, recovery: null, stale: false,
    } as StepRecord;
  }
  const { run, attempt, interruptions, dueAt, recovery, failure } = actor.snapshot.context;
  return {
    executionKey, position: step.position, item: actor.item, stepId: step.id, status, run, attempt, interruptions, runAt: actor.runAt || null, counters: null,
    dueAt, failure, startedAt, settledAt, originKey: null, originPosition: null, recovery, stale: false,
  } as StepRecord;
}

export function toJournalRecord(executionKey: number, seq: number, at: number, entries: readonly JournalEntry[]): JournalRecord {
  return { executionKey, seq, at, entries: writeEntries(entries) };
}

/**
 * The inverse of the functions above: reads an execution back into memory.
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
