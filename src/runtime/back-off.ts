import type { Kernel } from './fan-outs.ts';
import { queueItems } from './fan-outs.ts';
import { restItem, wakeItem } from './item-slots.ts';
import type { FanOutActor, FlowTree, StepActor } from './tree.ts';
import { isFanOut, noItem } from './tree.ts';

// Waiting holds no place: a step, or an item, that backs off gives its slot to the next one. When its time has come it is
// ready again, before those that have not begun, and goes on when it is given a slot.

/** Whether it backs off, or its time has come and it waits for a slot. */
export const isResting = ({ snapshot, holdsSlot }: StepActor): boolean => snapshot.value === 'retrying' && !holdsSlot;

/** It has failed and is tried again later: until then its slot is free. */
export function rest(kernel: Kernel, actor: StepActor): void {
  const fanOut = getFanOut(kernel.tree, actor);
  let ready = 0;
  if (fanOut) {
    restItem(fanOut, actor.item);
    ready = queueItems(kernel, fanOut);
  }
  const freed = actor.holdsSlot ? 1 : 0;
  actor.holdsSlot = false;
  if (freed + ready > 0) kernel.inbox.push({ flow: { type: 'slot.freed', ...(freed > 0 && { freed }), ...(ready > 0 && { ready }) } });
}

/** Its time has come: it is ready. */
export function wake(kernel: Kernel, actor: StepActor): void {
  if (actor.isDue) return;
  actor.isDue = true;
  const fanOut = getFanOut(kernel.tree, actor);
  let ready = 1;
  if (fanOut) {
    wakeItem(fanOut, actor.item);
    ready = queueItems(kernel, fanOut);
  } else {
    kernel.tree.queue.push(actor.step.position);
  }
  if (ready > 0) kernel.inbox.push({ flow: { type: 'slot.freed', ready } });
}

/** All that was ready has been taken back, but for always-steps: puts the steps whose time has come in the queue again. */
export function queueDue({ tree, inbox }: Kernel): void {
  for (const actor of tree.actors.values()) {
    if (isFanOut(actor) || !actor.isDue || actor.step.always) continue;
    tree.queue.push(actor.step.position);
    inbox.push({ flow: { type: 'slot.freed', ready: 1 } });
  }
}

function getFanOut(tree: FlowTree, { step, item }: StepActor): FanOutActor | undefined {
  const actor = item === noItem ? undefined : tree.actors.get(step.position);
  return actor && isFanOut(actor) ? actor : undefined;
}

/** How many steps and items could begin, had the flow slots for all. */
export function countStartable({ queue, actors }: FlowTree): number {
  let count = 0;
  const taken: number[] = [];
  for (let position = queue.pop(); position !== undefined; position = queue.pop()) taken.push(position);
  for (const position of taken) {
    const actor = actors.get(position);
    count += actor && isFanOut(actor) ? actor.open : 1;
    queue.push(position);
  }
  return count;
}
