import { getAdjacencyMap } from '@xstate/graph';
import type { AnyActorLogic, EventObject } from 'xstate';

export interface GraphEdge<Event> {
  readonly from: string;
  readonly to: string;
  readonly event: Event;
  /** What taking it covers. */
  readonly items: readonly string[];
}

export interface GraphNode<State, Event> {
  readonly key: string;
  readonly state: State;
  readonly edges: readonly GraphEdge<Event>[];
}

/** States that were reached and what leads from one to another. The first node is the initial state. */
export interface Graph<State, Event> {
  readonly initial: string;
  readonly nodes: ReadonlyMap<string, GraphNode<State, Event>>;
  /** Whether states were left unexplored because there were too many. */
  readonly truncated: boolean;
}

export interface ExploreOptions<State, Event> {
  readonly events: (state: State) => readonly Event[];
  /** States with the same text are the same state. */
  readonly serialize: (state: State) => string;
  readonly itemsOf: (state: State, event: Event, next: State) => readonly string[];
  /** Once all of these have been seen there is no need to look further. */
  readonly enough?: readonly string[] | undefined;
  readonly isFinal: (state: State) => boolean;
  readonly input?: unknown;
  /** States looked into, at most. */
  readonly maxStates: number;
}

/** Walks an actor logic breadth first; the one module that knows `@xstate/graph`. */
export function exploreGraph<State, Event extends EventObject>(logic: AnyActorLogic, options: ExploreOptions<State, Event>): Graph<State, Event> {
  const { events, serialize, itemsOf, isFinal, input, maxStates } = options;
  const missing = options.enough && new Set(options.enough);
  const found = new Map<State, Map<Event, readonly string[]>>();
  const walked = Object.create(logic, {
    transition: {
      value(state: State, event: Event, scope: never): State {
        const next = logic.transition(state as never, event as never, scope) as State;
        const items = itemsOf(state, event, next);
        for (const item of items) missing?.delete(item);
        const byEvent = found.get(state) ?? new Map<Event, readonly string[]>();
        found.set(state, byEvent.set(event, items));
        return next;
      },
    },
  }) as AnyActorLogic;
  let looked = 0;
  let truncated = false;
  // `limit` of the library throws everything away; stopping at single states keeps what was found.
  const stopWhen = (state: State): boolean => {
    if (isFinal(state) || missing?.size === 0) return true;
    if (looked < maxStates) return ++looked < 0;
    truncated = true;
    return true;
  };
  const adjacency = getAdjacencyMap(walked, {
    events: events as never,
    serializeState: serialize as never,
    serializeEvent: ((event: Event) => JSON.stringify(event)) as never,
    stopWhen: stopWhen as never,
    input: input as never,
  });
  const nodes = new Map<string, GraphNode<State, Event>>();
  for (const [key, value] of Object.entries(adjacency as Record<string, { state: State; transitions: Record<string, { event: Event; state: State }> }>)) {
    const edges = Object.values(value.transitions).map(({ event, state }) => ({
      from: key,
      to: serialize(state),
      event,
      items: found.get(value.state)?.get(event) ?? [],
    }));
    nodes.set(key, { key, state: value.state, edges });
  }
  const [initial] = nodes.keys();
  return { initial: initial as string, nodes, truncated };
}
