import { type Chart, type ChartState, type ChartTransition, toStateId } from './chart.ts';
import { formatLength } from './step-graph.ts';

/** What is read of a definition, at most. */
const [maxStates, maxTransitions, maxDepth] = [2_000, 10_000, 40];

interface Found extends ChartState {
  /** As XState names it. */
  readonly fullId: string;
  readonly source: Members;
  readonly path: readonly string[];
}

type Members = { readonly [key: string]: unknown };

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);
const toList = (value: unknown): readonly unknown[] => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);
const entriesOf = (value: unknown): [string, unknown][] => (isMembers(value) ? Object.entries(value) : []);

/** The name of an action, a guard or an actor: a string, `{ type }`, or a function's name. */
function nameOf(value: unknown, otherwise = 'inline'): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'function') return value.name || otherwise;
  if (!isMembers(value)) return otherwise;
  const { type, name, id } = value;
  return [type, name, id].find(text => typeof text === 'string' && text !== '') as string | undefined ?? otherwise;
}

/** Names of actions; what XState adds by itself is left out. */
const nameActions = (value: unknown): string[] => toList(value).map(action => nameOf(action)).filter(name => !/^xstate\.(?:raise|cancel)$/.test(name));

/** An event for people. */
function describeEvent(event: string, fullId: string, actors: ReadonlyMap<string, string>): string {
  if (event === '') return 'always';
  if (event === '*') return 'any event';
  const [, kind, rest = ''] = /^xstate\.(after|done\.state|done\.actor|error\.actor|snapshot)\.(.*)$/.exec(event) ?? [];
  if (kind === undefined) return event;
  if (kind === 'done.state') return 'done';
  if (kind === 'after') {
    const delay = rest.endsWith(`.${fullId}`) ? rest.slice(0, -fullId.length - 1) : rest;
    return `after ${/^\d+$/.test(delay) ? formatLength(Number(delay)) : delay}`;
  }
  const actor = actors.get(rest) ?? rest;
  return kind === 'done.actor' ? `${actor} done` : kind === 'error.actor' ? `${actor} failed` : `${actor} changed`;
}

/** The key of a state in a directed graph, which names states by their ids only: what follows on the id of the state around it. */
const toKey = (id: string, around: string): string => (id.startsWith(`${around}.`) ? id.slice(around.length + 1) : id.slice(id.lastIndexOf('.') + 1));

/** Reads states, outer ones first; of `states` by key, or of `children` as a directed graph lists them. */
function readStates(root: Members, name: string): Map<string, Found> | string {
  const found = new Map<string, Found>();
  let trouble: string | undefined;
  const visit = (source: Members, path: readonly string[], parent: string | null): void => {
    if (found.size >= maxStates || path.length > maxDepth) {
      trouble = `more than ${maxStates} states, or more than ${maxDepth} in one another`;
      return;
    }
    const id = toStateId(path);
    const fullId = typeof source['id'] === 'string' && source['id'] !== '' ? source['id'] : [name, ...path].join('.');
    const below: (readonly [string, Members])[] = Array.isArray(source['children'])
      ? source['children'].filter(isMembers).map(child => [toKey(String(child['id'] ?? ''), fullId), child] as const)
      : entriesOf(source['states']).map(([key, child]) => [key, isMembers(child) ? child : {}] as const);
    const { type, history, initial } = source;
    const isHistory = type === 'history' || typeof history === 'string';
    const kind = below.length > 0 ? (type === 'parallel' ? 'parallel' : 'compound') : isHistory ? 'history' : type === 'final' ? 'final' : 'atomic';
    const first = typeof initial === 'string' ? initial : isMembers(initial) ? toList(initial['target'])[0] : undefined;
    found.set(id, {
      id, key: path.at(-1) ?? name, kind, isDeep: history === 'deep', parent, path, fullId, source,
      children: below.map(([key]) => toStateId([...path, key])),
      // Resolved when all states are known.
      initial: kind === 'compound' && typeof first === 'string' ? [first] : [],
      entry: nameActions(source['entry']),
      exit: nameActions(source['exit']),
      invokes: toList(source['invoke']).map(invoke => (isMembers(invoke) ? nameOf(invoke['src'], nameOf(invoke['id'], 'actor')) : nameOf(invoke, 'actor'))),
    });
    for (const [key, child] of below) visit(child, [...path, key], id);
  };
  visit(root, [], null);
  return trouble ?? found;
}

const splitPath = (text: string): string[] => text.split(/(?<!\\)\./).map(part => part.replaceAll('\\.', '.'));

