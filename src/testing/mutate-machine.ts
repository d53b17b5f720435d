import type { AnyStateMachine } from 'xstate';
import { not } from 'xstate';
import { FlowError } from '../core/errors.ts';
import type { KeptMachinePath } from './kept-machine.ts';
import { findMachineDeviation } from './kept-machine.ts';

/** A machine with one thing changed. */
export interface MachineMutant {
  /** `play: on.UP #1 removed`. */
  readonly name: string;
  readonly machine: AnyStateMachine;
}

type Config = Record<string, unknown>;
type Candidate = Config | string;

const isRecord = (value: unknown): value is Config => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lists what a machine could be by mistake: each transition removed, each guard negated and forgotten. */
function listMachineMutants(machine: AnyStateMachine): MachineMutant[] {
  const mutants: MachineMutant[] = [];
  const visit = (path: readonly string[]): void => {
    const node = reach(machine.config as Config, path);
    const where = path.length === 0 ? '(machine)' : path.join('.');
    for (const place of listPlaces(node)) {
      const candidates = toList(reach(node, place, 'plain'));
      const put = (name: string, list: readonly Candidate[]): unknown => mutants.push({ name: `${where}: ${place.join('.')} ${name}`, machine: rebuild(machine, path, place, list) });
      for (const [index, candidate] of candidates.entries()) {
        put(`#${index + 1} removed`, candidates.toSpliced(index, 1));
        if (!isRecord(candidate) || candidate['guard'] === undefined) continue;
        const { guard, ...rest } = candidate;
        put(`#${index + 1} negates its guard`, candidates.with(index, { ...rest, guard: negate(guard) }));
        put(`#${index + 1} forgets its guard`, candidates.with(index, rest));
      }
    }
    if (isRecord(node['states'])) for (const name of Object.keys(node['states'])) visit([...path, name]);
  };
  visit([]);
  return mutants;
}

/** Keys of a state under which transitions stand. */
function listPlaces(node: Config): string[][] {
  const places: string[][] = [];
  for (const key of ['on', 'after']) if (isRecord(node[key])) for (const name of Object.keys(node[key])) places.push([key, name]);
  for (const key of ['always', 'onDone']) if (node[key] !== undefined) places.push([key]);
  const invokes = Array.isArray(node['invoke']) ? node['invoke'] : node['invoke'] === undefined ? [] : [node['invoke']];
  for (const [index, invoke] of invokes.entries()) {
    for (const key of ['onDone', 'onError']) if (isRecord(invoke) && invoke[key] !== undefined) places.push(Array.isArray(node['invoke']) ? ['invoke', String(index), key] : ['invoke', key]);
  }
  return places;
}

const toList = (value: unknown): Candidate[] => (value === undefined ? [] : Array.isArray(value) ? (value as Candidate[]) : [value as Candidate]);

function reach(from: Config, path: readonly string[], kind: 'states' | 'plain' = 'states'): Config {
  return path.reduce<Config>((at, name) => (kind === 'states' ? (at['states'] as Config)[name] : at[name]) as Config, from);
}

/** Copies the way down to what is changed; the rest, functions among it, is shared. */
function rebuild(machine: AnyStateMachine, path: readonly string[], place: readonly string[], list: readonly Candidate[]): AnyStateMachine {
  const change = (at: unknown, [name, ...rest]: readonly string[]): unknown => {
    if (name === undefined) return list;
    if (Array.isArray(at)) return at.map((member, index) => (String(index) === name ? change(member, rest) : (member as unknown)));
    return { ...(at as Config), [name]: change((at as Config)[name], rest) };
  };
  const config = change(machine.config, [...path.flatMap(name => ['states', name]), ...place]);
  const Machine = machine.constructor as new (config: unknown, implementations: unknown) => AnyStateMachine;
  return new Machine(config, machine.implementations);
}

/** A guard as XState takes one, turned round. */
function negate(guard: unknown): unknown {
  if (typeof guard === 'function' && !('check' in guard)) return (args: unknown, params: unknown) => !(guard as (args: unknown, params: unknown) => boolean)(args, params);
  return not(guard as never);
}

export interface MachineMutationReport {
  readonly machineId: string;
  readonly mutants: number;
  readonly survivors: readonly string[];
}

/** Changes a machine in every small way and follows its kept paths with each: one of them has to go another way. */
export function mutateMachine(machine: AnyStateMachine, paths: readonly KeptMachinePath[]): MachineMutationReport {
  const mutants = listMachineMutants(machine);
  const goesAnotherWay = (mutant: AnyStateMachine, path: KeptMachinePath): boolean => {
    try {
      return findMachineDeviation(mutant, path) !== undefined;
    } catch {
      return true;
    }
  };
  const survivors = mutants.filter(({ machine: mutant }) => !paths.some(path => goesAnotherWay(mutant, path)));
  return { machineId: machine.id, mutants: mutants.length, survivors: survivors.map(({ name }) => name) };
}

/** @throws a `FlowError` with code `mutants_survived` that lists the changes no kept path notices */
export function proveMachineMutants(machine: AnyStateMachine, paths: readonly KeptMachinePath[]): void {
  const { survivors, mutants } = mutateMachine(machine, paths);
  if (survivors.length === 0) return;
  throw new FlowError('mutants_survived', [`Expected a path to fail for every change of the machine \`${machine.id}\`, ${survivors.length} of ${mutants} went unnoticed:`, ...survivors.map(name => `  ${name}`)].join('\n'), { details: { survivors } });
}
