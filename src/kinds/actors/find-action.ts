import type { AnyStateMachine, StateNode } from 'xstate';

type Exec = (info: unknown, params: unknown) => unknown;
interface Places {
  readonly byFunction: Map<unknown, string>;
  readonly byPlace: Map<string, Exec>;
}

const known = new WeakMap<AnyStateMachine, Places>();

/**
 * Where in its machine an action's function stands, so that it is found again after a restart.
 *
 * Undefined for a function made while the machine ran (inside `enqueueActions`): that one cannot be found again.
 */
export function toActionPlace(machine: AnyStateMachine, exec: unknown): string | undefined {
  return toPlaces(machine).byFunction.get(exec);
}

/** All of a machine's actions by their places. */
export const listPlaces = (machine: AnyStateMachine): ReadonlyMap<string, unknown> => toPlaces(machine).byPlace;

export function findAction(machine: AnyStateMachine, place: string): Exec | undefined {
  return toPlaces(machine).byPlace.get(place);
}

function toPlaces(machine: AnyStateMachine): Places {
  let places = known.get(machine);
  if (places) return places;
  places = { byFunction: new Map(), byPlace: new Map() };
  known.set(machine, places);
  for (const [name, action] of Object.entries(machine.implementations.actions as Record<string, unknown>)) add(places, name, action);
  addNode(places, machine.root as unknown as StateNode);
  return places;
}

function addNode(places: Places, node: StateNode): void {
  const addAll = (where: string, actions: readonly unknown[]): void => actions.forEach((action, index) => add(places, `#${node.id} ${where}[${index}]`, action));
  addAll('entry', node.entry);
  addAll('exit', node.exit);
  for (const [event, transitions] of node.transitions) transitions.forEach((transition, index) => addAll(`on ${event}[${index}]`, transition.actions));
  node.always?.forEach((transition, index) => addAll(`always[${index}]`, transition.actions));
  if (node.type === 'compound') addAll('initial', node.initial.actions);
  for (const child of Object.values(node.states)) addNode(places, child as StateNode);
}

function add({ byFunction, byPlace }: Places, place: string, action: unknown): void {
  if (typeof action !== 'function') return;
  byPlace.set(place, action as Exec);
  if (!byFunction.has(action)) byFunction.set(action, place);
}
