import type { Gaps } from './layer-coordinates.ts';
import { placeAcross } from './layer-coordinates.ts';
import type { Slot, Work } from './layer-order.ts';
import { orderLayers } from './layer-order.ts';

/** A box to be placed: `along` is its side in the direction of the edges, `across` the other one, px. */
export interface LayeredNode {
  readonly along: number;
  readonly across: number;
  /** Keeps it in the outermost layer, where edges come in or leave. */
  readonly pin?: 'first' | 'last' | undefined;
}

/** An edge between places in the list of nodes; ports are where it touches them, px across from their centres, default 0. */
export interface LayeredEdge {
  readonly from: number;
  readonly to: number;
  readonly fromPort?: number;
  readonly toPort?: number;
}

export interface LayeredOptions {
  /** Room between layers, px, at least: it grows where edges go far across. */
  readonly gapAlong: number;
  readonly gaps: Gaps;
  /** Room between edges that touch the same side of a node without a port of their own, px. Default 0: they meet in its middle. */
  readonly spread?: number;
}

export interface Point {
  readonly along: number;
  readonly across: number;
}

/** A layout: centres of the nodes, in the order of the input, and the ways of the edges. */
export interface LayeredLayout {
  readonly nodes: readonly (Point & { readonly layer: number })[];
  /** Of each edge the points on its way. Between two layers it curves, within one it is straight. */
  readonly edges: readonly (readonly Point[])[];
  readonly along: number;
  readonly across: number;
  readonly crossings: number;
  readonly layers: number;
  /** Steps of work that it took: the same for the same graph. */
  readonly work: number;
}

/** Layers by the longest way from a source; then each node goes to where its edges are shortest. */
function assignLayers(nodes: readonly LayeredNode[], before: readonly (readonly number[])[], after: readonly (readonly number[])[], work: Work): number[] {
  const unmet = before.map(list => list.length);
  const order = unmet.flatMap((count, node) => (count === 0 ? [node] : []));
  for (let next = 0; next < order.length; next++) for (const other of after[order[next]!]!) if (--unmet[other]! === 0) order.push(other);
  if (order.length < nodes.length) throw new RangeError('Expected edges without a circle, got one. Turn an edge of each circle round before');
  const layers = nodes.map(() => 0);
  for (const node of order) for (const other of after[node]!) layers[other] = Math.max(layers[other]!, layers[node]! + 1);
  const last = Math.max(0, ...layers);
  for (const [node, { pin }] of nodes.entries()) if (pin === 'last') layers[node] = last;
  const least = (node: number): number => before[node]!.reduce((most, other) => Math.max(most, layers[other]! + 1), 0);
  const most = (node: number): number => after[node]!.reduce((low, other) => Math.min(low, layers[other]! - 1), last);
  for (let round = 0, moved = true; moved && round < 8; round++) {
    moved = false;
    for (const node of order.toReversed()) {
      work.steps += before[node]!.length + after[node]!.length + 1;
      if (nodes[node]!.pin !== undefined) continue;
      const wanted = after[node]!.length > before[node]!.length ? most(node) : after[node]!.length < before[node]!.length ? least(node) : layers[node]!;
      if (wanted === layers[node]) continue;
      layers[node] = wanted;
      moved = true;
    }
  }
  const used = [...new Set(layers)].toSorted((a, b) => a - b);
  return layers.map(layer => used.indexOf(layer));
}

/** Ports of all edges: their own, else spread over the side of the node in the order in which they come. */
function spreadPorts(nodes: readonly LayeredNode[], edges: readonly LayeredEdge[], chains: readonly (readonly Slot[])[], spread: number): { fromPort: number; toPort: number }[] {
  const ports = edges.map(({ fromPort = 0, toPort = 0 }) => ({ fromPort, toPort }));
  if (spread === 0) return ports;
  const sides = new Map<string, { readonly edge: number; readonly end: 'fromPort' | 'toPort'; readonly next: number }[]>();
  for (const [edge, { from, to, fromPort, toPort }] of edges.entries()) {
    const chain = chains[edge]!;
    for (const [end, node, own, next] of [['fromPort', from, fromPort, chain[1]!], ['toPort', to, toPort, chain.at(-2)!]] as const) {
      if (own === undefined) sides.set(`${end} ${node}`, [...(sides.get(`${end} ${node}`) ?? []), { edge, end, next: next.at }]);
    }
  }
  for (const [side, list] of sides) {
    const room = nodes[Number(side.split(' ')[1])]!.across - 16;
    const step = Math.max(0, Math.min(spread, room / list.length));
    for (const [place, { edge, end }] of list.toSorted((a, b) => a.next - b.next || a.edge - b.edge).entries()) ports[edge]![end] = (place - (list.length - 1) / 2) * step;
  }
  return ports;
}

