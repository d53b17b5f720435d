import type { AnyStateMachine } from 'xstate';
import { FlowError } from '../../core/errors.ts';
import { isMachine, isUnnamed } from './xstate-internals.ts';

export const unnamedRemedy = 'give each an id of its own: `createMachine({ id, … })`';

/** What a machine is known by: its id, and without one its structure. */
export const toMachineKey = (machineId: string, digest: string): string => (isUnnamed(machineId) ? `${machineId}#${digest}` : machineId);

/** @throws a `FlowError` with code `option_invalid`: two machines without an id could not be told apart */
export function requireSameCode(a: AnyStateMachine, b: AnyStateMachine): void {
  if (!isUnnamed(a.id) || a === b || toCode(a) === toCode(b)) return;
  throw new FlowError('option_invalid', `Expected machines to have an \`id\`, got two different ones without, which have the same states and transitions and so cannot be told apart; ${unnamedRemedy}`);
}

type Known = { readonly machine: AnyStateMachine; readonly digest: string };

/** @throws a `FlowError` with code `actor_exists`: the actor that has this id is of another machine */
export function requireSameMachine(actorId: string, there: Known, wanted: Known): void {
  if (toMachineKey(there.machine.id, there.digest) === toMachineKey(wanted.machine.id, wanted.digest)) return;
  const also = there.machine.id === wanted.machine.id ? `, another one without an id; ${unnamedRemedy}` : '';
  throw new FlowError('actor_exists', `Expected the id of a new actor, or of one with the machine \`${wanted.machine.id}\`; \`${actorId}\` is in use by the machine \`${there.machine.id}\`${also}`);
}

/** The text of a machine: its configuration and its functions, as far as they can be read. */
const toCode = ({ config, implementations }: AnyStateMachine): string =>
  JSON.stringify([config, implementations], (_, value: unknown) => {
    if (isMachine(value)) return value.id;
    if (typeof value === 'bigint') return String(value);
    // Actions of XState's own are functions that have what they were given as members.
    return typeof value === 'function' ? { code: String(value), ...value } : value;
  });
