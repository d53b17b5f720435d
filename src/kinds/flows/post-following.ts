import type { Envelope } from '../../engine/kind.ts';
import type { Changes } from '../../kernel/changes.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import type { StepPublishing } from '../contract/publishing.ts';
import type { StepMachines } from '../contract/step-machines.ts';
import { listMessageWaits } from './message-waits.ts';

export interface Neighbours {
  /** Tells the queues which steps wait for a message, and which no longer do. */
  readonly publishing?: StepPublishing | undefined;
  /** The machines that steps are. */
  readonly stepMachines?: StepMachines | undefined;
}

/** What other kinds are told of a move in the same tick: what waits is known to the queues, an actor is stored with the step that waits for it. */
export function postFollowing(executionId: string, tree: FlowTree, changes: Changes, { publishing, stepMachines }: Neighbours, post: (envelope: Envelope) => void): void {
  if (tree.plan.awaitsMessages && publishing) {
    const waits = listMessageWaits(executionId, tree, changes);
    if (waits.length > 0) post(publishing.toWaits(waits));
  }
  if (changes.machineCalls.length === 0) return;
  for (const call of changes.machineCalls.splice(0)) if (stepMachines) post(stepMachines.toCommand(call));
}
