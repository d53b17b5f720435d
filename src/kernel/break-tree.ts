import type { StepFailure } from '../core/failure.ts';
import { createFailure } from '../core/failure.ts';
import { toFailure } from '../core/thrown-failure.ts';
import type { Changes } from './changes.ts';
import type { Machines } from './machines.ts';
import type { FanOutActor, FlowTree, StepActor } from './tree.ts';
import { endMachine } from './actor-steps.ts';
import type { FlowState } from './rows.ts';
import { noteMove } from './rows.ts';
import { isFanOut } from './tree.ts';
import { toLocalAddress } from '../core/address.ts';

/**
 * Ends a tree in which a machine threw: the flow fails, what was alive is cancelled.
 *
 * Runs no guard and no assignment, since one of them is broken; it writes what `flow.cancel` and `step.cancel` lead to.
 */
export function breakTree(machines: Machines, tree: FlowTree, failure: StepFailure, now: number, changes: Changes): void {
  const cancel = (actor: StepActor): void => {
    if (actor.snapshot.value === 'running') {
      const { run, attempt } = actor.snapshot.context;
      changes.effects.push({ type: 'abort', position: actor.step.position, item: actor.item, run, failure });
      changes.attempts.push({ position: actor.step.position, item: actor.item, run, attempt, status: 'cancelled', startedAt: actor.runAt, endedAt: now, failure, output: null });
    }
    if (actor.snapshot.value === 'waiting' && actor.step.role === 'machine') endMachine({ tree, changes }, actor);
    if (actor.snapshot.value === 'waiting') changes.effects.push({ type: 'abandon', position: actor.step.position, item: actor.item });
    actor.snapshot = machines.step.restore('cancelled', { ...actor.snapshot.context, dueAt: null, failure });
    end(actor, toLocalAddress(actor.step.id, actor.item));
  };
  const end = (actor: StepActor | FanOutActor, local: string): void => {
    actor.settledAt = now;
    changes.actors.add(actor);
    changes.entries.push([local, { type: 'step.cancel', failure } as { type: string }, 'cancelled']);
  };
  tree.flow = machines.flow.restore('failed', { ...tree.flow.context, failure, score: 0, passed: false });
  changes.entries.push(['', { type: 'flow.cancel', failure } as { type: string }, 'failed']);
  for (const actor of tree.actors.values()) {
    if (isFanOut(actor)) {
      actor.items.forEach(cancel);
      actor.snapshot = machines.fanOut.restore('cancelled', { ...actor.snapshot.context, failure });
      end(actor, actor.step.id);
    } else {
      cancel(actor);
    }
  }
  tree.actors.clear();
  tree.queue.clear();
  tree.preparing = 0;
  tree.postponed.clear();
  tree.running = 0;
  tree.backingOff = 0;
  changes.effects.push({ type: 'settle' });
}

/**
 * Lets a tree move, and notes when its flow began and ended. One bad actor fails alone: a machine that throws ends its own flow.
 *
 * @returns what a machine threw; undefined: none did
 */
export function moveTree(machines: Machines, { header, tree }: FlowState, now: number, changes: Changes, work: (changes: Changes) => void): { readonly thrown: unknown } | undefined {
  let broken: { readonly thrown: unknown } | undefined;
  try {
    work(changes);
  } catch (thrown) {
    broken = { thrown };
    breakTree(machines, tree, createFailure('machine_failed', toFailure(thrown).message), now, changes);
  }
  noteMove({ header, tree }, now);
  return broken;
}
