import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';

interface Transition {
  readonly eventType: string;
  readonly source: AnyStateNode;
  readonly guard?: unknown;
}

const listNodes = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(listNodes)];

const nameNode = (node: AnyStateNode): string => (node.path.length === 0 ? '(machine)' : node.path.join('.'));

function nameGuard(guard: unknown): string {
  if (guard === undefined) return '';
  if (typeof guard === 'string') return ` [${guard}]`;
  const { type, name } = guard as { type?: unknown; name?: unknown };
  return ` [${typeof type === 'string' ? type : typeof name === 'string' && name !== '' ? name : 'guard'}]`;
}

const isWild = (eventType: string): boolean => eventType.includes('*');

/** Text of a transition: where it starts, its event, which of the event's candidates, its guard. */
function nameTransition(node: AnyStateNode, transition: Transition, index: number): string {
  return `${nameNode(node)}: ${transition.eventType}${index > 0 ? ` #${index + 1}` : ''}${nameGuard(transition.guard)}`;
}

const nameRefusal = (node: AnyStateNode, eventType: string): string => `${nameNode(node)}: ${eventType} refused by every guard`;

/** Where a machine's transitions are, by identity. */
export interface MachineItems {
  /** Everything there is to cover. */
  readonly all: readonly string[];
  itemsOf(snapshot: AnyMachineSnapshot, event: EventObject): string[];
}

/**
 * Lists what there is to cover in a machine: every transition that an event takes, and every way its guards can turn out:
 * each candidate, and none of them where all are guarded.
 */
export function listMachineItems(machine: AnyStateMachine): MachineItems {
  const names = new Map<unknown, string>();
  const refusals = new Map<string, string>();
  const all: string[] = [];
  for (const node of listNodes(machine.root)) {
    for (const [eventType, transitions] of node.transitions as ReadonlyMap<string, readonly Transition[]>) {
      for (const [index, transition] of transitions.entries()) {
        const name = nameTransition(node, transition, index);
        names.set(transition, name);
        all.push(name);
      }
      if (isWild(eventType) || transitions.some(({ guard }) => guard === undefined)) continue;
      const refusal = nameRefusal(node, eventType);
      refusals.set(`${node.id} ${eventType}`, refusal);
      all.push(refusal);
    }
  }
  return {
    all,
    itemsOf(snapshot, event) {
      if (snapshot.status !== 'active') return [];
      const taken = machine.getTransitionData(snapshot as never, event as never) as readonly unknown[];
      const items = taken.flatMap(transition => names.get(transition) ?? []);
      const nodes = (snapshot as unknown as { readonly _nodes: readonly AnyStateNode[] })._nodes;
      for (const node of nodes) {
        const refusal = refusals.get(`${node.id} ${event.type}`);
        if (refusal && !(node.transitions.get(event.type) ?? []).some(transition => taken.includes(transition))) items.push(refusal);
      }
      return items;
    },
  };
}
