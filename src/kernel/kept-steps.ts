import type { KeptCounts } from '../../machines/flow.ts';
import type { StepRecord } from '../../persistence/records.ts';
import type { StepFailure } from '../core/failure.ts';
import { countSettled } from './tally.ts';
import { createNotNeeded } from './fallback.ts';
import { blocksDependents, toUpstreamFailure } from './route.ts';
import type { FlowTree } from './tree.ts';
import { noItem } from '../core/address.ts';

/**
 * Gives a tree that has not begun the steps that its generation keeps: they have settled before it starts.
 *
 * What is ready follows from them. A step that is to run and hangs on a kept failure is noted to be skipped at the start.
 */
export function inheritSteps(tree: FlowTree, kept: readonly StepRecord[]): void {
  const counts = { settled: 0, completed: 0, failed: 0, skipped: 0 } satisfies KeptCounts;
  const rows = new Map<number, StepRecord>();
  for (const row of kept) {
    const step = tree.plan.steps[row.position];
    if (step) countSettled(tree.tally, step, row.item !== noItem, row);
    if (row.item !== noItem || !step) continue;
    rows.set(row.position, row);
    tree.settled[row.position] = row.status;
    counts.settled++;
    counts[row.status === 'completed' || row.status === 'failed' ? row.status : 'skipped']++;
  }
  const skips: { readonly position: number; readonly failure: StepFailure }[] = [];
  tree.queue.clear();
  for (const { position, dependsOn, alternativeOf, always } of tree.plan.steps) {
    if (alternativeOf !== null) {
      tree.unmet[position] = 1;
      const original = tree.plan.steps[alternativeOf];
      if (original && tree.settled[position] === null && tree.settled[alternativeOf] !== null) skips.push({ position, failure: createNotNeeded(original) });
      continue;
    }
    let unmet = 0;
    let failure: StepFailure | undefined;
    for (const upstream of dependsOn) {
      const row = rows.get(upstream);
      const step = tree.plan.steps[upstream];
      if (!row || !step) unmet++;
      else if (!always && blocksDependents(tree.plan, step, row)) failure ??= toUpstreamFailure(step, row.status as 'failed' | 'skipped', row.failure);
    }
    tree.unmet[position] = unmet;
    if (tree.settled[position] !== null) continue;
    if (failure) skips.push({ position, failure });
    else if (unmet === 0) tree.queue.push(position);
  }
  tree.inherited = { counts, skips };
}
