import type { OwnWrite } from '../../engine/kind.ts';
import { isThenable } from './step-runner.ts';
import type { Message } from '../../kernel/messages.ts';
import type { FlowTree } from '../../kernel/tree.ts';
import { getActor, isFanOut } from '../../kernel/tree.ts';

/** All of a step's writes as one, so that one that throws undoes the others, too. A promise is passed on, for the store to refuse. */
export const toOneWrite = (writes: readonly OwnWrite[]): OwnWrite => tx => {
  for (const write of writes) {
    const result: unknown = write(tx);
    if (isThenable(result)) return result;
  }
  return undefined;
};

/** Whether a pong will be accepted: what a late one wanted to write must not be written. */
export function isAwaited(tree: FlowTree, message: Message): boolean {
  if (message.to !== 'step' || message.event.type !== 'attempt.completed') return false;
  const actor = getActor(tree, message.position, message.item);
  return actor !== undefined && !isFanOut(actor) && actor.snapshot.value === 'running' && actor.snapshot.context.run === message.event.run;
}
