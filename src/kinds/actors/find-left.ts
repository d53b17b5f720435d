import type { AnyStateMachine } from 'xstate';
import type { FrozenActor, FrozenTree } from './frozen-tree.ts';
import type { OneMachineStructure, StateStructure } from './machine-structure.ts';
import { resolveLogic } from './xstate-internals.ts';

type Node = { readonly invoke: readonly { readonly id: string }[]; readonly states: Readonly<Record<string, unknown>> };

/** Children of an actor that a migration has moved, of states it is no longer in: had it left them by a transition, these would have been stopped. */
export function findLeft({ snapshot }: FrozenActor, children: readonly FrozenActor[], machine: AnyStateMachine, before: OneMachineStructure | undefined): FrozenActor[] {
  const now = new Set<string>();
  const visit = (node: Node | undefined, value: unknown): void => {
    for (const { id } of node?.invoke ?? []) now.add(id);
    for (const key of typeof value === 'string' ? [value] : Object.keys((value ?? {}) as object)) visit(node?.states[key] as Node | undefined, typeof value === 'string' ? undefined : (value as Record<string, unknown>)[key]);
  };
  visit(machine.root as never, snapshot['value']);
  const invoked = before && listInvoked(before.root);
  // Of what 0.2.0 stored it is not known what was invoked; what can only be restored as nothing was.
  return children.filter(({ id, src = '' }) => !now.has(id) && (invoked ? invoked.has(id) : !resolveLogic(machine, src)));
}

function listInvoked({ invoke = {}, states = {} }: StateStructure): Set<string> {
  return new Set([...Object.keys(invoke), ...Object.values(states).flatMap(state => [...listInvoked(state)])]);
}

/** A tree without some actors, those below them, and the delayed events of either. */
export function dropActors(frozen: FrozenTree, dropped: ReadonlySet<string>): FrozenTree {
  if (dropped.size === 0) return frozen;
  const keep = (actor: FrozenActor): FrozenActor => ({ ...actor, children: actor.children?.filter(session => !dropped.has(session)) });
  return {
    ...frozen,
    root: keep(frozen.root),
    below: frozen.below.filter(({ session }) => !dropped.has(session)).map(keep),
    timers: frozen.timers.filter(({ source, target }) => !dropped.has(source) && !(typeof target === 'string' && dropped.has(target))),
  };
}
