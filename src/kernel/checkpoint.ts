import type { CheckpointRecord, StepRecord } from '../../persistence/records.ts';
import { writeEndings, writeRanges } from '../core/settled-text.ts';
import type { ExecutionHeader } from './rows.ts';
import { toCounters, toStepRecord } from './rows.ts';
import type { FanOutActor, FlowTree, StepActor } from './tree.ts';
import { isFanOut } from './tree.ts';

/** What has not begun has no row either: it follows from what has settled. */
const hasBegun = (actor: StepActor | FanOutActor): boolean => actor.snapshot.value !== 'pending' || (!isFanOut(actor) && actor.snapshot.context.run > 0);

/**
 * What reading a tree back begins with: the same as all rows of its journal say.
 *
 * @param at epoch ms
 */
export function toCheckpoint({ key, seq, startedAt }: ExecutionHeader, tree: FlowTree, at: number): CheckpointRecord {
  const { excluded, totalTools, lastSettledAt } = tree.tally;
  const open: StepRecord[] = [];
  const items: (readonly [number, string])[] = [];
  for (const [position, actor] of tree.actors) {
    if (!hasBegun(actor)) continue;
    open.push(toStepRecord(key, actor));
    if (!isFanOut(actor)) continue;
    items.push([position, writeRanges(actor.settledItems)]);
    for (const item of actor.items.values()) if (hasBegun(item)) open.push(toStepRecord(key, item));
  }
  return {
    executionKey: key, seq, at, status: tree.flow.value as CheckpointRecord['status'], startedAt: startedAt ?? at, context: toCounters(tree), settled: writeEndings(tree.settled), excluded: [...excluded],
    totalTools, lastSettledAt, items, open,
  };
}
