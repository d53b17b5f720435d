import type { StepEvent } from '../../machines/step.ts';
import type { Kernel } from './fan-outs.ts';
import { queueItems } from './fan-outs.ts';
import { hasMore, hasRoom, restItem, wakeItem } from './item-slots.ts';
import type { FanOutActor, FlowTree, StepActor } from './tree.ts';
import { createTimerEvent, isFanOut } from './tree.ts';
import { noItem } from '../core/address.ts';

// Waiting holds no place: a step, or an item, that backs off gives its slot to the next one that wants it. When its time has
// come it is ready again, before those that have not begun, and goes on when it is given a slot.

/** Whether it has given its slot away: it backs off, or its time has come and it waits for another one. */
export const isResting = ({ snapshot, holdsSlot }: StepActor): boolean => snapshot.value === 'retrying' && !holdsSlot;

/** It has failed and is tried again later: until then its slot is free for whoever wants it, now or later. */
export function backOff(kernel: Kernel, actor: StepActor): void {
  const { tree } = kernel;
  const fanOut = getFanOut(tree, actor);
  tree.backingOff++;
  if (tree.flow.context.ready > 0 || (fanOut && hasMore(fanOut))) rest(kernel, actor);
}

/** More is ready than there are slots: what backs off makes room. */
export function makeRoom(kernel: Kernel): void {
  const { tree } = kernel;
  let wanted = tree.flow.context.ready;
  for (const actor of tree.actors.values()) {
    for (const one of isFanOut(actor) ? actor.items.values() : [actor]) {
      if (wanted <= 0 || tree.backingOff === 0) return;
      if (one.snapshot.value !== 'retrying' || !one.holdsSlot) continue;
      rest(kernel, one);
      wanted--;
    }
  }
}

/** The step's own limit is reached: an item that backs off makes room for one whose time has come. */
function makeRoomIn(kernel: Kernel, fanOut: FanOutActor): void {
  if (kernel.tree.backingOff === 0 || !hasMore(fanOut)) return;
  for (const item of fanOut.items.values()) if (item.snapshot.value === 'retrying' && item.holdsSlot) return rest(kernel, item);
}

function rest(kernel: Kernel, actor: StepActor): void {
  const fanOut = getFanOut(kernel.tree, actor);
  kernel.tree.backingOff--;
  actor.holdsSlot = false;
  if (fanOut) restItem(fanOut, actor.item);
  const ready = fanOut ? queueItems(kernel, fanOut) : 0;
  kernel.inbox.push({ flow: { type: 'slot.freed', freed: 1, ...(ready > 0 && { ready }) } });
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
    if (ready === 0) makeRoomIn(kernel, fanOut);
  } else {
    kernel.tree.queue.push(actor.step.position);
  }
  if (ready > 0) kernel.inbox.push({ flow: { type: 'slot.freed', ready } });
}

/** It is given a slot: what it is told. */
export function takeUp(tree: FlowTree, actor: StepActor): StepEvent {
  actor.isDue = false;
  tree.backingOff++;
  return createTimerEvent(actor);
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

/**
 * Says how many of the slots that were given out, and that nobody seems to hold, are for what has not begun yet; puts right the
 * counters of a flow that was read back, for which of those that back off hold a slot, or were ready, is not stored.
 *
 * When something is ready none of them holds one; otherwise what is left over is theirs. Up to 0.3.0 all of them held one.
 */
export function recount({ tree, inbox }: Kernel, free: number, resting: readonly StepActor[]): number {
  const { ready } = tree.flow.context;
  const startable = countStartable(tree);
  // As it was left: nothing backs off, and what is ready is known to the flow.
  if (resting.length === 0 && startable <= ready + free) return free;
  const count = Math.min(free, startable);
  let left = free - count;
  if (ready === 0) {
    for (const actor of resting) {
      const fanOut = getFanOut(tree, actor);
      if (left === 0 || (fanOut && !hasRoom(fanOut))) continue;
      actor.holdsSlot = true;
      tree.backingOff++;
      fanOut?.resting.delete(actor.item);
      left--;
    }
  }
  const more = startable - count - ready;
  if (left > 0 || more !== 0) inbox.unshift({ flow: { type: 'slot.freed', freed: left, ready: more } });
  return count;
}

/** How many steps and items could begin, had the flow slots for all. */
function countStartable({ queue, actors }: FlowTree): number {
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

// An expression that met a limit is tried again as the step's `retry` says. Until then the step, or the item, is as if it had
// not begun: its slot is free for whoever wants it, and a crash forgets nothing, for nothing of it is stored.

/** How often the expressions of a step, or an item, have met a limit. */
export const countPostponed = ({ postponed }: FlowTree, position: number, item: number): number => postponed.get(position)?.get(item) ?? 0;

export function postpone(kernel: Kernel, position: number, item: number): void {
  const { tree } = kernel;
  const items = tree.postponed.get(position) ?? new Map<number, number>();
  tree.postponed.set(position, items.set(item, countPostponed(tree, position, item) + 1));
  let ready = 0;
  if (item === noItem) {
    tree.actors.delete(position);
  } else {
    const fanOut = tree.actors.get(position) as FanOutActor;
    fanOut.items.delete(item);
    ready = queueItems(kernel, fanOut);
  }
  kernel.inbox.push({ flow: { type: 'slot.freed', freed: 1, ...(ready > 0 && { ready }) } });
}

/** Its time has come: it is ready, unless it was ended meanwhile. */
export function goOn(kernel: Kernel, position: number, item: number): void {
  const { tree } = kernel;
  if (countPostponed(tree, position, item) === 0) return;
  let ready = 1;
  if (item === noItem) {
    if (tree.actors.has(position)) return;
    tree.queue.push(position);
  } else {
    const fanOut = tree.actors.get(position);
    if (!fanOut || !isFanOut(fanOut)) return;
    fanOut.again.push(item);
    ready = queueItems(kernel, fanOut);
  }
  if (ready > 0) kernel.inbox.push({ flow: { type: 'slot.freed', ready } });
}

/** It has begun, or was ended. */
export function forgetPostponed({ postponed }: FlowTree, position: number, item: number): void {
  const items = postponed.get(position);
  if (!items) return;
  items.delete(item);
  if (item === noItem || items.size === 0) postponed.delete(position);
}
