import type { AnyMachineSnapshot, AnyStateMachine, EventFromLogic, EventObject, InputFrom, SnapshotFrom } from 'xstate';
import { FlowError } from '../core/errors.ts';
import { isInlineSource } from '../kinds/actors/xstate-internals.ts';
import { exploreGraph } from './graph.ts';
import type { Graph } from './graph.ts';
import { coverMicrosteps } from './machine-items.ts';
import type { MachineCause, MachineOffer, MachineState, ServiceOutcomes } from './machine-model.ts';
import { MachineModel } from './machine-model.ts';
import type { Reached } from './machine-search.ts';
import { searchMachine } from './machine-search.ts';
import type { PathSet, Uncovered } from './path-set.ts';
import { serializeState } from './serialize-machine.ts';
import type { PathStrategy, Walk } from './strategies.ts';
import { coverGraph, findShortest, findSimple } from './strategies.ts';

export interface MachinePathOptions<Machine extends AnyStateMachine> {
  /** Default `coverage`. */
  readonly strategy?: PathStrategy;
  /** Events from outside to try, or which in a state. Default: every event that a state takes, without a payload. */
  readonly events?: readonly EventFromLogic<Machine>[] | ((snapshot: SnapshotFrom<Machine>) => readonly EventFromLogic<Machine>[]);
  readonly input?: InputFrom<Machine>;
  /** Further inputs to begin with (`coverage`). */
  readonly inputs?: readonly InputFrom<Machine>[];
  /** What its services come to, by their names in the machine or their ids. Default: done without an output, and an error. */
  readonly services?: { readonly [service: string]: ServiceOutcomes };
  /** States looked into, at most. Default 2,000. */
  readonly maxStates?: number;
  /** Paths made, at most. Default 500. */
  readonly maxPaths?: number;
}

export interface MachineStep<Machine extends AnyStateMachine = AnyStateMachine> {
  readonly event: EventFromLogic<Machine>;
  /** Why it happens: somebody sends it, its time has come, a service is done or fails. */
  readonly cause: MachineCause;
  /** The child machine it happens to, as `child/grandchild`; `''`: the machine itself. */
  readonly actor: string;
  readonly snapshot: SnapshotFrom<Machine>;
  /** With the child machines. */
  readonly state: MachineState;
  readonly items: readonly string[];
}

export interface MachinePath<Machine extends AnyStateMachine = AnyStateMachine> {
  readonly name: string;
  readonly input: InputFrom<Machine> | undefined;
  readonly initial: SnapshotFrom<Machine>;
  /** With the child machines. */
  readonly start: MachineState;
  readonly steps: readonly MachineStep<Machine>[];
}

/**
 * Makes paths through any XState v5 machine.
 *
 * A path is the initial snapshot and then an event and the snapshot it leads to, again and again. `coverage` is a small
 * set of paths that takes every transition, also eventless ones and those of child machines, and every outcome of guards.
 * Ends of delays and services happen where they can come about.
 *
 * @throws a `FlowError` with code `events_wildcard` when the machine listens to wildcards and no `events` are given
 */
export function generatePaths<Machine extends AnyStateMachine>(machine: Machine, options: MachinePathOptions<Machine> = {}): PathSet<MachinePath<Machine>> {
  const { strategy = 'coverage', maxStates = 2_000, maxPaths = 500, events, input, inputs = [] } = options;
  if (!events) refuseWildcards(machine);
  const model = createPathModel(machine, options);
  const search = searchMachine(model, { inputs: [input, ...inputs], maxStates });
  // Where whoever tests says what may happen, the graph is built: the nearest way to each thing.
  const graph = strategy !== 'coverage' || events ? explore(model, input, maxStates, strategy === 'coverage' ? search.all : undefined) : undefined;
  const picked = graph ? select(graph, strategy, maxPaths) : { walks: [], truncated: false };
  const paths = graph ? picked.walks.map(walk => toPath<Machine>(model, walk, input)) : [];
  const covered = new Set(paths.flatMap(path => path.steps.flatMap(step => step.items)));
  for (const item of coverMicrosteps(model.begin(input).microsteps)) covered.add(item);
  const isCut = picked.truncated || (strategy === 'coverage' && cover(search.covered, covered, paths, maxPaths));
  const uncovered = search.all.filter(item => !covered.has(item));
  const begun = model.begin(input).snapshot as { readonly status: string; readonly error?: unknown };
  const broken = begun.status === 'error' ? `input needed: it does not begin (${begun.error instanceof Error ? begun.error.message : String(begun.error)})` : undefined;
  const isOver = !search.truncated;
  return {
    strategy,
    paths,
    covered: search.all.filter(item => covered.has(item)),
    uncovered: uncovered.map(item => ({ item, reason: broken ?? explain(item, search.covered.has(item), isOver, events !== undefined, maxStates, maxPaths) }) satisfies Uncovered),
    truncated: isCut || (strategy === 'coverage' ? search.truncated : graph?.truncated === true),
  };
}

