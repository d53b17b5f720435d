import type { AnyActorLogic, AnyStateMachine, AnyStateNode } from 'xstate';
import { fromPromise } from 'xstate';
import { FlowError } from '../core/errors.ts';
import { isMachine, resolveLogic, toKind } from '../kinds/actors/xstate-internals.ts';

/** A promise that a machine has begun and that waits for the path to end it. */
export interface PendingPromise {
  /** The actor that began it, as ids from below the root, and its own: `child/load`. */
  readonly place: string;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The same machine with its promises, and those of the machines below it, in the hands of a path.
 *
 * @throws a `FlowError` with code `service_unnamed` for one that is written into its `invoke`: it cannot be replaced
 */
export function standIn<Machine extends AnyStateMachine>(machine: Machine, pending: PendingPromise[]): Machine {
  refuseInline(machine, machine.root);
  const actors = Object.entries(machine.implementations.actors as Record<string, AnyActorLogic>).flatMap(([name, logic]) => {
    if (isMachine(logic)) return [[name, standIn(logic, pending)]];
    return toKind(logic) === 'promise' ? [[name, createPromise(pending)]] : [];
  });
  return machine.provide({ actors: Object.fromEntries(actors) } as never) as Machine;
}

function createPromise(pending: PendingPromise[]): AnyActorLogic {
  return fromPromise(({ self, signal }) => new Promise((resolve, reject) => {
    const ids: string[] = [];
    for (let at = self as unknown as { id: string; _parent?: { id: string } }; at._parent; at = at._parent) ids.unshift(at.id);
    const one: PendingPromise = { place: ids.join('/'), resolve, reject };
    pending.push(one);
    signal.addEventListener('abort', () => {
      const index = pending.indexOf(one);
      if (index >= 0) pending.splice(index, 1);
    });
  }));
}

function refuseInline(machine: AnyStateMachine, node: AnyStateNode): void {
  for (const { src, id } of node.invoke) {
    const logic = typeof src === 'string' ? (src.startsWith('xstate.invoke.') ? resolveLogic(machine, src) : undefined) : (src as AnyActorLogic);
    if (logic && !isMachine(logic) && toKind(logic) === 'promise') {
      throw new FlowError('service_unnamed', `Expected the promise \`${id}\` of the machine \`${machine.id}\` to have a name in \`setup({ actors })\`, so that a path can decide how it ends; it is written into its \`invoke\``);
    }
  }
  for (const child of Object.values(node.states)) refuseInline(machine, child);
}
