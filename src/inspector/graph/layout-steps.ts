import { createGraph, reduceGraph, sortSteps } from '../../definition/graph.ts';
import { foldAbove, foldSteps } from './fold-steps.ts';
import type { LayeredEdge } from './layered.ts';
import { layoutLayered } from './layered.ts';
import { findNeighbours, type Neighbours } from './neighbours.ts';
import type { GraphStep } from './step-graph.ts';
import type { Measure } from './text-width.ts';

/** A rectangle, px; x and y are its upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A step, or several that are folded into one box. */
export interface StepNode extends Box {
  readonly id: string;
  readonly name: string;
  /** Undefined: a group. */
  readonly step: GraphStep | undefined;
  /** Ids of the steps it stands for. */
  readonly members: readonly string[];
}

export interface StepEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** `alternative`: the step at its end stands in where the one at its beginning fails. */
  readonly kind: 'dependency' | 'alternative';
  readonly path: string;
  /** Where it ends, pointing down. */
  readonly tip: { readonly x: number; readonly y: number };
  readonly bounds: Box;
}

export interface StepsLayout {
  /** In reading order: layer by layer, left to right. */
  readonly nodes: readonly StepNode[];
  readonly edges: readonly StepEdge[];
  /** Which box a step is drawn in. */
  readonly boxOf: ReadonlyMap<string, StepNode>;
  /** Dependencies that follow from those that are drawn, by the step that has them. */
  readonly hidden: ReadonlyMap<string, readonly string[]>;
  readonly neighbours: ReadonlyMap<string, Neighbours>;
  readonly width: number;
  readonly height: number;
  readonly crossings: number;
  readonly isFolded: boolean;
  /** Steps of work that it took. */
  readonly work: number;
}

export interface LayoutStepsOptions {
  readonly measure: Measure;
  /** Groups that are to be drawn as their steps. */
  readonly unfolded?: ReadonlySet<string>;
  /** Folds flows with more steps than this. Default 300. */
  readonly foldAbove?: number;
  /** Leaves room for what executions came to. */
  readonly isCounted?: boolean;
}

/** Sizes and places inside a box, px. */
export const stepBox = { nameSize: 13, detailSize: 11, padding: 12, icon: 16, iconGap: 8, height: 50, stripHeight: 62, least: 148, most: 320 } as const;

/** The widest that a second line gets in ordinary use: boxes do not change their size when steps do. */
const widestLines = { once: 'completed · 59 min 59 s', retried: 'completed · 2 of 3 · 59 min 59 s', counted: '88,888× · p50 59 min · p95 59 min' };

function sizeStep({ id, forEach, work, always, maxAttempts }: GraphStep, measure: Measure, isCounted: boolean): { width: number; height: number } {
  const { nameSize, detailSize, padding, icon, iconGap, least, most, height, stripHeight } = stepBox;
  const badge = (forEach ? measure('888/888', detailSize) + 10 : 0) + (work === 'task' ? 0 : icon + 6) + (always ? measure('always', detailSize) + 18 : 0);
  const line = measure(isCounted ? widestLines.counted : maxAttempts > 1 ? widestLines.retried : widestLines.once, detailSize);
  const text = Math.max(measure(id, nameSize, true) + badge, line);
  return { width: Math.ceil(Math.min(most, Math.max(least, text + 2 * padding + icon + iconGap))), height: forEach || isCounted ? stripHeight : height };
}