/** A machine with what may happen to it. */
export function createPathModel<Machine extends AnyStateMachine>(machine: Machine, { events, services }: Pick<MachinePathOptions<Machine>, 'events' | 'services'> = {}): MachineModel {
  const toEvents = (typeof events === 'function' ? events : events && (() => events)) as ((snapshot: AnyMachineSnapshot) => readonly EventObject[]) | undefined;
  return new MachineModel(machine, { outcomes: services, events: toEvents });
}

function explain(item: string, isReached: boolean, isOver: boolean, isGiven: boolean, maxStates: number, maxPaths: number): string {
  if (isReached) return `bound: ${maxPaths} paths`;
  if (!isOver) return `not found within ${maxStates} states${isGiven ? '' : ': events with a payload have to be given'}`;
  if (item.includes('*')) return 'input needed: which events those are, the machine does not say';
  // Every state there is has been looked into. What other payloads, inputs and outcomes lead to is not known by that.
  return isGiven ? 'proven unreachable with these events' : 'proven unreachable by events without a payload: give `events`, `inputs` or `services`';
}

/** Adds paths for what is not covered yet, those that cover most first. */
function cover<Machine extends AnyStateMachine>(found: ReadonlyMap<string, Reached>, covered: Set<string>, paths: MachinePath<Machine>[], maxPaths: number): boolean {
  const ends = [...new Set(found.values())].map(reached => ({ reached, items: new Set(listTrail(reached).flatMap(({ items }) => items)) }));
  for (;;) {
    let best: (typeof ends)[number] | undefined;
    let most = 0;
    for (const end of ends) {
      const count = [...end.items].filter(item => !covered.has(item)).length;
      if (count > most) [best, most] = [end, count];
    }
    if (!best) return false;
    if (paths.length >= maxPaths) return true;
    for (const item of best.items) covered.add(item);
    const [first, ...rest] = listTrail(best.reached);
    paths.push(makePath(best.reached.input, (first as Reached).state, rest.map(({ offer, state }) => ({ offer: offer as MachineOffer, state }))) as unknown as MachinePath<Machine>);
  }
}

function listTrail(end: Reached): Reached[] {
  const trail: Reached[] = [];
  for (let at: Reached | undefined = end; at; at = at.before) trail.push(at);
  return trail.toReversed();
}

const toStep = ({ event, cause, actor }: MachineOffer, state: MachineState, items: readonly string[]): MachineStep =>
  ({ event, cause, actor, snapshot: state.snapshot, state, items }) as unknown as MachineStep;

type OfferEvent = MachineOffer & { readonly type: string };

function explore(model: MachineModel, input: unknown, maxStates: number, enough: readonly string[] | undefined): Graph<MachineState, OfferEvent> {
  const logic = { transition: (state: MachineState, offer: OfferEvent) => model.take(state, offer), getInitialSnapshot: () => model.begin(input), getPersistedSnapshot: (state: MachineState) => state };
  return exploreGraph<MachineState, OfferEvent>(logic as never, {
    events: state => model.list(state).map(offer => ({ ...offer, type: offer.event.type })),
    serialize: serializeState,
    itemsOf: (_state, _event, next) => coverMicrosteps(next.microsteps),
    enough,
    isFinal: state => state.snapshot.status !== 'active',
    maxStates,
  });
}

/** Picks paths of a graph. */
export function select<State, Event>(graph: Graph<State, Event>, strategy: PathStrategy, maxPaths: number): { walks: readonly Walk<Event>[]; truncated: boolean } {
  const choose = { coverage: coverGraph, shortest: findShortest, simple: findSimple }[strategy];
  return choose<Event>(graph, { maxPaths });
}

