import { toMessageSignal } from '../../definition/built-in-step-kinds.ts';
import type { MessageWait } from '../../definition/wait.ts';
import type { StepWait } from '../contract/publishing.ts';
import type { Changes } from '../../kernel/changes.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { isFanOut } from '../../kernel/tree.ts';

const unknownWait: MessageWait = { queue: '', correlationId: null };

/** What has changed about the steps of a flow that wait for messages. Says again what was said in the same tick. */
export function listMessageWaits(executionId: string, tree: FlowTree, { actors, effects }: Changes): StepWait[] {
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
