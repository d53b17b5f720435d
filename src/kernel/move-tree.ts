import { createFailure } from '../core/failure.ts';
import { toFailure } from '../core/thrown-failure.ts';
import { breakTree } from './break-tree.ts';
import type { Changes } from './changes.ts';
import type { Machines } from './machines.ts';
import type { ExecutionHeader } from './rows.ts';
import type { FlowTree } from './tree.ts';

/** An execution in memory: its row, and the actors of the flow and its steps. */
export interface FlowState {
  readonly header: ExecutionHeader;
  readonly tree: FlowTree;
}

/**
 * Lets a tree move, and notes when its flow began and ended. One bad actor fails alone: a machine that throws ends its own flow.
 *
 * @returns what a machine threw; undefined: none did
 */
export function moveTree(machines: Machines, { header, tree }: FlowState, now: number, changes: Changes, work: (changes: Changes) => void): { readonly thrown: unknown } | undefined {
  let broken: { readonly thrown: unknown } | undefined;
  try {
    work(changes);
  } catch (thrown) {
    broken = { thrown };
    breakTree(machines, tree, createFailure('machine_failed', toFailure(thrown).message), now, changes);
  }
  noteMove({ header, tree }, now);
  return broken;
}

/** Notes when a flow began and ended, after its tree has moved. */
export function noteMove({ header, tree }: FlowState, now: number): void {
  if (header.startedAt === null && tree.flow.value !== 'pending' && tree.flow.value !== 'failed') header.startedAt = now;
  // A clock that was set back must not make it end before it began.
  if (tree.flow.status === 'done') header.settledAt ??= Math.max(now, header.startedAt ?? header.createdAt);
}
