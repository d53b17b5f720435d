import type { Chart, ChartState, ChartTransition } from './chart.ts';
import { type LayeredEdge, layoutLayered, type LayeredLayout } from './layered.ts';
import type { Box } from './layout-steps.ts';
import { findNeighbours, type Neighbours } from './neighbours.ts';
import { type ChartPlan, type Level, planChart, type Wire } from './plan-chart.ts';
import { fitText, type Measure } from './text-width.ts';

/** A line of text in a state or a label. */
export interface ChartLine {
  readonly kind: 'entry' | 'exit' | 'invoke' | 'transition' | 'more';
  readonly text: string;
  readonly transition: ChartTransition | undefined;
  /** Its place in the picture: the whole width of its box, one line high. */
  readonly box: Box;
}

/** A state; x and y are its upper left corner in the picture. */
export interface ChartNode extends Box {
  readonly id: string;
  readonly state: ChartState;
  readonly title: string;
  /** How many states it is in. */
  readonly depth: number;
  readonly lines: readonly ChartLine[];
}

/** Labels of the transitions between the same states. */
export interface ChartLabel extends Box {
  readonly id: string;
  readonly lines: readonly ChartLine[];
}

export interface ChartEdge {
  readonly id: string;
  /** The transitions it stands for; none: from the initial dot. */
  readonly transitions: readonly string[];
  readonly path: string;
  /** Where it ends, and whether it points left there; undefined: it ends at a label. */
  readonly tip: { readonly x: number; readonly y: number; readonly pointsLeft: boolean } | undefined;
  readonly isBack: boolean;
  readonly bounds: Box;
}

export interface ChartLayout {
  readonly nodes: readonly ChartNode[];
  readonly labels: readonly ChartLabel[];
  readonly edges: readonly ChartEdge[];
  /** Where machines and states begin: centres of the dots. */
  readonly dots: readonly { readonly x: number; readonly y: number }[];
  /** States by id, and lines by `transition` and its id. */
  readonly neighbours: ReadonlyMap<string, Neighbours>;
  readonly width: number;
  readonly height: number;
  readonly crossings: number;
  readonly work: number;
}

export interface LayoutChartOptions {
  readonly measure: Measure;
  /** Leaves room for counts beside each transition. */
  readonly isCounted?: boolean;
}

/** Sizes, px. */
export const chartBox = {
  titleSize: 13, lineSize: 11, lineHeight: 18, padding: 12, header: 32, labelPadding: 8, content: 18, leastWidth: 92, mostWidth: 300, mostLines: 30, history: 28, dot: 9, counted: 52,
} as const;
const { titleSize, lineSize, lineHeight, padding, header, labelPadding, content, leastWidth, mostWidth, mostLines, history, dot, counted } = chartBox;
const gaps = { gapAlong: 30, gaps: { nodes: 20, edges: 14 }, spread: 9 };

/** Before a transition that stays in its state. */
export const staySign = '↻ ';

/** A transition in one line: `event [guard]`. */
const describe = ({ label, guard }: ChartTransition): string => `${label}${guard === undefined ? '' : ` [${guard}]`}`;

type LineText = Omit<ChartLine, 'box'>;

/** Lines of a state: what it does, and what happens inside it. */
function listLines({ entry, exit, invokes }: ChartState, inner: readonly ChartTransition[]): LineText[] {
  return shorten([
    ...invokes.map(name => ({ kind: 'invoke' as const, text: `runs ${name}`, transition: undefined })),
    ...entry.map(name => ({ kind: 'entry' as const, text: `entry / ${name}`, transition: undefined })),
    ...exit.map(name => ({ kind: 'exit' as const, text: `exit / ${name}`, transition: undefined })),
    ...inner.map(transition => ({ kind: 'transition' as const, text: `${staySign}${describe(transition)}`, transition })),
  ]);
}

function shorten(lines: readonly LineText[]): LineText[] {
  if (lines.length <= mostLines) return [...lines];
  return [...lines.slice(0, mostLines - 1), { kind: 'more', text: `and ${lines.length - mostLines + 1} more`, transition: undefined }];
}

/** A state with what is in it, laid out for itself. */
interface Sized {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly LineText[];
  readonly level: Level | undefined;
  readonly layout: LayeredLayout | undefined;
  /** Where what is inside begins. */
  readonly inset: { readonly x: number; readonly y: number };
  /** Heights at which lines go through its border, from its top, by key. */
  readonly ports: ReadonlyMap<string, number>;
}

const round = (value: number): number => Math.round(value * 10) / 10;