/** Finds the state that a target names from another: `#id`, `#id.below`, `.child`, `sibling.below`. */
function resolve(states: ReadonlyMap<string, Found>, byId: ReadonlyMap<string, string>, from: Found, target: string): string | undefined {
  const below = (start: readonly string[], rest: readonly string[]): string | undefined => {
    const id = toStateId([...start, ...rest]);
    return states.has(id) ? id : undefined;
  };
  const text = target.startsWith('#') ? target.slice(1) : target;
  if (target.startsWith('#') || byId.has(target)) {
    const whole = byId.get(text);
    if (whole !== undefined) return whole;
    const [head = '', ...rest] = splitPath(text);
    const start = byId.get(head);
    return start === undefined ? undefined : below(states.get(start)!.path, rest);
  }
  if (target.startsWith('.')) return below(from.path, splitPath(target.slice(1)));
  return below(from.path.slice(0, -1), splitPath(target)) ?? below(from.path, splitPath(target));
}

/** Everything that a state reacts to: an event, and what it says to it. */
function listReactions({ source, fullId }: Found): { readonly reactions: (readonly [string, unknown])[]; readonly actors: ReadonlyMap<string, string> } {
  const actors = new Map<string, string>();
  const reactions: (readonly [string, unknown])[] = [...entriesOf(source['on'])];
  if (source['always'] !== undefined) reactions.push(['', source['always']]);
  for (const [delay, to] of entriesOf(source['after'])) reactions.push([`xstate.after.${delay}.${fullId}`, to]);
  for (const [place, invoke] of toList(source['invoke']).entries()) {
    if (!isMembers(invoke)) continue;
    const id = typeof invoke['id'] === 'string' ? invoke['id'] : `${place}.${fullId}`;
    actors.set(id, /^\d+\./.test(id) ? nameOf(invoke['src'], 'actor') : id);
    for (const [key, event] of [['onDone', `xstate.done.actor.${id}`], ['onError', `xstate.error.actor.${id}`], ['onSnapshot', `xstate.snapshot.${id}`]] as const) {
      // A definition has it among its events, too.
      if (invoke[key] !== undefined && !reactions.some(([known]) => known === event)) reactions.push([event, invoke[key]]);
    }
  }
  if (source['onDone'] !== undefined) reactions.push([`xstate.done.state.${fullId}`, source['onDone']]);
  // A directed graph has edges in place of reactions.
  for (const edge of toList(source['edges'])) {
    if (!isMembers(edge)) continue;
    const transition = isMembers(edge['transition']) ? edge['transition'] : {};
    const event = typeof transition['eventType'] === 'string' ? transition['eventType'] : isMembers(edge['label']) ? String(edge['label']['text'] ?? '') : '';
    const target = isMembers(edge['target']) ? edge['target']['id'] : edge['target'];
    reactions.push([event, { ...transition, target: typeof target === 'string' ? `#${target}` : undefined }]);
  }
  if (source['type'] === 'history' && source['target'] !== undefined) reactions.push(['default', source['target']]);
  return { reactions, actors };
}

/**
 * Reads a machine: its config, its `definition`, or what `toDirectedGraph` makes of it, live or from JSON.
 *
 * Takes anything; what it cannot read is left out. Returns why there is nothing to draw, as a text.
 */
export function readChart(definition: unknown): Chart | string {
  if (!isMembers(definition)) return 'a definition is an object';
  const machine = typeof definition['id'] === 'string' && definition['id'] !== '' ? definition['id'] : '(machine)';
  const states = readStates(definition, machine);
  if (typeof states === 'string') return states;
  if (states.size === 1) return 'it has no states';
  const byId = new Map([...states.values()].map(({ fullId, id }) => [fullId, id]));
  const transitions: ChartTransition[] = [];
  const ids = new Map<string, number>();
  for (const state of states.values()) {
    const { reactions, actors } = listReactions(state);
    for (const [event, value] of reactions) {
      for (const [index, candidate] of (Array.isArray(value) ? value : [value]).entries()) {
        if (transitions.length >= maxTransitions) return `more than ${maxTransitions} transitions`;
        const config: Members = isMembers(candidate) ? candidate : { target: candidate };
        const targets = toList(config['target']).flatMap(target => {
          const text = isMembers(target) && typeof target['id'] === 'string' ? `#${target['id']}` : target;
          return typeof text === 'string' ? (resolve(states, byId, state, text) ?? []) : [];
        });
        const guard = config['guard'];
        const place = `${state.id} ${event} ${index}`;
        const again = ids.get(place) ?? 0;
        ids.set(place, again + 1);
        transitions.push({
          id: again === 0 ? place : `${place} ${again}`, source: state.id, targets, event, label: describeEvent(event, state.fullId, actors),
          guard: guard === undefined || guard === null ? undefined : nameOf(guard, 'guard'), actions: nameActions(config['actions']),
        });
      }
    }
  }
  const chartStates = [...states.values()].map(({ source: _source, fullId: _fullId, path, initial, ...state }): [string, ChartState] => {
    const from = states.get(state.id)!;
    const resolved = initial.flatMap(target => resolve(states, byId, { ...from, path: [...path, ''] }, target) ?? []);
    // A compound state that does not say where it begins is taken to begin with its first.
    return [state.id, { ...state, initial: state.kind !== 'compound' ? [] : resolved.length > 0 ? resolved : state.children.slice(0, 1) }];
  });
  return { name: machine, states: new Map(chartStates), transitions };
}
