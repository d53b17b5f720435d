import type { PlannedStep } from '../definition/plan.ts';
import type { FlowDefinition } from '../definition/schema.ts';
import { describePath } from './describe-path.ts';
import { coverFlow } from './flow-coverage.ts';
import { createFlowModel } from './flow-model.ts';
import type { FlowModel, FlowState } from './flow-model.ts';
import { listOffers } from './flow-offers.ts';
import { exploreGraph } from './graph.ts';
import { select } from './machine-paths.ts';
import type { PathEvent } from './path-event.ts';
import { scriptFlow } from './script-flow.ts';
import type { PathSet, Uncovered } from './path-set.ts';
import type { PathStrategy } from './strategies.ts';

/** One way a flow can go. */
export interface FlowPath {
  /** Unique among the paths of a flow. */
  readonly name: string;
  readonly events: readonly PathEvent[];
}

export interface FlowPathOptions {
  /** Default `coverage`. */
  readonly strategy?: PathStrategy;
  /** Paths made, at most. Default 2,000. */
  readonly maxPaths?: number;
  /** States looked into (`shortest`, `simple`), at most. Default 5,000. */
  readonly maxStates?: number;
  /** Chooses among equally good ways; the same seed gives the same paths. Default 0. */
  readonly seed?: number;
}

/**
 * Makes paths through a flow: each step succeeding, failing, timing out, being retried, cancelled, skipped.
 *
 * What is explored is the runtime's own kernel over the flow's whole tree of actors; the steps' possible outcomes are its
 * events. What no path covers is listed.
 */
export function generateFlowPaths(definition: FlowDefinition, options: FlowPathOptions = {}): PathSet<FlowPath> {
  const { strategy = 'coverage', maxPaths = 2_000, maxStates = 5_000, seed = 0 } = options;
  const model = createFlowModel(scriptFlow(definition));
  const never = listNever(model);
  if (strategy === 'coverage') {
    const { paths, uncovered, truncated } = coverFlow(model, { maxPaths, maxTries: 200_000, seed });
    const covered = [...new Set(paths.flatMap(({ items }) => [...items]))];
    return { strategy, paths: name(paths.map(({ events }) => events), model), covered, uncovered: [...toBound(uncovered, maxPaths), ...never(covered)], truncated };
  }
  const graph = exploreGraph<FlowState, PathEvent>(toLogic(model) as never, {
    // A crash may come anywhere; it would only multiply the ways. `coverage` and crash runs are for that.
    events: state => listOffers(model.flow, state).filter(event => event.type !== 'crash'),
    serialize: serializeState,
    itemsOf: (_state, _event, next) => next.items,
    isFinal: state => state.status === 'done',
    maxStates,
  });
  const { walks, truncated } = select(graph, strategy, maxPaths);
  const known = new Set([...model.initial.items, ...[...graph.nodes.values()].flatMap(({ edges }) => edges.flatMap(({ items }) => items))]);
  const covered = new Set([...model.initial.items, ...walks.flatMap(({ edges }) => edges.flatMap(({ items }) => items))]);
  return {
    strategy,
    paths: name(walks.map(({ edges }) => edges.map(({ event }) => event)), model),
    covered: [...covered],
    uncovered: [...toBound([...known].filter(item => !covered.has(item)), maxPaths), ...never([...covered])],
    truncated: truncated || graph.truncated,
  };
}

/** A path through the model, state by state; the first is where it begins. */
export function walkModel(model: FlowModel, events: readonly PathEvent[]): FlowState[] {
  const states = [model.initial];
  for (const event of events) states.push(model.transition(states.at(-1) as FlowState, event));
  return states;
}

/** The model as an actor logic. */
function toLogic(model: FlowModel): object {
  return {
    transition: (state: FlowState, event: PathEvent) => model.transition(state, event),
    getInitialSnapshot: () => model.initial,
    getPersistedSnapshot: (state: FlowState) => state,
  };
}

function name(lists: readonly (readonly PathEvent[])[], model: FlowModel): FlowPath[] {
  const taken = new Map<string, number>();
  return lists.map(events => {
    const text = describePath(events, walkModel(model, events));
    const count = (taken.get(text) ?? 0) + 1;
    taken.set(text, count);
    return { name: count === 1 ? text : `${text} (${count})`, events };
  });
}

const toBound = (items: readonly string[], maxPaths: number): Uncovered[] => items.map(item => ({ item, reason: `bound: ${maxPaths} paths` }));

export const neverReason = 'proven unreachable: its condition is never true, or its list has no items';

/** Whether the definition says that a step, or every item of it, never runs. */
export const isNever = ({ when, forEach }: Pick<PlannedStep, 'when' | 'forEach'>): boolean =>
  (when?.constant === true && when.value === false) || (forEach?.constant === true && (forEach.value as unknown[]).length === 0);

/** Steps that began on no path: each is something uncovered. */
function listNever({ flow }: FlowModel): (covered: readonly string[]) => Uncovered[] {
  return covered =>
    flow.plan.steps.flatMap(({ id, when, forEach }) => {
      if (covered.some(item => item.startsWith(`${id}: pending – step.start`))) return [];
      return [{ item: `${id}: pending – step.start → running or waiting`, reason: isNever({ when, forEach }) ? neverReason : 'not found on any path' }];
    });
}

/** Times count from now, so that the same situation at another time is the same state. */
function serializeState({ tree, rows, now, status }: FlowState): string {
  const steps = [...rows.values()].map(({ position, item, status: state, attempt, interruptions, dueAt, run, runAt, recovery }) => [
    position, item, state, recovery, attempt, interruptions, dueAt === null ? null : dueAt - now, state === 'running' ? [run, (runAt ?? 0) - now] : null,
  ]);
  const pending = [...tree.actors].map(([position, actor]) => [position, actor.snapshot.value, 'items' in actor ? [...actor.items.keys()] : 0]);
  return JSON.stringify([status, tree.flow.value, tree.flow.context, steps, pending, tree.signals.map(signal => signal.name)]);
}