function toPath(points: readonly { readonly x: number; readonly y: number }[]): string {
  let path = '';
  for (const [place, { x, y }] of points.entries()) {
    const before = points[place - 1];
    if (!before) path = `M${round(x)} ${round(y)}`;
    else if (Math.abs(before.y - y) < 0.05) path += `H${round(x)}`;
    else path += `C${round((before.x + x) / 2)} ${round(before.y)} ${round((before.x + x) / 2)} ${round(y)} ${round(x)} ${round(y)}`;
  }
  return path;
}

/** Lays a chart out from left to right, states in states, labels between states. Deterministic. */
export function layoutChart(chart: Chart, { measure, isCounted = false }: LayoutChartOptions): ChartLayout {
  const plan = planChart(chart);
  const room = isCounted ? counted : 0;
  const sized = new Map<string, Sized>();
  const labels = new Map(plan.groups.map(({ id, transitions }) => {
    const lines = shorten(transitions.map(transition => ({ kind: 'transition', text: describe(transition), transition })));
    const widest = Math.max(...lines.map(({ text }) => measure(text, lineSize)));
    return [id, { lines, width: Math.ceil(Math.min(mostWidth, widest + 2 * labelPadding + room)), height: lines.length * lineHeight + 6 }] as const;
  }));
  let [crossings, work] = [0, 0];

  const size = (id: string): Sized => {
    const state = chart.states.get(id)!;
    const level = plan.levels.get(id);
    const lines = state.kind === 'history' ? [] : listLines(state, plan.inner.get(id) ?? []);
    const textWidth = Math.max(measure(state.key, titleSize, true) + (state.kind === 'parallel' ? measure('parallel', lineSize) + 12 : 0) + 16, ...lines.map(({ text, transition }) => measure(text, lineSize) + (transition ? room : 0)));
    const own = { width: Math.ceil(Math.min(mostWidth, Math.max(leastWidth, textWidth + 2 * padding))), height: header + lines.length * lineHeight + (lines.length > 0 ? 6 : 0) };
    let result: Sized;
    if (state.kind === 'history') result = { width: history, height: history, lines, level, layout: undefined, inset: { x: 0, y: 0 }, ports: new Map() };
    else if (!level) result = { ...own, lines, level, layout: undefined, inset: { x: 0, y: 0 }, ports: new Map() };
    else {
      for (const child of state.children) size(child);
      const boxes = level.items.map(item => {
        if (item.kind === 'dot') return { along: dot, across: dot };
        if (item.kind === 'port') return { along: 0, across: 2, pin: item.side };
        const { width, height } = item.kind === 'child' ? sized.get(item.id)! : labels.get(item.group.id)!;
        return { along: width, across: height };
      });
      const portOf = (place: number, key: string | undefined, end: 'fromPort' | 'toPort'): Partial<LayeredEdge> => {
        const item = level.items[place]!;
        if (key === undefined || item.kind !== 'child') return {};
        const { ports, height } = sized.get(item.id)!;
        return { [end]: ports.get(key)! - height / 2 };
      };
      const layout = layoutLayered(boxes, level.links.map(({ from, to, fromKey, toKey }) => ({ from, to, ...portOf(from, fromKey, 'fromPort'), ...portOf(to, toKey, 'toPort') })), gaps);
      crossings += layout.crossings;
      work += layout.work;
      const inset = { x: Math.max(content, (own.width - layout.along) / 2), y: own.height + content - 6 };
      const ports = new Map(level.items.flatMap((item, place) => (item.kind === 'port' ? [[item.key, inset.y + layout.nodes[place]!.across] as const] : [])));
      result = { width: Math.ceil(layout.along + 2 * inset.x), height: Math.ceil(inset.y + layout.across + content), lines, level, layout, inset, ports };
    }
    sized.set(id, result);
    return result;
  };
  const whole = size('');
  return placeAll(chart, plan, { sized, labels, measure, room, crossings, work, whole });
}

interface Sizes {
  readonly sized: ReadonlyMap<string, Sized>;
  readonly labels: ReadonlyMap<string, { readonly lines: readonly LineText[]; readonly width: number; readonly height: number }>;
  readonly measure: Measure;
  readonly room: number;
  readonly crossings: number;
  readonly work: number;
  readonly whole: Sized;
}