/** Walks it anew: the graph has each state as it was reached first, at another time and by other actions perhaps. */
function toPath<Machine extends AnyStateMachine>(model: MachineModel, { edges }: Walk<OfferEvent>, input: unknown): MachinePath<Machine> {
  const start = model.begin(input);
  let state = start;
  const taken = edges.map(({ event: { cause, actor, event } }) => {
    const offer = { cause, actor, event: findOwn(model, state, { cause, actor, event }) ?? event };
    state = model.take(state, offer);
    return { offer, state };
  });
  return makePath(input, start, taken) as unknown as MachinePath<Machine>;
}

/** What happens, as the machine itself has it: the end of a delay is the one that it has set. Undefined: it has set none. */
export function findOwn(model: MachineModel, state: MachineState, { cause, actor, event }: MachineOffer): EventObject | undefined {
  return cause === 'time' ? model.list(state).find(offer => offer.cause === 'time' && offer.actor === actor && offer.event.type === event.type)?.event : event;
}

function describeSteps(start: MachineState, steps: readonly MachineStep[]): string {
  const lines = steps.map(({ event, cause, actor }, index) => {
    const { type, actorId = '' } = event as EventObject & { actorId?: string };
    const service = nameService(steps[index - 1]?.state ?? start, actor, actorId);
    const what = cause === 'done' ? `${service} is done` : cause === 'error' ? `${service} fails` : cause === 'time' ? `time passes (${nameDelay(type)})` : type;
    return actor === '' ? what : `${actor}: ${what}`;
  });
  const { snapshot } = steps.at(-1)?.state ?? start;
  return `${lines.length === 0 ? 'starts' : lines.join(' → ')} (${nameValue(snapshot.value)})`;
}

const nameDelay = (type: string): string => type.replace(/^xstate\.after\.(\d+)\..*$/, '$1 ms').replace(/^xstate\.after\.([^.]+)\..*$/, '$1');

/** The name that a service has in the machine; the id that XState makes up for it says where it is invoked. */
function nameService(state: MachineState, actor: string, id: string): string {
  const at = actor === '' ? state : actor.split('/').reduce<MachineState | undefined>((found, child) => found?.children.get(child), state);
  const { src } = (at?.snapshot.children[id] ?? {}) as { readonly src?: unknown };
  return /^\d+\./.test(id) && typeof src === 'string' && !isInlineSource(src) ? src : id;
}

/** Makes a path of what happens to a machine. */
export function makePath(input: unknown, start: MachineState, taken: readonly { readonly offer: MachineOffer; readonly state: MachineState }[]): MachinePath {
  const steps = taken.map(({ offer, state }) => toStep(offer, state, coverMicrosteps(state.microsteps)));
  return { name: describeSteps(start, steps), input: input as never, initial: start.snapshot as never, start, steps };
}

/** Walks a machine: each number picks among what may happen then; the walk is as long as the list. */
export function walkMachineByChoices(model: MachineModel, input: unknown, choices: readonly number[]): MachinePath {
  const start = model.begin(input);
  const taken: { offer: MachineOffer; state: MachineState }[] = [];
  let state = start;
  for (const choice of choices) {
    const offers = model.list(state);
    const offer = offers[choice % offers.length];
    if (!offer) break;
    state = model.take(state, offer);
    taken.push({ offer, state });
  }
  return makePath(input, start, taken);
}

/** The same with names of their own, as tests need them. */
export function nameApart<Path extends { readonly name: string }>(paths: readonly Path[]): Path[] {
  const taken = new Map<string, number>();
  return paths.map(path => {
    const count = (taken.get(path.name) ?? 0) + 1;
    taken.set(path.name, count);
    return count === 1 ? path : { ...path, name: `${path.name} (${count})` };
  });
}

const nameValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function refuseWildcards(machine: AnyStateMachine): void {
  const wild = (machine.events as readonly string[]).find(type => type.includes('*'));
  if (wild !== undefined) throw new FlowError('events_wildcard', `Expected \`events\` for a machine that listens to "${wild}": which events those are, it does not say`);
}
