/** The steps of a flow as a graph of positions. */
export interface StepGraph {
  /** For each step the steps it waits for. */
  readonly upstream: readonly (readonly number[])[];
  /** For each step the steps that wait for it. */
  readonly downstream: readonly (readonly number[])[];
}

/** Turns dependencies round: who waits for whom, in both directions. */
export function createGraph(upstream: readonly (readonly number[])[]): StepGraph {
  const downstream: number[][] = upstream.map(() => []);
  for (const [position, list] of upstream.entries()) for (const other of list) downstream[other]?.push(position);
  return { upstream, downstream };
}

/** Orders steps so that each comes after what it waits for; steps in or behind a cycle are left out. */
export function sortSteps(graph: StepGraph): number[] {
  const unmet = graph.upstream.map(list => list.length);
  const order: number[] = [];
  for (const [position, count] of unmet.entries()) if (count === 0) order.push(position);
  for (let next = 0; next < order.length; next++) {
    for (const other of graph.downstream[order[next] as number] ?? []) {
      const left = (unmet[other] as number) - 1;
      unmet[other] = left;
      if (left === 0) order.push(other);
    }
  }
  return order;
}

/**
 * Finds cycles until every step that is in one is in one that was found.
 *
 * @returns each as positions, every one waiting for the next and the last for the first
 */
export function findCycles(graph: StepGraph): number[][] {
  const open = new Set(graph.upstream.keys());
  for (const position of sortSteps(graph)) open.delete(position);
  const cycles: number[][] = [];
  const done = new Set<number>();
  for (const start of open) {
    const trail: number[] = [];
    const places = new Map<number, number>();
    let at: number | undefined = start;
    while (at !== undefined && !done.has(at)) {
      const place = places.get(at);
      if (place !== undefined) {
        cycles.push(trail.slice(place));
        break;
      }
      places.set(at, trail.length);
      trail.push(at);
      at = graph.upstream[at]?.find(other => open.has(other));
    }
    for (const position of trail) done.add(position);
  }
  return cycles;
}

/** Steps that a step waits for, directly or through others, in the definition's order. */
export function listAncestors(graph: StepGraph, position: number): number[] {
  const found = new Set<number>();
  const open = [position];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const other of graph.upstream[at] ?? []) {
      if (found.has(other)) continue;
      found.add(other);
      open.push(other);
    }
  }
  return [...found].toSorted((a, b) => a - b);
}

/** Whether `step` waits for `ancestor`, asked for many pairs at once. */
export interface AncestorQuery {
  readonly step: number;
  readonly ancestor: number;
}

const bitsPerBlock = 1_024;

/**
 * Returns the queries whose `ancestor` is not upstream of its `step`. The graph must have no cycle.
 *
 * Passes once over the graph per 1,024 different ancestors, one bit for each, so that long flows cost no square.
 */
export function findNotUpstream<Query extends AncestorQuery>(graph: StepGraph, queries: readonly Query[]): Query[] {
  const open = queries.filter(({ step, ancestor }) => !graph.upstream[step]?.includes(ancestor));
  if (open.length === 0) return [];
  const order = sortSteps(graph);
  const ancestors = [...new Set(open.map(query => query.ancestor))];
  const missing: Query[] = [];
  for (let from = 0; from < ancestors.length; from += bitsPerBlock) {
    const block = new Map(ancestors.slice(from, from + bitsPerBlock).map((ancestor, bit) => [ancestor, bit]));
    const words = Math.ceil(block.size / 32);
    const reached = new Int32Array(graph.upstream.length * words);
    for (const step of order) {
      const row = step * words;
      for (const other of graph.upstream[step] ?? []) {
        const otherRow = other * words;
        for (let word = 0; word < words; word++) reached[row + word]! |= reached[otherRow + word]!;
        const bit = block.get(other);
        if (bit !== undefined) reached[row + (bit >> 5)]! |= 1 << (bit & 31);
      }
    }
    for (const query of open) {
      const bit = block.get(query.ancestor);
      if (bit !== undefined && (reached[query.step * words + (bit >> 5)]! & (1 << (bit & 31))) === 0) missing.push(query);
    }
  }
  return missing;
}

/** Leaves out what follows from the rest: a step that waits for `b`, which waits for `a`, need not say that it waits for `a`. */
export function reduceGraph(graph: StepGraph): StepGraph {
  const words = Math.ceil(graph.upstream.length / 32);
  const ancestors = graph.upstream.map(() => new Uint32Array(words));
  const has = (row: Uint32Array | undefined, position: number): boolean => (((row?.[position >> 5] ?? 0) >>> (position & 31)) & 1) === 1;
  const upstream: number[][] = graph.upstream.map(() => []);
  for (const position of sortSteps(graph)) {
    const own = ancestors[position] as Uint32Array;
    const direct = [...new Set(graph.upstream[position])];
    for (const other of direct) {
      const row = ancestors[other] as Uint32Array;
      for (let word = 0; word < words; word++) own[word]! |= row[word]!;
    }
    upstream[position] = direct.filter(other => !has(own, other));
    for (const other of direct) own[other >> 5]! |= 1 << (other & 31);
  }
  return createGraph(upstream);
}