/** Up and down lead through everything, column by column; left and right to the nearest of the next column. */
function findWays(stops: readonly (Box & { readonly id: string })[]): ReadonlyMap<string, Neighbours> {
  const ordered = stops.toSorted((a, b) => a.x - b.x || a.y - b.y);
  const columns: (Box & { readonly id: string })[][] = [];
  for (const stop of ordered) {
    const column = columns.at(-1);
    if (column && stop.x - column[0]!.x < 24) column.push(stop);
    else columns.push([stop]);
  }
  const turned = findNeighbours(columns.map(column => column.toSorted((a, b) => a.y - b.y).map(({ id, y, height }) => ({ id, x: y, width: height }))));
  return new Map([...turned].map(([id, { left, right, up, down }]) => [id, { left: up, right: down, up: left, down: right }]));
}

/** Gives everything its place in the picture. */
function placeAll(chart: Chart, plan: ChartPlan, { sized, labels, measure, room, crossings, work, whole }: Sizes): ChartLayout {
  const nodes: ChartNode[] = [];
  const placedLabels: ChartLabel[] = [];
  const dots: { x: number; y: number }[] = [];
  const corners = new Map<string, { x: number; y: number }>();
  const toLines = (lines: readonly LineText[], box: Box, inset: number): ChartLine[] =>
    lines.map((line, index) => ({
      ...line, text: fitText(line.text, box.width - 2 * inset - (line.transition ? room : 0), measure, lineSize),
      box: { x: box.x + 3, y: box.y + index * lineHeight, width: Math.min(mostWidth, box.width) - 6, height: lineHeight },
    }));
  const visit = (id: string, x: number, y: number, depth: number): void => {
    const state = chart.states.get(id)!;
    const { width, height, lines, level, layout, inset } = sized.get(id)!;
    corners.set(id, { x, y });
    const badge = state.kind === 'parallel' ? measure('parallel', lineSize) + 12 : 0;
    nodes.push({
      id, state, depth, x: round(x), y: round(y), width, height, title: fitText(state.key, width - 2 * padding - badge - (depth === 0 ? 0 : 16), measure, titleSize, true),
      lines: toLines(lines, { x, y: y + header - 2, width, height: 0 }, padding),
    });
    for (const [index, item] of (level?.items ?? []).entries()) {
      const { along, across } = layout!.nodes[index]!;
      const [cx, cy] = [x + inset.x + along, y + inset.y + across];
      if (item.kind === 'dot') dots.push({ x: round(cx), y: round(cy) });
      else if (item.kind === 'child') visit(item.id, cx - sized.get(item.id)!.width / 2, cy - sized.get(item.id)!.height / 2, depth + 1);
      else if (item.kind === 'label') {
        const label = labels.get(item.group.id)!;
        const box = { x: round(cx - label.width / 2), y: round(cy - label.height / 2), width: label.width, height: label.height };
        placedLabels.push({ id: item.group.id, ...box, lines: toLines(label.lines, { ...box, y: box.y + 3 }, labelPadding) });
      }
    }
  };
  visit('', 0, 0, 0);

  // Parts come in the order from the state, each from left to right; a line is drawn in the direction of its arrow.
  const toPoints = ({ parts, hasTip, isBack }: Wire): { x: number; y: number }[] =>
    (hasTip ? parts.toReversed() : parts).flatMap(part => {
      const { level, layout, inset, width } = sized.get(part.level)!;
      const { x, y } = corners.get(part.level)!;
      const { from, to } = level!.links[part.link]!;
      const way = layout!.edges[part.link]!.map(({ along, across }) => ({ x: x + inset.x + along, y: y + inset.y + across }));
      // Ports are drawn as far as the border.
      if (level!.items[from]!.kind === 'port') way.unshift({ x, y: way[0]!.y });
      if (level!.items[to]!.kind === 'port') way.push({ x: x + width, y: way.at(-1)!.y });
      return isBack ? way.toReversed() : way;
    });

  const edges = plan.wires.map((wire, index): ChartEdge => {
    const points = toPoints(wire);
    const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    const last = points.at(-1)!;
    return {
      id: `${index}`, transitions: wire.group?.transitions.map(({ id }) => id) ?? [], path: toPath(points), isBack: wire.isBack,
      tip: wire.hasTip ? { x: round(last.x), y: round(last.y), pointsLeft: wire.isBack } : undefined,
      bounds: { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y },
    };
  });
  const stops = [...nodes.filter(({ id }) => id !== ''), ...[...nodes, ...placedLabels].flatMap(({ lines }) => lines.flatMap(({ transition, box }) => (transition ? [{ id: `transition ${transition.id}`, ...box }] : [])))];
  return { nodes, labels: placedLabels, edges, dots, neighbours: findWays(stops), width: whole.width, height: whole.height, crossings, work };
}
