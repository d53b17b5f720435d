import { isDeepStrictEqual } from 'node:util';
import type { AnyStateMachine, EventObject } from 'xstate';
import { FlowError } from '../core/errors.ts';
import type { MachineCause, MachineState } from './machine-model.ts';
import { MachineModel } from './machine-model.ts';
import type { MachinePath, MachineStep } from './machine-paths.ts';
import { findOwn, nameApart } from './machine-paths.ts';
import { viewState } from './serialize-machine.ts';
import type { MachineClaims } from './test-durable.ts';
import { followMachinePath } from './test-durable.ts';

/** What a machine and those below it show at a point of a path. */
export interface KeptView {
  /** ms since the beginning. */
  readonly at: number;
  readonly shows: unknown;
  /** Actions of the author's own, by name. */
  readonly acts: readonly string[];
}

export interface KeptMachineStep extends KeptView {
  readonly cause: MachineCause;
  readonly actor: string;
  readonly event: { readonly type: string; readonly [key: string]: unknown };
}

/** A path of a machine that was kept in a test file; plain JSON. */
export interface KeptMachinePath {
  readonly name: string;
  readonly input?: unknown;
  readonly start: KeptView;
  readonly steps: readonly KeptMachineStep[];
}

/** Makes plain JSON of paths, with what the machine shows after every event. */
export function keepMachinePaths(paths: readonly MachinePath[]): KeptMachinePath[] {
  return nameApart(paths).map(({ name, input, start, steps }) => ({
    name,
    ...(input !== undefined && { input: input as unknown }),
    start: toKeptView(start),
    steps: steps.map(({ cause, actor, event, state }) => ({ cause, actor, event: toPlain(event as EventObject) as KeptMachineStep['event'], ...toKeptView(state) })),
  }));
}

/** What is compared at a point of a path. */
export function toKeptView(state: MachineState): KeptView {
  return { at: state.now, shows: JSON.parse(viewState(state)), acts: state.acts };
}

/** Errors by their message: JSON has no words for them. */
const toPlain = (event: EventObject): unknown => JSON.parse(JSON.stringify(event, (_key, value: unknown) => (value instanceof Error ? { message: value.message } : value)));

/** The first place where a machine, with the same done to it, goes another way; undefined: there is none. */
export function findMachineDeviation(machine: AnyStateMachine, kept: KeptMachinePath): { readonly at: string; readonly expected: unknown; readonly found: unknown } | undefined {
  const walk = walkKept(machine, kept);
  return 'steps' in walk ? undefined : walk;
}

/** Follows what was kept by a machine; else where it goes another way. */
export function walkKept(machine: AnyStateMachine, kept: KeptMachinePath): MachinePath | { readonly at: string; readonly expected: unknown; readonly found: unknown } {
  const model = new MachineModel(machine);
  const start = model.begin(kept.input);
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(toKeptView(start))), JSON.parse(JSON.stringify(kept.start)))) return { at: 'start', expected: kept.start, found: toKeptView(start) };
  let state = start;
  const steps: MachineStep[] = [];
  for (const [index, { cause, actor, event: plain, ...view }] of kept.steps.entries()) {
    const at = `event ${index + 1}, ${actor === '' ? '' : `${actor}: `}${plain.type}`;
    const event = cause === 'time' ? findOwn(model, state, { cause, actor, event: plain as EventObject }) : revive(plain, cause);
    const isService = cause === 'done' || cause === 'error';
    if (!event || (isService && !hasService(state, actor, String(plain['actorId'])))) return { at, expected: 'it can happen', found: 'nothing that ends so' };
    state = model.take(state, { cause, actor, event });
    const found = JSON.parse(JSON.stringify(toKeptView(state))) as unknown;
    if (!isDeepStrictEqual(found, JSON.parse(JSON.stringify(view)))) return { at, expected: view, found };
    steps.push({ event: event as never, cause, actor, snapshot: state.snapshot as never, state, items: [] });
  }
  return { name: kept.name, input: kept.input as never, initial: start.snapshot as never, start, steps };
}

function hasService(state: MachineState, actor: string, id: string): boolean {
  const at = actor === '' ? state : actor.split('/').reduce<MachineState | undefined>((found, child) => found?.children.get(child), state);
  return at !== undefined && id in at.snapshot.children;
}

function revive(plain: KeptMachineStep['event'], cause: MachineCause): EventObject {
  const { message } = (plain['error'] ?? {}) as { message?: unknown };
  return cause === 'error' && typeof message === 'string' ? ({ ...plain, error: new Error(message) } as EventObject) : plain;
}

/**
 * Follows a path of a machine that was kept: first the machine by itself, then as `mode` says.
 *
 * @throws a `FlowError` with code `path_diverged` when the machine goes another way than it did
 */
export async function followKeptMachinePath(machine: AnyStateMachine, kept: KeptMachinePath, claims: MachineClaims<AnyStateMachine> = {}): Promise<void> {
  const walk = walkKept(machine, kept);
  if (!('steps' in walk)) throw new FlowError('path_diverged', `The machine \`${machine.id}\` went another way than "${kept.name}":\n  ${walk.at}: expected ${JSON.stringify(walk.expected)}, got ${JSON.stringify(walk.found)}`, { details: { divergences: [walk] } });
  await followMachinePath(machine, walk, claims);
}
