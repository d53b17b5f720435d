import type { Graph, GraphEdge } from './graph.ts';

/**
 * Which paths to make of a graph: `coverage` a small set that takes everything once, `shortest` one to every end,
 * `simple` every one that visits no state twice.
 */
export type PathStrategy = 'coverage' | 'shortest' | 'simple';

export interface Walk<Event> {
  readonly edges: readonly GraphEdge<Event>[];
}

export interface Walks<Event> {
  readonly walks: readonly Walk<Event>[];
  /** Whether there are more paths than were asked for. */
  readonly truncated: boolean;
}

interface Bounds {
  readonly maxPaths: number;
}

type AnyGraph<Event> = Graph<unknown, Event>;

/** Takes every item of the graph at least once: goes to the nearest edge with something new, as long as there is one. */
export function coverGraph<Event>(graph: AnyGraph<Event>, { maxPaths }: Bounds): Walks<Event> {
  const covered = new Set<string>();
  const isNew = (edge: GraphEdge<Event>): boolean => edge.items.some(item => !covered.has(item));
  const walks: Walk<Event>[] = [];
  for (;;) {
    const edges: GraphEdge<Event>[] = [];
    for (let at = graph.initial; ; ) {
      const leg = findNearest(graph, at, isNew);
      if (!leg) break;
      for (const edge of leg) for (const item of edge.items) covered.add(item);
      edges.push(...leg);
      at = (leg.at(-1) as GraphEdge<Event>).to;
    }
    if (edges.length === 0) return { walks, truncated: false };
    if (walks.length >= maxPaths) return { walks, truncated: true };
    walks.push({ edges });
  }
}

/** One shortest way to every state in which nothing more happens. */
export function findShortest<Event>(graph: AnyGraph<Event>, { maxPaths }: Bounds): Walks<Event> {
  const arrived = walkBreadthFirst(graph, graph.initial);
  const walks: Walk<Event>[] = [];
  for (const [key, node] of graph.nodes) {
    if (!isEnd(node)) continue;
    if (walks.length >= maxPaths) return { walks, truncated: true };
    walks.push({ edges: traceBack(arrived, key) });
  }
  return { walks, truncated: false };
}

/** Every way to a state in which nothing more happens that visits no state twice. */
export function findSimple<Event>(graph: AnyGraph<Event>, { maxPaths }: Bounds): Walks<Event> {
  const walks: Walk<Event>[] = [];
  const visited = new Set<string>([graph.initial]);
  const edges: GraphEdge<Event>[] = [];
  let truncated = false;
  const visit = (key: string): void => {
    const node = graph.nodes.get(key);
    if (!node || truncated) return;
    if (isEnd(node)) {
      if (walks.length >= maxPaths) truncated = true;
      else walks.push({ edges: [...edges] });
      return;
    }
    for (const edge of node.edges) {
      if (visited.has(edge.to)) continue;
      visited.add(edge.to);
      edges.push(edge);
      visit(edge.to);
      edges.pop();
      visited.delete(edge.to);
    }
  };
  visit(graph.initial);
  return { walks, truncated };
}

const isEnd = <Event>(node: { readonly key: string; readonly edges: readonly GraphEdge<Event>[] }): boolean => node.edges.every(edge => edge.to === node.key);

function walkBreadthFirst<Event>(graph: AnyGraph<Event>, from: string, until?: (edge: GraphEdge<Event>) => boolean): Map<string, GraphEdge<Event> | null> {
  const arrived = new Map<string, GraphEdge<Event> | null>([[from, null]]);
  // The map grows while it is walked.
  for (const key of arrived.keys()) {
    for (const edge of graph.nodes.get(key)?.edges ?? []) {
      if (until?.(edge)) return arrived.set('', edge);
      if (!arrived.has(edge.to)) arrived.set(edge.to, edge);
    }
  }
  return arrived;
}

function findNearest<Event>(graph: AnyGraph<Event>, from: string, isWanted: (edge: GraphEdge<Event>) => boolean): GraphEdge<Event>[] | undefined {
  const arrived = walkBreadthFirst(graph, from, isWanted);
  const last = arrived.get('');
  return last ? [...traceBack(arrived, last.from), last] : undefined;
}

function traceBack<Event>(arrived: ReadonlyMap<string, GraphEdge<Event> | null>, to: string): GraphEdge<Event>[] {
  const edges: GraphEdge<Event>[] = [];
  for (let edge = arrived.get(to); edge; edge = arrived.get(edge.from)) edges.push(edge);
  return edges.toReversed();
}
