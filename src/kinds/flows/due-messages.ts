import { noItem } from '../../core/address.ts';
import type { Due } from '../../engine/due.ts';
import { toExpiry } from '../../kernel/answers.ts';
import type { Message } from '../../kernel/messages.ts';
import { createTimerEvent, getActor, isFanOut } from '../../kernel/tree.ts';
import type { Resident } from './resident.ts';

/** In place of a position: the whole flow is to be brought into memory. */
export const wholeFlow = -2;
/** The flow's own timeout. */
export const wholeTimeout = -1;

/** What a flow is told when this is due; undefined: it is over. */
export function toDueMessage({ header, tree }: Resident, { place = 0, part = noItem, at }: Due): Message | undefined {
  if (place === wholeTimeout) {
    // The time of a generation before is nothing to this one.
    const isOver = header.startedAt === null || tree.flow.context.ending !== undefined || at < header.startedAt + (tree.plan.timeoutMs ?? Infinity);
    return isOver ? undefined : toExpiry(tree.plan);
  }
  const actor = getActor(tree, place, part);
  if (!actor || isFanOut(actor) || actor.snapshot.context.dueAt !== at) return undefined;
  return { to: 'step', position: place, item: part, event: createTimerEvent(actor) };
}
