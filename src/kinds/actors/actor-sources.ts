import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { listPlaces } from './find-action.ts';
import { isInlineSource, isMachine, listInlineSources, readSpawnSource, resolveLogic, toActorNames } from './xstate-internals.ts';

/** By what names the logic of children is stored that their machine has by value: `spawn(logic)`, `spawnChild(logic)`. */
export interface ActorSources {
  /** Undefined: it could not be found again. */
  toName(parent: AnyActorLogic, logic: AnyActorLogic): string | undefined;
  /** The logic of a stored child, also of one that its machine has under a name. */
  find(parent: AnyStateMachine, src: string): AnyActorLogic | undefined;
}

const placePrefix = 'spawn:';
const machinePrefix = 'machine:';

/** A machine by what it is. Its digest tells it from another one under the same id. */
export const toMachineName = (machineId: string, digest: string): string => `${machinePrefix}${machineId}#${digest}`;

export function readMachineName(src: string): { readonly machineId: string; readonly digest: string } | undefined {
  const end = src.lastIndexOf('#');
  return src.startsWith(machinePrefix) && end > 0 ? { machineId: src.slice(machinePrefix.length, end), digest: src.slice(end + 1) } : undefined;
}

/** The name of an actor's logic for people; undefined: it was written in place. */
export function describeSource(src: string | undefined): string | undefined {
  if (src === undefined || isInlineSource(src) || src.startsWith(placePrefix)) return undefined;
  return readMachineName(src)?.machineId ?? src;
}

const known = new WeakMap<AnyStateMachine, Map<AnyActorLogic, string>>();

/** Where a machine itself has some logic: under a name, in an `invoke`, or in a `spawnChild` among its actions. */
export function toOwnName(machine: AnyStateMachine, logic: AnyActorLogic): string | undefined {
  let names = known.get(machine);
  if (!names) known.set(machine, (names = listOwn(machine)));
  return names.get(logic);
}

function listOwn(machine: AnyStateMachine): Map<AnyActorLogic, string> {
  const names = new Map<AnyActorLogic, string>();
  const add = (logic: AnyActorLogic | undefined, name: string): void => {
    // Machines go by what they are, unless they have a name: they may be found in other places, too.
    if (logic && !names.has(logic) && !isMachine(logic)) names.set(logic, name);
  };
  for (const [name, logic] of toActorNames(machine)) if (!names.has(logic)) names.set(logic, name);
  for (const src of listInlineSources(machine)) add(resolveLogic(machine, src), src);
  for (const [place, action] of listPlaces(machine)) add(readSpawnSource(action), `${placePrefix}${place}`);
  return names;
}

/** The logic that a machine itself has under such a name. */
export function findOwn(machine: AnyStateMachine, src: string): AnyActorLogic | undefined {
  const own = resolveLogic(machine, src);
  return own ?? (src.startsWith(placePrefix) ? readSpawnSource(listPlaces(machine).get(src.slice(placePrefix.length))) : undefined);
}

/** A machine and all that can be read off it without running it: those of its children, and theirs. */
export function listReachable(machine: AnyStateMachine, into = new Set<AnyStateMachine>()): Set<AnyStateMachine> {
  if (into.has(machine)) return into;
  into.add(machine);
  const children = [
    ...[...toActorNames(machine)].map(([, logic]) => logic),
    ...listInlineSources(machine).map(src => resolveLogic(machine, src)),
    ...[...listPlaces(machine).values()].map(readSpawnSource),
  ];
  for (const logic of children) if (isMachine(logic)) listReachable(logic, into);
  return into;
}
