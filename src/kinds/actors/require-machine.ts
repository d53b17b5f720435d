import type { AnyActorLogic, AnyStateMachine } from 'xstate';
import { FlowError } from '../../core/errors.ts';
import { describeValue } from '../../core/wording.ts';
import { ActorTree } from './actor-tree.ts';
import { createInner, isActorRef, isMachine, testedReleases, toMachineClass } from './xstate-internals.ts';

/** Copies of XState that were found fit, by the class of their machines. */
const fit = new WeakSet<object>();

/**
 * A machine that can be hosted: made with this copy of XState or with another one that works as this one does.
 *
 * @throws a `FlowError` with code `option_invalid` (it is no machine) or `xstate_unsupported`
 */
export function requireMachine(value: unknown): AnyStateMachine {
  const release = findRelease(value);
  if (release) throw unsupported(`one that was made with ${release}`);
  if (!isMachine(value)) throw new FlowError('option_invalid', `Expected a machine made with XState's \`createMachine\`, got ${describeOther(value)}`);
  const copy = toMachineClass(value);
  if (!copy) throw new FlowError('option_invalid', 'Expected a machine made with XState\'s `createMachine`, got a copy of one without its states; give the machine itself');
  if (fit.has(copy)) return value;
  const missing = findMissing(copy);
  if (missing) throw unsupported(`one that was made with another copy of XState, in which ${missing}`);
  fit.add(copy);
  return value;
}

/** XState 4 and 6, by what their machines alone have. */
function findRelease(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const has = (name: string): boolean => typeof (value as Record<string, unknown>)[name] === 'function';
  if (has('withConfig') && has('withContext')) return 'XState 4';
  return has('getStateNodeById') && has('initialTransition') && !isMachine(value) ? 'XState 6' : undefined;
}

function unsupported(found: string): FlowError {
  const { oldest, newest } = testedReleases;
  return new FlowError('xstate_unsupported', `Expected a machine of XState ${oldest} or a later 5.x (this Flowstone is tested with ${oldest} to ${newest}), got ${found}; make the machine with such a release`);
}

function describeOther(value: unknown): string {
  if (typeof value !== 'object' || value === null) return describeValue(value);
  if (isActorRef(value)) return 'an actor; give the machine that it was made of';
  const { transition, getInitialSnapshot } = value as Partial<Record<string, unknown>>;
  if (typeof transition === 'function' && typeof getInitialSnapshot === 'function') return 'actor logic that is no machine; invoke it in one';
  return describeValue(value);
}

/** Tries out on a small machine whether a copy of XState does what hosting stands on; undefined: it does. */
function findMissing(copy: new (config: object) => AnyStateMachine): string | undefined {
  try {
    return tryOut(copy);
  } catch (error) {
    return `machines cannot be run by Flowstone (${(error as Error).message})`;
  }
}

function tryOut(Machine: new (config: object) => AnyStateMachine): string | undefined {
  const idle = { status: 'active', output: undefined, error: undefined };
  const logic = { transition: (snapshot: unknown) => snapshot, getInitialSnapshot: () => idle, getPersistedSnapshot: (snapshot: unknown) => snapshot } as unknown as AnyActorLogic;
  let acted = false;
  const act = (): void => void (acted = true);
  const tree = new ActorTree('trial', () => {});
  tree.create(new Machine({ id: 'trial', initial: 'a', states: { a: { entry: act, invoke: { id: 'child', src: logic }, after: { 5: 'b' } }, b: {} } }));
  const { effects } = tree.begin(0);
  if (acted || !effects.some(({ kind }) => kind === 'action')) return 'actions do not go through the actor\'s executor, as they do since 5.19.0';
  const count = (): number => tree.live.size;
  if (count() !== 2) return 'children are not registered with the system';
  if (!tree.timers.peek()) return 'delayed events are not scheduled with the system';
  tree.fire(5, Number.POSITIVE_INFINITY);
  if (tree.root._snapshot.value !== 'b') return 'a delayed event leads nowhere';
  if (count() !== 1) return 'children that were stopped stay registered with the system';
  const { historyValue } = createInner(new Machine({ id: 'trial', initial: 'b', states: { a: { initial: 'p', states: { p: {}, h: { type: 'history' } } }, b: {} } }), {
    id: 'restored', parent: undefined, system: new ActorTree('restored', () => {}).system, snapshot: { status: 'active', value: 'b', historyValue: { 'trial.a.h': [{ id: 'trial.a.p' }] }, context: {}, children: {} },
  })._snapshot as unknown as { historyValue?: Record<string, readonly { readonly key?: string }[]> };
  return historyValue?.['trial.a.h']?.[0]?.key === 'p' ? undefined : 'history states forget where they were when a machine is restored, as they do before 5.19.3';
}
