import { createHash } from 'node:crypto';
import type { AnyActorLogic, AnyStateMachine, StateNode } from 'xstate';
import type { LogicKind } from './xstate-internals.ts';
import { isMachine, listInlineSources, resolveLogic, toKind } from './xstate-internals.ts';

/** Where a transition leads: ids of states, null for none; and whether it enters its own state again. */
export type TransitionStructure = readonly [targets: readonly string[] | null, reenter: boolean];

export interface StateStructure {
  readonly type: string;
  /** When it is not the one that its place gives it. */
  readonly id?: string;
  readonly history?: unknown;
  readonly initial?: string;
  readonly on?: Readonly<Record<string, readonly TransitionStructure[]>>;
  readonly always?: readonly TransitionStructure[];
  /** By id: the source. */
  readonly invoke?: Readonly<Record<string, string>>;
  readonly states?: Readonly<Record<string, StateStructure>>;
}

export interface OneMachineStructure {
  readonly id: string;
  readonly version: string;
  readonly root: StateStructure;
  /** By source: the number of a machine, or the kind of what is none. */
  readonly actors: Readonly<Record<string, number | LogicKind>>;
}

/** A machine and the machines of its children, each once: the first is the machine itself. */
export interface MachineStructure {
  readonly machines: readonly OneMachineStructure[];
}

export const toVersion = (machine: AnyStateMachine): string => String((machine as { version?: unknown }).version ?? '');

/** What stored actors are read by: states and what leads from one to the other, not the code of actions, guards and promises. */
export function toStructure(machine: AnyStateMachine): MachineStructure {
  const numbers = new Map<AnyStateMachine, number>([[machine, 0]]);
  const machines: OneMachineStructure[] = [];
  const toActor = (logic: AnyActorLogic): number | LogicKind => {
    if (!isMachine(logic)) return toKind(logic);
    const number = numbers.get(logic) ?? numbers.size;
    numbers.set(logic, number);
    return number;
  };
  // The map grows while it is gone through.
  for (const one of numbers.keys()) {
    const actors = listSources(one).map(src => [src, toActor(resolveLogic(one, src) as AnyActorLogic)] as const);
    machines.push({ id: one.id, version: toVersion(one), root: toState(one.root as unknown as StateNode, one.id), actors: Object.fromEntries(actors) });
  }
  return { machines };
}

/** Names in `setup({ actors })`, and those of logic written in place; sorted, without those that are only declared. */
function listSources(machine: AnyStateMachine): string[] {
  return [...Object.keys(machine.implementations.actors as object), ...listInlineSources(machine)].filter(src => resolveLogic(machine, src)).toSorted();
}

type Transitions = readonly { readonly target?: readonly { readonly id: string }[] | undefined; readonly reenter: boolean }[];
const toTransitions = (list: Transitions): TransitionStructure[] => list.map(({ target, reenter }) => [target?.map(({ id }) => id) ?? null, reenter]);

function toState(node: StateNode, idByPlace: string): StateStructure {
  const { type, id, history, transitions, always = [], invoke } = node;
  const states = Object.entries(node.states).map(([key, child]) => [key, toState(child as StateNode, `${idByPlace}.${key}`)] as const);
  return {
    type,
    ...(id === idByPlace ? {} : { id }),
    ...(history ? { history } : {}),
    ...(type === 'compound' ? { initial: (node.initial.target[0] as { id: string } | undefined)?.id } : {}),
    ...(transitions.size === 0 ? {} : { on: Object.fromEntries([...transitions].map(([event, list]) => [event, toTransitions(list)])) }),
    ...(always.length === 0 ? {} : { always: toTransitions(always) }),
    ...(invoke.length === 0 ? {} : { invoke: Object.fromEntries(invoke.map(one => [one.id, String(one.src)])) }),
    ...(states.length === 0 ? {} : { states: Object.fromEntries(states) }),
  } as StateStructure;
}

export const computeDigest = (structure: MachineStructure): string => createHash('sha256').update(JSON.stringify(structure)).digest('hex');

const digests = new WeakMap<AnyStateMachine, string>();

/** The digest of a machine's structure, with the machines of its children. */
export function toDigest(machine: AnyStateMachine): string {
  let digest = digests.get(machine);
  if (digest === undefined) digests.set(machine, (digest = computeDigest(toStructure(machine))));
  return digest;
}

/** The same states, transitions and invokes; the machines of children apart. */
export const isSameMachine = (a: OneMachineStructure, b: OneMachineStructure): boolean => a.version === b.version && JSON.stringify(a.root) === JSON.stringify(b.root);
