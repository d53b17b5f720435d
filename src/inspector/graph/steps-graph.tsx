import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { touches } from './camera.ts';
import { type Box, layoutSteps, type StepEdge, type StepNode, type StepsLayout } from './layout-steps.ts';
import { memo } from './memo.ts';
import type { Neighbours } from './neighbours.ts';
import { StepCard } from './step-card.tsx';
import type { GraphStep, ItemCounts, StepCoverage, StepState, StepStatus } from './step-graph.ts';
import { createMeasure } from './measure-text.ts';
import { noView, type View, Viewport } from './viewport.tsx';

export interface StepsGraphProps {
  /** Name of the flow. */
  readonly name: string;
  /** Laid out anew when it is another list. */
  readonly steps: readonly GraphStep[];
  /** By step; steps that are not in it are pending. An entry that is the same object is not drawn again. */
  readonly states: ReadonlyMap<string, StepState>;
  readonly selected: string | null;
  readonly onSelect: (stepId: string | null) => void;
  /** A step was opened, by Enter on the selected one or a double click: its child flow, its machine. */
  readonly onOpen?: ((stepId: string) => void) | undefined;
  /** Steps with a breakpoint. */
  readonly breakpoints?: ReadonlySet<string> | undefined;
  /** Steps that moved last; the first of them is brought into view. */
  readonly moved?: ReadonlySet<string> | undefined;
  /** What executions came to, in place of states. */
  readonly coverage?: ReadonlyMap<string, StepCoverage> | undefined;
  /** All of it is seen at first, however small. Default: only while it can be read. */
  readonly isFitted?: boolean | undefined;
  /** Folds flows with more steps than this. Default 300. */
  readonly foldAbove?: number | undefined;
}

const pending: StepState = { status: 'pending' };
const measure = createMeasure();
const nothing: Box = { x: 0, y: 0, width: 0, height: 0 };
const none: ReadonlySet<string> = new Set();
const keys: Readonly<Record<string, keyof Neighbours>> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };

const Edge = memo(function Edge({ edge: { path, kind, tip }, isNear, isPassed }: { readonly edge: StepEdge; readonly isNear: boolean; readonly isPassed: boolean }): VNode {
  return <g class={`edge edge-${kind}${isNear ? ' edge-near' : ''}${isPassed ? ' edge-passed' : ''}`}>
    <path class="edge-way" d={path} />
    <path class="edge-tip" d={`M${tip.x} ${tip.y}l-3.6-6.4h7.2z`} />
  </g>;
});

/** Dependencies that follow from others are drawn for the selected step only. */
function HiddenEdges({ layout, node }: { readonly layout: StepsLayout; readonly node: StepNode }): VNode {
  const from = (layout.hidden.get(node.id) ?? []).flatMap(id => layout.boxOf.get(id) ?? layout.nodes.find(other => other.id === id) ?? []);
  const [x, y] = [node.x + node.width / 2, node.y];
  return <g aria-hidden="true">{from.map(other => {
    const [ox, oy] = [other.x + other.width / 2, other.y + other.height];
    const bend = Math.max(30, (y - oy) / 3);
    return <path key={other.id} class="edge-hidden" d={`M${ox} ${oy}C${ox} ${oy + bend} ${x} ${y - bend} ${x} ${y}`} />;
  })}</g>;
}

