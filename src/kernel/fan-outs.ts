import type { FanOutEvent } from '../../machines/fan-out.ts';
import type { FlowEvent } from '../../machines/flow.ts';
import type { StepEvent } from '../../machines/step.ts';
import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import type { Changes } from './changes.ts';
import { closeItems, openItems } from './item-slots.ts';
import type { Machines } from './machines.ts';
import type { FanOutActor, FlowTree, StepActor } from './tree.ts';
import { isFanOut } from './tree.ts';
import { toLocalAddress } from '../core/address.ts';

/** What is to be delivered inside a tree. */
export type Delivery = { readonly flow: FlowEvent } | {
  readonly position: number;
  readonly item: number;
  readonly event: StepEvent | FanOutEvent;
  readonly output?: string;
};

/** The kernel as its parts see it. */
export interface Kernel {
  readonly machines: Machines;
  readonly tree: FlowTree;
  readonly now: number;
  readonly changes: Changes;
  /** Delivered in turn, before the tree is quiet. */
  readonly inbox: Delivery[];
  sendToFlow(event: FlowEvent): void;
  moveStep(actor: StepActor, event: StepEvent, local: string, output: string | undefined, prepared: boolean): void;
  settleStep(actor: StepActor | FanOutActor, unprepared: boolean): void;
}

/** Takes an event of a step with `for_each`: it counts, holds back or cancels its items. */
export function moveFanOut(kernel: Kernel, actor: FanOutActor, event: FanOutEvent, local: string, prepared: boolean): void {
  const before = actor.snapshot;
  const effects: string[] = [];
  const after = kernel.machines.fanOut.transition(before, event, effects);
  kernel.changes.entries.push([local, event, after === before ? null : after.value]);
  if (after === before) return;
  actor.snapshot = after;
  kernel.changes.actors.add(actor);
  if (before.value === 'pending' && event.type === 'step.start') actor.startedAt = kernel.now;
  for (const effect of effects) {
    if (effect === 'haltItems') skipItems(kernel, actor);
    else cancelItems(kernel, actor, 'failure' in event && event.failure ? event.failure : null);
  }
  if (after.status === 'done') kernel.settleStep(actor, before.value === 'pending' && !prepared);
  else if (event.type === 'item.settled') admitItems(kernel, actor);
}

/** Queues what the step's own limit lets run now. Returns how many items became ready. */
export function queueItems({ tree }: Pick<Kernel, 'tree'>, actor: FanOutActor): number {
  const isQueued = actor.open > 0;
  const more = openItems(actor);
  if (more > 0 && !isQueued) tree.queue.push(actor.step.position);
  return more;
}

/** With a limit of the step's own, the end of an item lets the next one in. */
function admitItems(kernel: Kernel, actor: FanOutActor): void {
  const ready = queueItems(kernel, actor);
  if (ready > 0) kernel.inbox.push({ flow: { type: 'slot.freed', ready } });
}

/** Keeps the items that have not started from starting. */
export function skipItems(kernel: Kernel, actor: FanOutActor): void {
  const failure = createFailure('items_halted', 'An earlier item failed');
  const { position } = actor.step;
  for (let item = 0; item < actor.settledItems.length; item++) {
    if (actor.settledItems[item] === 1 || actor.items.has(item)) continue;
    kernel.inbox.push({ position, item, event: { type: 'step.skip', failure } });
  }
  const open = closeItems(actor);
  forgetQueued(kernel, position);
  // At once, not through the inbox: the flow must not give out slots for what has left the queue.
  if (open > 0 && (actor.step.always || !kernel.tree.flow.context.halted)) kernel.sendToFlow({ type: 'slot.freed', ready: -open });
  // What has begun and is to be tried again has its turn all the same.
  admitItems(kernel, actor);
}

function cancelItems(kernel: Kernel, actor: FanOutActor, failure: StepFailure | null): void {
  const { position } = actor.step;
  for (const item of actor.items.values()) {
    kernel.moveStep(item, { type: 'step.cancel', failure: failure ?? createFailure('cancelled', 'Cancelled') }, toLocalAddress(actor.step.id, item.item), undefined, false);
  }
  forgetQueued(kernel, position);
}

/** Takes a step out of the queue; it is known to be at no other place in it. */
function forgetQueued(kernel: Kernel, position: number): void {
  const { queue } = kernel.tree;
  const kept: number[] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) if (next !== position) kept.push(next);
  for (const next of kept) queue.push(next);
}

/** Whether an item has not settled. */
export function isOpenItem(kernel: Kernel, position: number, item: number): boolean {
  const fanOut = kernel.tree.actors.get(position);
  return fanOut !== undefined && isFanOut(fanOut) && fanOut.settledItems[item] === 0;
}
