import type { AnyStateMachine } from 'xstate';
import { not } from 'xstate';

/** A machine with one thing changed. */
export interface MachineMutant {
  /** `play: on.UP #1 removed`. */
  readonly name: string;
  readonly machine: AnyStateMachine;
}

type Config = Record<string, unknown>;
type Candidate = Config | string;
/** Keys that lead from a machine's config to what is changed. */
type Keys = readonly string[];

const isRecord = (value: unknown): value is Config => typeof value === 'object' && value !== null && !Array.isArray(value);
const toList = <Member>(value: unknown): Member[] => (value === undefined ? [] : Array.isArray(value) ? (value as Member[]) : [value as Member]);

/**
 * Lists what a machine could be by mistake: each transition and each of its actions removed, each guard negated and forgotten, each
 * entry and exit action and each invoke removed, each delay changed, each final state made an ordinary one.
 */
export function listMachineMutants(machine: AnyStateMachine): MachineMutant[] {
  const mutants: MachineMutant[] = [];
  const add = (name: string, keys: Keys, value: unknown): unknown => mutants.push({ name, machine: rebuild(machine, keys, value) });
  const visit = (node: Config, keys: Keys, where: string): void => {
    for (const place of listPlaces(node)) {
      const candidates = toList<Candidate>(reach(node, place));
      const at = [...keys, ...place];
      const name = `${where}: ${place.join('.')}`;
      for (const [index, candidate] of candidates.entries()) {
        const put = (what: string, changed: Config): unknown => add(`${name} #${index + 1} ${what}`, at, candidates.with(index, changed));
        add(`${name} #${index + 1} removed`, at, candidates.toSpliced(index, 1));
        if (!isRecord(candidate)) continue;
        const { guard, ...rest } = candidate;
        if (guard !== undefined) {
          put('negates its guard', { ...rest, guard: negate(guard) });
          put('forgets its guard', rest);
        }
        for (const [what, actions] of listShorter(candidate['actions'])) put(`without ${what}`, { ...candidate, actions });
      }
    }
    for (const key of ['entry', 'exit']) for (const [what, actions] of listShorter(node[key])) add(`${where}: ${key} without ${what}`, [...keys, key], actions);
    const invokes = toList<Config>(node['invoke']);
    for (const [index, invoke] of invokes.entries()) add(`${where}: invoke of ${nameOf(invoke['src'], 'logic')} removed`, [...keys, 'invoke'], invokes.toSpliced(index, 1));
    if (isRecord(node['after'])) for (const delay of Object.keys(node['after'])) if (isTime(delay)) add(`${where}: after ${delay} changed`, [...keys, 'after'], renameKey(node['after'], delay, later(Number(delay))));
    if (node['type'] === 'final') add(`${where}: no longer final`, keys, { ...node, type: undefined });
    if (isRecord(node['states'])) for (const [name, state] of Object.entries(node['states'])) visit((state ?? {}) as Config, [...keys, 'states', name], where === '(machine)' ? name : `${where}.${name}`);
  };
  visit(machine.config as Config, [], '(machine)');
  return [...mutants, ...listDelays(machine)];
}

const isTime = (key: string): boolean => /^\d+$/.test(key);
const later = (delay: number): number => delay * 2 + 1;

/** Delays that have a name. */
function listDelays(machine: AnyStateMachine): MachineMutant[] {
  const delays = machine.implementations.delays as Record<string, unknown>;
  return Object.entries(delays).map(([name, delay]) => {
    const changed = typeof delay === 'number' ? later(delay) : (...given: unknown[]) => later((delay as (...all: unknown[]) => number)(...given));
    return { name: `delay ${name} changed`, machine: machine.provide({ delays: { [name]: changed } } as never) as AnyStateMachine };
  });
}

/** Keys of a state under which transitions stand. */
function listPlaces(node: Config): string[][] {
  const places: string[][] = [];
  for (const key of ['on', 'after']) if (isRecord(node[key])) for (const name of Object.keys(node[key])) places.push([key, name]);
  for (const key of ['always', 'onDone']) if (node[key] !== undefined) places.push([key]);
  for (const [index, invoke] of toList<unknown>(node['invoke']).entries()) {
    const at = Array.isArray(node['invoke']) ? ['invoke', String(index)] : ['invoke'];
    for (const key of ['onDone', 'onError', 'onSnapshot']) if (isRecord(invoke) && invoke[key] !== undefined) places.push([...at, key]);
  }
  return places;
}

/** Actions with one less, each with what it is called. */
function listShorter(actions: unknown): [string, unknown[]][] {
  const list = toList<unknown>(actions);
  return list.map((action, index) => [`${nameOf(action, 'its action')}${list.length > 1 ? ` (#${index + 1})` : ''}`, list.toSpliced(index, 1)]);
}

function nameOf(value: unknown, other: string): string {
  const { type, name } = (typeof value === 'object' || typeof value === 'function' ? (value ?? {}) : { type: value }) as { readonly type?: unknown; readonly name?: unknown };
  return typeof type === 'string' ? type.replace(/^xstate\./, '') : typeof name === 'string' && name !== '' ? name : other;
}

const reach = (from: Config, keys: Keys): unknown => keys.reduce<unknown>((at, name) => (at as Config)[name], from);

function renameKey(object: Config, from: string, to: number): Config {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key === from ? String(to) : key, value]));
}

/** Copies the way down to what is changed; the rest, functions among it, is shared. */
function rebuild(machine: AnyStateMachine, keys: Keys, value: unknown): AnyStateMachine {
  const change = (at: unknown, [name, ...rest]: Keys): unknown => {
    if (name === undefined) return value;
    if (Array.isArray(at)) return at.map((member, index) => (String(index) === name ? change(member, rest) : (member as unknown)));
    return { ...(at as Config), [name]: change((at as Config)[name], rest) };
  };
  const Machine = machine.constructor as new (config: unknown, implementations: unknown) => AnyStateMachine;
  return new Machine(change(machine.config, keys), machine.implementations);
}

/** A guard as XState takes one, turned round. */
function negate(guard: unknown): unknown {
  if (typeof guard === 'function' && !('check' in guard)) return (args: unknown, params: unknown) => !(guard as (args: unknown, params: unknown) => boolean)(args, params);
  return not(guard as never);
}