/** States of folded steps, counted; remembered, so that a group is drawn again only when it changed. */
function countStates(members: readonly string[], states: ReadonlyMap<string, StepState>): ItemCounts {
  const counts: { [status in StepStatus]?: number } = {};
  for (const id of members) {
    const { status } = states.get(id) ?? pending;
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

/** The steps of a flow, and how each stands. */
export function StepsGraph(props: StepsGraphProps): VNode {
  const { name, steps, states, selected, onSelect, onOpen, breakpoints = none, moved = none, coverage, isFitted, foldAbove } = props;
  const unfolded = useSignal<ReadonlySet<string>>(none);
  const focused = useSignal<string | null>(null);
  const view = useRef<View>(noView);
  const wantsFocus = useRef(false);
  const host = useRef<HTMLDivElement>(null);
  const layout = useMemo(() => layoutSteps(steps, { measure, unfolded: unfolded.value, isCounted: coverage !== undefined, ...(foldAbove !== undefined && { foldAbove }) }), [steps, unfolded.value, foldAbove, coverage === undefined]);
  const mostRuns = useMemo(() => Math.max(1, ...[...(coverage?.values() ?? [])].map(({ runs }) => runs)), [coverage]);
  const groups = useRef(new Map<string, { readonly text: string; readonly state: StepState }>());

  const toState = (node: StepNode): StepState => {
    if (node.step) return states.get(node.id) ?? pending;
    const items = countStates(node.members, states);
    const text = JSON.stringify(items);
    const known = groups.current.get(node.id);
    if (known?.text === text) return known.state;
    const state: StepState = { status: 'pending', items };
    groups.current.set(node.id, { text, state });
    return state;
  };

  const selectedNode = selected === null ? undefined : layout.boxOf.get(selected);
  const tabStop = focused.value !== null && layout.neighbours.has(focused.value) ? focused.value : (selectedNode?.id ?? layout.nodes[0]?.id);
  const follow = selected ?? moved.values().next().value;
  useLayoutEffect(() => {
    const box = follow === undefined ? undefined : layout.boxOf.get(follow);
    if (box) view.current.show(box);
  }, [follow, layout]);
  useLayoutEffect(() => {
    if (!wantsFocus.current || focused.value === null) return;
    wantsFocus.current = false;
    host.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(focused.value)}"]`)?.focus({ preventScroll: true });
  });

  const focus = (id: string | undefined): void => {
    const node = id === undefined ? undefined : layout.nodes.find(other => other.id === id);
    if (!node) return;
    wantsFocus.current = true;
    focused.value = node.id;
    view.current.show(node);
  };
  const open = (id: string, isAgain: boolean): void => {
    const node = layout.nodes.find(other => other.id === id);
    if (!node) return;
    if (!node.step) {
      unfolded.value = new Set([...unfolded.value, node.id]);
      wantsFocus.current = true;
      focused.value = node.members[0] ?? null;
    } else if (isAgain) onOpen?.(id);
    else onSelect(id);
  };
  const nodeAt = (target: EventTarget | null): string | undefined => (target as Element | null)?.closest('[data-node]')?.getAttribute('data-node') ?? undefined;
  const keyDown = (event: KeyboardEvent): void => {
    const id = nodeAt(event.target);
    if (id === undefined) return;
    const direction = keys[event.key];
    if (direction) focus(layout.neighbours.get(id)?.[direction]);
    else if (event.key === 'Home') focus(layout.nodes[0]?.id);
    else if (event.key === 'End') focus(layout.nodes.at(-1)?.id);
    else if (event.key === 'Enter' || event.key === ' ') open(id, event.key === 'Enter' && selected === id);
    else if (event.key === 'Escape' && selected !== null) onSelect(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const near = new Set(selectedNode ? [selectedNode.id] : []);
  const isDone = (id: string): boolean => layout.boxOf.get(id)?.step !== undefined && states.get(id)?.status === 'completed';
  return <div class="graph-host" ref={host}>
    <Viewport width={layout.width} height={layout.height} start={layout.nodes[0] ?? nothing} label={`Steps of ${name}`} isFitted={isFitted} pictureKey={name} view={given => (view.current = given)} onKeyDown={keyDown}
      onClick={event => { const id = nodeAt(event.target); if (id !== undefined) open(id, false); else if (!(event.target as Element).closest('.graph-tools')) onSelect(null); }}
      onDoubleClick={event => { const id = nodeAt(event.target); if (id !== undefined) onOpen?.(id); }}
      onFocusIn={event => { const id = nodeAt(event.target); if (id !== undefined) focused.value = id; }}
      tools={unfolded.value.size > 0 && <button type="button" onClick={() => (unfolded.value = none)}>Fold all</button>}>
      <Seen view={view} draw={seen => <>
        <g class="edges" aria-hidden="true">{layout.edges.filter(({ bounds }) => touches(bounds, seen)).map(edge =>
          <Edge key={edge.id} edge={edge} isNear={near.has(edge.from) || near.has(edge.to)} isPassed={isDone(edge.from)} />)}</g>
        {selectedNode && <HiddenEdges layout={layout} node={selectedNode} />}
        {layout.nodes.filter(node => touches(node, seen) || node.id === tabStop).map(node =>
          <StepCard key={node.id} node={node} state={toState(node)} coverage={coverage && node.step ? (coverage.get(node.id) ?? { runs: 0, failures: 0, p50Ms: null, p95Ms: null }) : undefined} measure={measure} mostRuns={mostRuns}
            isSelected={near.has(node.id)} isMoved={node.members.some(member => moved.has(member))} isTabStop={node.id === tabStop} hasBreakpoint={node.members.some(member => breakpoints.has(member))} />)}
      </>} />
    </Viewport>
  </div>;
}

/** Draws what is in view; again when that changes by a tile. */
function Seen({ view, draw }: { readonly view: { readonly current: View }; readonly draw: (seen: Box) => VNode }): VNode {
  const { seen } = view.current;
  return draw(seen.value);
}
