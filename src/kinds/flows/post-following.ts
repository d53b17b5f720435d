import type { Tick } from '../../engine/kind.ts';
import type { Changes } from '../../kernel/changes.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { isFanOut } from '../../kernel/tree.ts';
import type { StepPublishing, StepWait } from '../contract/publishing.ts';
import type { StepMachines } from '../contract/step-machines.ts';
import { toMessageSignal } from '../../definition/built-in-step-kinds.ts';
import type { MessageWait } from '../../definition/wait.ts';

export interface Neighbours {
  /** Tells the queues which steps wait for a message, and which no longer do. */
  readonly publishing?: StepPublishing | undefined;
  /** The machines that steps are. */
  readonly stepMachines?: StepMachines | undefined;
}

/** What other kinds are told of a move in the same tick: what waits is known to the queues, an actor is stored with the step that waits for it. */
export function postFollowing(executionId: string, tree: FlowTree, changes: Changes, { publishing, stepMachines }: Neighbours, tick: Pick<Tick, 'post'>): void {
  if (tree.plan.awaitsMessages && publishing) {
    const waits = listMessageWaits(executionId, tree, changes);
    if (waits.length > 0) tick.post(publishing.toWaits(waits));
  }
  if (changes.machineCalls.length === 0) return;
  for (const call of changes.machineCalls.splice(0)) if (stepMachines) tick.post(stepMachines.toCommand(call));
}

const unknownWait: MessageWait = { queue: '', correlationId: null };

/** What has changed about the steps of a flow that wait for messages. Says again what was said in the same tick. */
function listMessageWaits(executionId: string, tree: FlowTree, { actors, effects }: Changes): StepWait[] {
  const waits: StepWait[] = [];
  const touched = new Set(actors);
  // Read back: nothing has happened to them, and yet the queues may have to be told.
  for (const effect of effects) if (effect.type === 'wait') {
    const actor = tree.actors.get(effect.position);
    if (actor) touched.add(actor);
  }
  for (const actor of touched) {
    const { step, snapshot } = actor;
    if (isFanOut(actor) || !step.kind.message) continue;
    const state = snapshot.value === 'waiting' ? 'waiting' : snapshot.value === 'completed' ? 'received' : 'over';
    // One that never waited has nothing to take back.
    if (state === 'over' && actor.startedAt === null) continue;
    const { queue, correlationId } = step.kind.message(actor.input ?? step.with?.value) ?? unknownWait;
    waits.push({ executionId, position: step.position, item: actor.item, signal: toMessageSignal(step.id), queue, correlationId, state });
  }
  return waits;
}