/** Layers by the longest way from a step without dependencies. */
function countLayers(upstream: readonly (readonly number[])[]): number[] {
  const layers = upstream.map(() => 0);
  for (const step of sortSteps(createGraph(upstream))) layers[step] = upstream[step]!.reduce((most, other) => Math.max(most, layers[other]! + 1), 0);
  return layers;
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** An edge that goes down: straight inside layers, curved between them. */
function toPath(points: readonly { readonly along: number; readonly across: number }[]): string {
  let path = '';
  for (const [place, { along, across }] of points.entries()) {
    const before = points[place - 1];
    if (!before) path = `M${round(across)} ${round(along)}`;
    else if (before.across === across) path += `V${round(along)}`;
    else path += `C${round(before.across)} ${round((before.along + along) / 2)} ${round(across)} ${round((before.along + along) / 2)} ${round(across)} ${round(along)}`;
  }
  return path;
}

/** Lays the steps of a flow out from top to bottom, without dependencies that follow from others. Deterministic. */
export function layoutSteps(steps: readonly GraphStep[], { measure, unfolded = new Set(), foldAbove: limit = foldAbove, isCounted = false }: LayoutStepsOptions): StepsLayout {
  const positions = new Map(steps.map(({ id }, position) => [id, position]));
  const toPositions = (ids: readonly string[]): number[] => ids.flatMap(id => positions.get(id) ?? []);
  const upstream = steps.map(({ dependsOn }) => toPositions(dependsOn));
  // What stands in for a step is drawn below it, though it does not wait for it.
  const standIns = steps.map(({ alternativeOf }) => toPositions(alternativeOf === undefined ? [] : [alternativeOf]));
  const isFolded = steps.length > limit;
  const groups = isFolded ? foldSteps(steps, countLayers(upstream.map((list, step) => [...list, ...standIns[step]!])), unfolded) : [];

  const boxes: { id: string; name: string; step: GraphStep | undefined; members: readonly string[]; width: number; height: number }[] = [];
  const boxAt = new Map<string, number>();
  for (const { id, name, members } of groups) {
    const { padding, icon, iconGap, nameSize, least, most, stripHeight, detailSize } = stepBox;
    const width = measure(name, nameSize, true) + measure('888/888', detailSize) + 10 + 2 * padding + icon + iconGap;
    for (const member of members) boxAt.set(member, boxes.length);
    boxes.push({ id, name, step: undefined, members, width: Math.ceil(Math.min(most, Math.max(least, width))), height: stripHeight });
  }
  for (const step of steps) {
    if (boxAt.has(step.id)) continue;
    boxAt.set(step.id, boxes.length);
    boxes.push({ id: step.id, name: step.id, step, members: [step.id], ...sizeStep(step, measure, isCounted) });
  }
  const toBoxes = (lists: readonly (readonly number[])[]): number[][] => {
    const found = boxes.map(() => new Set<number>());
    for (const [step, list] of lists.entries()) for (const other of list) found[boxAt.get(steps[step]!.id)!]!.add(boxAt.get(steps[other]!.id)!);
    return found.map((set, box) => [...set].filter(other => other !== box));
  };
  const wanted = toBoxes(upstream);
  const reduced = reduceGraph(createGraph(wanted)).upstream;
  const standing = toBoxes(standIns);
  const isAcyclic = sortSteps(createGraph(reduced.map((list, box) => [...list, ...standing[box]!]))).length === boxes.length;
  const alternatives = isAcyclic ? standing : [];
  const edges: (LayeredEdge & { readonly kind: StepEdge['kind'] })[] = [
    ...reduced.flatMap((list, to) => list.map(from => ({ from, to, kind: 'dependency' as const }))),
    ...alternatives.flatMap((list, to) => list.map(from => ({ from, to, kind: 'alternative' as const }))),
  ];
  const layout = layoutLayered(boxes.map(({ width, height }) => ({ along: height, across: width })), edges, { gapAlong: 38, gaps: { nodes: 22, edges: 16 } });

  const nodes = boxes.map(({ id, name, step, members, width, height }, box): StepNode => {
    const { along, across } = layout.nodes[box]!;
    return { id, name, step, members, x: round(across - width / 2), y: round(along - height / 2), width, height };
  });
  const boxOf = new Map(nodes.flatMap(node => node.members.map(member => [member, node] as const)));
  const hidden = new Map<string, readonly string[]>();
  for (const [box, list] of wanted.entries()) {
    const kept = new Set(reduced[box]);
    const left = list.filter(other => !kept.has(other));
    if (left.length > 0) hidden.set(nodes[box]!.id, left.map(other => nodes[other]!.id));
  }
  const ordered = [...nodes.entries()].toSorted(([a], [b]) => layout.nodes[a]!.layer - layout.nodes[b]!.layer || layout.nodes[a]!.across - layout.nodes[b]!.across);
  const rows = [...Map.groupBy(ordered, ([box]) => layout.nodes[box]!.layer).values()].map(row => row.map(([, node]) => node));
  return {
    nodes: ordered.map(([, node]) => node),
    edges: layout.edges.map((points, edge): StepEdge => {
      const { from, to, kind } = edges[edge]!;
      const [xs, ys] = [points.map(({ across }) => across), points.map(({ along }) => along)];
      const [x, y] = [Math.min(...xs), Math.min(...ys)];
      return { id: `${nodes[from]!.id} → ${nodes[to]!.id}${kind === 'alternative' ? ' alternative' : ''}`, from: nodes[from]!.id, to: nodes[to]!.id, kind, path: toPath(points), tip: { x: round(xs.at(-1)!), y: round(ys.at(-1)!) }, bounds: { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y } };
    }),
    boxOf,
    hidden,
    neighbours: findNeighbours(rows),
    width: layout.across,
    height: layout.along,
    crossings: layout.crossings,
    isFolded: groups.length > 0,
    work: layout.work,
  };
}
