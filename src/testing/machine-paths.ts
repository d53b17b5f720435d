import type { AnyMachineSnapshot, AnyStateMachine, EventFromLogic, EventObject, InputFrom, SnapshotFrom } from 'xstate';
import { FlowError } from '../core/errors.ts';
import { exploreGraph } from './graph.ts';
import type { Graph } from './graph.ts';
import { listMachineItems } from './machine-items.ts';
import type { PathSet } from './path-set.ts';
import type { PathStrategy, Walk } from './strategies.ts';
import { coverGraph, findShortest, findSimple } from './strategies.ts';

export interface MachinePathOptions<Machine extends AnyStateMachine> {
  /** Default `coverage`. */
  readonly strategy?: PathStrategy;
  /** Events to try, or which in a state. Default: every event of the machine, also ends of delays and services, without a payload. */
  readonly events?: readonly EventFromLogic<Machine>[] | ((snapshot: SnapshotFrom<Machine>) => readonly EventFromLogic<Machine>[]);
  readonly input?: InputFrom<Machine>;
  /** States looked into, at most. Default 2,000. */
  readonly maxStates?: number;
  /** Paths made, at most. Default 500. */
  readonly maxPaths?: number;
}

export interface MachinePath<Machine extends AnyStateMachine = AnyStateMachine> {
  readonly name: string;
  readonly initial: SnapshotFrom<Machine>;
  readonly steps: readonly { readonly event: EventFromLogic<Machine>; readonly snapshot: SnapshotFrom<Machine>; readonly items: readonly string[] }[];
}

/**
 * Makes paths through any XState v5 machine.
 *
 * A path is the initial snapshot and then an event and the snapshot it leads to, again and again. `coverage` is a small
 * set of paths that takes every transition and every outcome of its guards.
 *
 * @throws a `FlowError` with code `events_wildcard` when the machine listens to wildcards and no `events` are given
 */
export function generatePaths<Machine extends AnyStateMachine>(machine: Machine, options: MachinePathOptions<Machine> = {}): PathSet<MachinePath<Machine>> {
  const { strategy = 'coverage', maxStates = 2_000, maxPaths = 500, events = listEvents(machine), input } = options;
  const items = listMachineItems(machine);
  const graph = exploreGraph<AnyMachineSnapshot, EventObject>(machine, {
    events: (typeof events === 'function' ? events : () => events) as unknown as (state: AnyMachineSnapshot) => readonly EventObject[],
    serialize: serializeSnapshot,
    itemsOf: (snapshot, event) => items.itemsOf(snapshot, event),
    enough: strategy === 'coverage' ? items.all : undefined,
    isFinal: snapshot => snapshot.status !== 'active',
    input,
    maxStates,
  });
  const { walks, truncated } = select(graph, strategy, maxPaths);
  const paths = walks.map(walk => toPath<Machine>(graph, walk));
  const covered = new Set(paths.flatMap(path => path.steps.flatMap(step => step.items)));
  return {
    strategy,
    paths,
    covered: items.all.filter(item => covered.has(item)),
    uncovered: items.all.filter(item => !covered.has(item)).map(item => ({ item, reason: graph.truncated ? `not found within ${maxStates} states` : truncated ? `bound: ${maxPaths} paths` : 'proven unreachable with these events' })),
    truncated: truncated || graph.truncated,
  };
}

/** Picks paths of a graph. */
export function select<State, Event>(graph: Graph<State, Event>, strategy: PathStrategy, maxPaths: number): { walks: readonly Walk<Event>[]; truncated: boolean } {
  const choose = { coverage: coverGraph, shortest: findShortest, simple: findSimple }[strategy];
  return choose<Event>(graph, { maxPaths });
}

function toPath<Machine extends AnyStateMachine>(graph: Graph<AnyMachineSnapshot, EventObject>, { edges }: Walk<EventObject>): MachinePath<Machine> {
  const get = (key: string): AnyMachineSnapshot => (graph.nodes.get(key) as { readonly state: AnyMachineSnapshot }).state;
  const steps = edges.map(({ event, to, items }) => ({ event, snapshot: get(to), items }));
  const last = get(edges.at(-1)?.to ?? graph.initial);
  const name = `${edges.length === 0 ? 'starts' : edges.map(({ event }) => event.type).join(' → ')} (${nameValue(last.value)})`;
  return { name, initial: get(graph.initial), steps } as unknown as MachinePath<Machine>;
}

const nameValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function listEvents(machine: AnyStateMachine): readonly never[] {
  // Delays that end and services that answer are events as well: `xstate.after.…`, `xstate.done.actor.…`.
  const types = machine.events as readonly string[];
  const wild = types.find(type => type.includes('*'));
  if (wild !== undefined) throw new FlowError('events_wildcard', `Expected \`events\` for a machine that listens to "${wild}": which events those are, it does not say`);
  return types.map(type => ({ type })) as unknown as readonly never[];
}

/** Value, context and history; children by id and status. */
function serializeSnapshot(snapshot: AnyMachineSnapshot): string {
  const { value, context, status, children } = snapshot;
  const actors = Object.entries(children).map(([id, actor]) => [id, (actor as { getSnapshot?: () => { status?: unknown } } | undefined)?.getSnapshot?.()?.status]);
  return JSON.stringify([value, status, context, actors]);
}
