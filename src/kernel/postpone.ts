import type { Kernel } from './fan-outs.ts';
import { queueItems } from './fan-outs.ts';
import type { FanOutActor, FlowTree } from './tree.ts';
import { isFanOut } from './tree.ts';
import { noItem } from '../core/address.ts';

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
