import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';

/** One step of XState inside the handling of an event: an eventless or raised transition is one of its own. */
export interface Microstep {
  /** The child machine it happens in; `''`: the machine itself. */
  readonly actor: string;
  readonly machine: AnyStateMachine;
  /** Undefined: it begins. */
  readonly before: AnyMachineSnapshot | undefined;
  readonly event: EventObject;
  /** Transitions that were taken, by identity. */
  readonly transitions: readonly unknown[];
  readonly after: AnyMachineSnapshot;
}

interface Transition {
  readonly eventType: string;
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
function nameTransition(node: AnyStateNode, eventType: string, transition: Transition, index: number): string {
  return `${nameNode(node)}: ${eventType}${index > 0 ? ` #${index + 1}` : ''}${nameGuard(transition.guard)}`;
}

const nameRefusal = (node: AnyStateNode, eventType: string): string => `${nameNode(node)}: ${eventType} refused by every guard`;
const eventless = 'always';

interface Table {
  readonly names: ReadonlyMap<unknown, string>;
  /** By state node and event. */
  readonly refusals: ReadonlyMap<string, string>;
  readonly all: readonly string[];
}

const tables = new WeakMap<AnyStateMachine, Table>();

function getTable(machine: AnyStateMachine): Table {
  const known = tables.get(machine);
  if (known) return known;
  const names = new Map<unknown, string>();
  const refusals = new Map<string, string>();
  const all: string[] = [];
  for (const node of listNodes(machine.root)) {
    const lists: (readonly [string, readonly Transition[]])[] = [...(node.transitions as ReadonlyMap<string, readonly Transition[]>)];
    if (node.always && node.always.length > 0) lists.push([eventless, node.always as readonly Transition[]]);
    for (const [eventType, transitions] of lists) {
      for (const [index, transition] of transitions.entries()) {
        const name = nameTransition(node, eventType, transition, index);
        names.set(transition, name);
        all.push(name);
      }
      if (isWild(eventType) || transitions.some(({ guard }) => guard === undefined)) continue;
      const refusal = nameRefusal(node, eventType);
      refusals.set(`${node.id} ${eventType}`, refusal);
      all.push(refusal);
    }
  }
  const table = { names, refusals, all };
  tables.set(machine, table);
  return table;
}

/**
 * Lists what there is to cover in a machine: every transition, also eventless ones, and every way its guards can turn out:
 * each candidate, and none of them where all are guarded.
 */
export const listMachineItems = (machine: AnyStateMachine): readonly string[] => getTable(machine).all;

const prefix = (actor: string): string => (actor === '' ? '' : `${actor} › `);

/** The same of a child machine, under its id. */
export const listChildItems = (machine: AnyStateMachine, actor: string): string[] => getTable(machine).all.map(item => prefix(actor) + item);

/** The name of a transition; undefined: it has none that could be covered. */
export function nameTaken(machine: AnyStateMachine, transition: unknown, actor: string): string | undefined {
  const name = getTable(machine).names.get(transition);
  return name === undefined ? undefined : prefix(actor) + name;
}

/** What the steps of a machine, and of those below it, cover. */
export function coverMicrosteps(microsteps: readonly Microstep[]): string[] {
  const items: string[] = [];
  for (const [index, { actor, machine, before, event, transitions, after }] of microsteps.entries()) {
    const { names, refusals } = getTable(machine);
    const add = (item: string | undefined): unknown => item !== undefined && items.push(prefix(actor) + item);
    for (const transition of transitions) add(names.get(transition));
    const isTaken = (list: readonly unknown[] | undefined): boolean => (list ?? []).some(transition => transitions.includes(transition));
    for (const node of getNodes(before)) if (!isTaken(node.transitions.get(event.type))) add(refusals.get(`${node.id} ${event.type}`));
    // Once all is quiet, what may go on by itself has been asked and has not.
    const isLast = microsteps[index + 1]?.actor !== actor || microsteps[index + 1]?.before !== after;
    if (isLast && after.status === 'active') for (const node of getNodes(after)) add(refusals.get(`${node.id} ${eventless}`));
  }
  return items;
}

const getNodes = (snapshot: AnyMachineSnapshot | undefined): readonly AnyStateNode[] => (snapshot as unknown as { readonly _nodes?: readonly AnyStateNode[] } | undefined)?._nodes ?? [];