/** Lays a graph without circles out in layers: few crossings, long edges straight, no edge through a node. Deterministic. */
export function layoutLayered(nodes: readonly LayeredNode[], edges: readonly LayeredEdge[], { gapAlong, gaps, spread = 0 }: LayeredOptions): LayeredLayout {
  const work: Work = { steps: 0 };
  const [before, after]: [number[][], number[][]] = [nodes.map(() => []), nodes.map(() => [])];
  for (const { from, to } of edges) {
    before[to]!.push(from);
    after[from]!.push(to);
  }
  const layerOf = assignLayers(nodes, before, after, work);
  const layers: Slot[][] = Array.from({ length: Math.max(0, ...layerOf) + 1 }, () => []);
  const addSlot = (across: number, layer: number, passed: boolean): Slot => {
    const slot: Slot = { across, layer, passed, before: [], after: [], order: 0, at: 0 };
    layers[layer]!.push(slot);
    return slot;
  };
  const slots = nodes.map(({ across }, node) => addSlot(across, layerOf[node]!, false));
  const chains = edges.map(({ from, to, fromPort = 0, toPort = 0 }) => {
    const chain = [slots[from]!];
    for (let layer = layerOf[from]! + 1; layer <= layerOf[to]!; layer++) {
      const isLast = layer === layerOf[to];
      const [left, right] = [chain.at(-1)!, isLast ? slots[to]! : addSlot(0, layer, true)];
      const [there, here] = [chain.length === 1 ? fromPort : 0, isLast ? toPort : 0];
      left.after.push({ slot: right, there: here, here: there });
      right.before.push({ slot: left, there, here });
      chain.push(right);
    }
    return chain;
  });
  const crossings = orderLayers(layers, work);
  const across = placeAcross(layers, gaps, work);

  // Bands of the layers, with room between them for what goes across.
  const sizes = layers.map(() => 0);
  for (const [node, { along }] of nodes.entries()) sizes[layerOf[node]!] = Math.max(sizes[layerOf[node]!]!, along);
  const starts: number[] = [];
  let at = 0;
  for (const [layer, list] of layers.entries()) {
    starts.push(at);
    let farthest = 0;
    for (const slot of list) for (const { slot: other, there, here } of slot.after) farthest = Math.max(farthest, Math.abs(other.at + there - slot.at - here));
    at += sizes[layer]! + (layer + 1 < layers.length ? gapAlong + Math.min(gapAlong * 1.5, farthest * 0.06) : 0);
  }
  const ports = spreadPorts(nodes, edges, chains, spread);
  const middle = (layer: number): number => starts[layer]! + sizes[layer]! / 2;
  return {
    nodes: nodes.map((_, node) => ({ along: middle(layerOf[node]!), across: slots[node]!.at, layer: layerOf[node]! })),
    edges: chains.map((chain, edge) => {
      const { from, to } = edges[edge]!;
      const { fromPort, toPort } = ports[edge]!;
      const points: Point[] = [{ along: middle(layerOf[from]!) + nodes[from]!.along / 2, across: slots[from]!.at + fromPort }];
      for (const [place, slot] of chain.entries()) {
        const port = place === 0 ? fromPort : place === chain.length - 1 ? toPort : 0;
        if (place > 0) points.push({ along: starts[slot.layer]!, across: slot.at + port });
        if (place < chain.length - 1) points.push({ along: starts[slot.layer]! + sizes[slot.layer]!, across: slot.at + port });
      }
      points.push({ along: middle(layerOf[to]!) - nodes[to]!.along / 2, across: slots[to]!.at + toPort });
      return points.filter((point, place) => place === 0 || point.along !== points[place - 1]!.along || point.across !== points[place - 1]!.across);
    }),
    along: at,
    across,
    crossings,
    layers: nodes.length === 0 ? 0 : layers.length,
    work: work.steps,
  };
}
