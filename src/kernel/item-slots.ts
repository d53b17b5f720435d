import type { FanOutActor } from './tree.ts';

// `open` counts the items that are ready: they wait for nothing but one of the flow's slots. With a limit of the step's own it
// is less than what is left, and grows as items end, or back off.

/** How many more may run by the step's own limit. */
const countRoom = ({ step, items, resting }: FanOutActor): number => (step.concurrency ?? Infinity) - (items.size - resting.size);

export const hasRoom = (actor: FanOutActor): boolean => countRoom(actor) > 0;

const countLeft = ({ woken, again, next, settledItems }: FanOutActor): number => woken.size + again.length + settledItems.length - next;

/** Whether the step's own limit keeps items back. */
export const hasMore = (actor: FanOutActor): boolean => countLeft(actor) > actor.open;

/** Opens as many items as may run beside those that are alive; returns how many more there are than before. */
export function openItems(actor: FanOutActor): number {
  const before = actor.open;
  actor.open = Math.max(before, Math.min(countLeft(actor), countRoom(actor)));
  return actor.open - before;
}

/** Gives a step its list. `kept`: places that have settled before. Returns how many items there are. */
export function setItems(actor: FanOutActor, list: readonly unknown[], kept: readonly number[]): number {
  actor.list = list;
  actor.settledItems = new Uint8Array(list.length);
  for (const item of kept) actor.settledItems[item] = 1;
  if (kept.length > 0) {
    actor.next = list.length;
    actor.again = Array.from(list.keys()).filter(item => actor.settledItems[item] === 0).toReversed();
  }
  return list.length;
}

/** Hands out the next open item. */
export function takeItem(actor: FanOutActor): number {
  actor.open--;
  for (const item of actor.woken) {
    actor.woken.delete(item);
    actor.resting.delete(item);
    return item;
  }
  return actor.again.pop() ?? actor.next++;
}

/** An item backs off: meanwhile another one may run. */
export function restItem(actor: FanOutActor, item: number): void {
  actor.resting.add(item);
}

/** An item that backed off is to be handed out again, before those that were not yet, and after those woken before it. */
export function wakeItem(actor: FanOutActor, item: number): void {
  actor.woken.add(item);
}

/** Hands out none that has not begun; returns how many were open. */
export function closeItems(actor: FanOutActor): number {
  const { open } = actor;
  actor.open = 0;
  actor.next = actor.settledItems.length;
  actor.again = [];
  return open;
}
