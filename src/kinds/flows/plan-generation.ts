import type { StepRecord } from '../../../persistence/records.ts';
import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import { createGraph, sortSteps } from '../../definition/graph.ts';
import type { FlowPlan, PlannedStep } from '../../definition/plan.ts';
import { conditionFalse } from '../../kernel/messages.ts';
import { alternativeNotNeeded, leftOut } from '../../kernel/fallback.ts';
import { blocksDependents } from '../../kernel/route.ts';
import { noItem } from '../../core/address.ts';

export interface GenerationParams {
  /** Number of the rows of the new generation. */
  readonly key: number;
  /** The definition it will run. */
  readonly plan: FlowPlan;
  /** The steps of the generation before, items included, in order. */
  readonly rows: readonly StepRecord[];
  /** Ids of the steps that are to run again. */
  readonly steps: readonly string[];
  /** Steps whose results no longer hold, since their definition has changed. */
  readonly changed?: ReadonlySet<string>;
  /** Whether what depends on them runs again, too. */
  readonly cascade: boolean;
}

/** What a new generation runs, and what it keeps. */
export interface GenerationPlan {
  /** Ids of the steps that run, in the definition's order. */
  readonly runs: readonly string[];
  /** Rows of the others, as they are to be stored under the new key. */
  readonly kept: readonly StepRecord[];
}

/**
 * Decides what a new generation of an execution runs again.
 *
 * Runs: the steps asked for; with `cascade` everything downstream of them; and every step that has no result: never begun,
 * cancelled, skipped for a failure that no longer stands. Everything else is kept, failures included.
 *
 * @throws a `FlowError` with code `step_unknown`, or `retry_blocked` when a step asked for would be skipped again at once
 */
export function planGeneration(params: GenerationParams): GenerationPlan {
  const { key, plan, rows, cascade, changed = new Set() } = params;
  const asked = new Set(params.steps.map(id => requirePosition(plan, id)));
  const byId = new Map<string, StepRecord[]>();
  for (const row of rows) byId.set(row.stepId, [...(byId.get(row.stepId) ?? []), row]);
  const runs = new Set<number>();
  const stale = new Set<number>();
  const keptRows = new Map<number, StepRecord>();
  for (const position of sortSteps(createGraph(plan.steps.map(step => step.dependsOn)))) {
    const step = plan.steps[position] as PlannedStep;
    const row = byId.get(step.id)?.find(({ item }) => item === noItem);
    const isInvalid = asked.has(position) || changed.has(step.id) || (cascade && step.dependsOn.some(upstream => runs.has(upstream)));
    if (!row || isInvalid || !(hasResult(row) || isStillSkipped(step, row, plan, keptRows))) {
      runs.add(position);
      continue;
    }
    keptRows.set(position, row);
    if (row.stale || step.dependsOn.some(upstream => runs.has(upstream) || stale.has(upstream))) stale.add(position);
  }
  for (const position of asked) requireOpen(plan.steps[position] as PlannedStep, plan, keptRows);
  const keep = (row: StepRecord, position: number): StepRecord => ({
    ...row, executionKey: key, position, originKey: row.originKey ?? row.executionKey, originPosition: row.originPosition ?? row.position, stale: stale.has(position),
  });
  return {
    runs: plan.steps.filter(({ position }) => runs.has(position)).map(({ id }) => id),
    kept: plan.steps.flatMap(({ position, id }) => (runs.has(position) ? [] : (byId.get(id) ?? []).map(row => keep(row, position)))),
  };
}

/** Whether a step has ended by itself: what it came to, good or bad, is worth keeping. */
function hasResult({ status, failure }: StepRecord): boolean {
  return status === 'completed' || status === 'failed' || (status === 'skipped' && [conditionFalse, alternativeNotNeeded, leftOut].includes(failure?.code ?? ''));
}

function isStillSkipped({ dependsOn }: PlannedStep, { status, failure }: StepRecord, plan: FlowPlan, kept: ReadonlyMap<number, StepRecord>): boolean {
  return status === 'skipped' && failure?.code === 'upstream_failed' && dependsOn.some(upstream => blocks(upstream, plan, kept));
}

function blocks(position: number, plan: FlowPlan, kept: ReadonlyMap<number, StepRecord>): boolean {
  const row = kept.get(position);
  return row !== undefined && blocksDependents(plan, plan.steps[position] as PlannedStep, row);
}

function requireOpen({ id, dependsOn, always }: PlannedStep, plan: FlowPlan, kept: ReadonlyMap<number, StepRecord>): void {
  const upstream = always ? undefined : dependsOn.find(position => blocks(position, plan, kept));
  if (upstream === undefined) return;
  const row = kept.get(upstream) as StepRecord;
  const cause = String(row.failure?.details?.['cause'] ?? row.stepId);
  throw new FlowError('retry_blocked', `Expected a step that can run, "${id}" would be skipped again: "${cause}", upstream of it, has failed. Retry "${cause}" (with it, or in its place)`, {
    details: { step: id, cause },
  });
}

function requirePosition({ positions, definition }: FlowPlan, id: string): number {
  const position = positions.get(id);
  if (position !== undefined) return position;
  throw new FlowError('step_unknown', `Expected the id of a step of the flow "${definition.id}", got "${id}"${didYouMean(id, [...positions.keys()])}`, { details: { step: id } });
}
