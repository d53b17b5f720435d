import type { CheckpointRecord, StepRecord } from '../../persistence/records.ts';
import { readEndings, readRanges } from '../core/settled-text.ts';
import type { FlowTree } from './tree.ts';
import { isFanOut } from './tree.ts';

const toPlace = ({ position, item }: StepRecord): string => `${position}/${item}`;

/** What was alive at a checkpoint and has not changed since. */
export function listStillOpen({ open }: CheckpointRecord, changed: readonly StepRecord[]): readonly StepRecord[] {
  if (changed.length === 0) return open;
  const places = new Set(changed.map(toPlace));
  return open.filter(row => !places.has(toPlace(row)));
}

/** Steps that had settled, and what is counted of them for the score. */
export function restoreSettled({ settled, tally }: FlowTree, checkpoint: CheckpointRecord): void {
  readEndings(checkpoint.settled, (position, ending) => {
    if (position < settled.length) settled[position] = ending;
  });
  for (const position of checkpoint.excluded) tally.excluded.add(position);
  tally.totalTools = checkpoint.totalTools;
  tally.lastSettledAt = checkpoint.lastSettledAt;
}

/** Items that had settled, of `for_each` steps that are still alive. */
export function restoreSettledItems(tree: FlowTree, { items }: CheckpointRecord): void {
  for (const [position, settled] of items) {
    const actor = tree.actors.get(position);
    if (actor && isFanOut(actor)) readRanges(settled, (from, to) => void actor.settledItems.fill(1, from, to + 1));
  }
}
