import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { touches } from './camera.ts';
import type { Chart } from './chart.ts';
import { type ChartSelection, EdgeLine, LabelBox, type Marks, measure, StateBox } from './chart-boxes.tsx';
import { type ChartLayout, type ChartNode, layoutChart } from './layout-chart.ts';
import type { Box } from './layout-steps.ts';
import type { Neighbours } from './neighbours.ts';
import { noView, type View, Viewport } from './viewport.tsx';

export type { ChartSelection } from './chart-boxes.tsx';

export interface StatechartProps {
  /** Laid out anew when it is another one. */
  readonly chart: Chart;
  /** Ids of the states that are active, with those around them: `listActive`. */
  readonly active?: ReadonlySet<string> | undefined;
  /** Ids of the transitions that were taken last: `findTaken`. */
  readonly taken?: ReadonlySet<string> | undefined;
  /** How often each transition was taken, by its id: `countTransitions`. */
  readonly counts?: ReadonlyMap<string, number> | undefined;
  /** Ids of states and of transitions with a breakpoint. */
  readonly breakpoints?: ReadonlySet<string> | undefined;
  /** What is selected: a state by its id, or a transition. */
  readonly selected?: ChartSelection | null | undefined;
  readonly onSelect?: ((selection: ChartSelection | null) => void) | undefined;
}

const none: ReadonlySet<string> = new Set();
const keys: Readonly<Record<string, keyof Neighbours>> = {
  ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down',
};

/** Where the states and transitions are, by what the keys lead to. */
function listBoxes({ nodes, labels }: ChartLayout): ReadonlyMap<string, Box> {
  const boxes = new Map<string, Box>(nodes.map(node => [node.id, node]));
  for (const { lines } of [...nodes, ...labels]) {
    for (const { transition, box } of lines) if (transition) boxes.set(`transition ${transition.id}`, box);
  }
  return boxes;
}

const nodeAt = (target: EventTarget | null): string | undefined =>
  (target as Element | null)?.closest('[data-node]')?.getAttribute('data-node') ?? undefined;

const prefix = 'transition ';
const toSelection = (stop: string): ChartSelection =>
  stop.startsWith(prefix) ? { kind: 'transition', id: stop.slice(prefix.length) } : { kind: 'state', id: stop };

/** A machine as a statechart, from left to right. */
export function Statechart(props: StatechartProps): VNode {
  const { chart, active = none, taken = none, counts, breakpoints = none, selected = null, onSelect } = props;
  const focused = useSignal<string | null>(null);
  const view = useRef<View>(noView);
  const wantsFocus = useRef(false);
  const host = useRef<HTMLDivElement>(null);
  const isCounted = counts !== undefined;
  const layout = useMemo(() => layoutChart(chart, { measure, isCounted }), [chart, isCounted]);
  const boxes = useMemo(() => listBoxes(layout), [layout]);
  const first = [...layout.neighbours.keys()][0];
  const selectedStop = selected && (selected.kind === 'state' ? selected.id : `transition ${selected.id}`);
  const isStop = (id: string | null | undefined): id is string => id != null && layout.neighbours.has(id);
  const tabStop = [focused.value, selectedStop, first].find(isStop);

  const isInnermost = ({ id, state }: ChartNode): boolean => id !== '' && active.has(id) && state.children.length === 0;
  const innermost = useMemo(() => layout.nodes.findLast(isInnermost), [layout, active]);
  useLayoutEffect(() => {
    if (innermost) view.current.show(innermost);
  }, [innermost]);
  useLayoutEffect(() => {
    if (!wantsFocus.current || focused.value === null) return;
    wantsFocus.current = false;
    const node = host.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(focused.value)}"]`);
    node?.focus({ preventScroll: true });
  });

  const focus = (id: string | undefined): void => {
    const box = id === undefined ? undefined : boxes.get(id);
    if (id === undefined || !box) return;
    wantsFocus.current = true;
    focused.value = id;
    view.current.show(box);
  };
  const keyDown = (event: KeyboardEvent): void => {
    const id = nodeAt(event.target);
    if (id === undefined) return;
    const direction = keys[event.key];
    if (direction) focus(layout.neighbours.get(id)?.[direction]);
    else if (event.key === 'Home') focus(first);
    else if (event.key === 'End') focus([...layout.neighbours.keys()].at(-1));
    else if (event.key === 'Enter' || event.key === ' ') onSelect?.(toSelection(id));
    else if (event.key === 'Escape' && selected !== null) onSelect?.(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const click = ({ target }: MouseEvent): void => {
    const id = nodeAt(target);
    if (id !== undefined) onSelect?.(toSelection(id));
    else if (!(target as Element).closest('.graph-tools')) onSelect?.(null);
  };
  const marks = useMemo<Marks>(
    () => ({ taken, counts, breakpoints, selected, tabStop, chart }),
    [taken, counts, breakpoints, selected, tabStop, chart],
  );
  const countOf = (transitions: readonly string[]): number | undefined => {
    if (counts === undefined || transitions.length === 0) return undefined;
    return transitions.reduce((sum, id) => sum + (counts.get(id) ?? 0), 0);
  };
  const drawState = (node: ChartNode): VNode => {
    const isSelected = selected?.kind === 'state' && selected.id === node.id;
    return <StateBox key={node.id} node={node} isActive={active.has(node.id)} isSelected={isSelected} marks={marks} />;
  };

  const isOuter = ({ state }: ChartNode): boolean => state.children.length > 0;
  const start = layout.nodes.find(({ depth }) => depth === 1) ?? layout.nodes[0]!;
  return <div class="graph-host" ref={host}>
    <Viewport width={layout.width} height={layout.height} start={start} label={`Statechart of ${chart.name}`}
      pictureKey={chart.name} view={given => (view.current = given)} onKeyDown={keyDown} onClick={click}
      onFocusIn={event => { const id = nodeAt(event.target); if (id !== undefined) focused.value = id; }}>
      <Drawn view={view} draw={touched => <>
        {layout.nodes.filter(node => isOuter(node) && touched(node)).map(drawState)}
        <g aria-hidden="true">
          {layout.edges.filter(({ bounds }) => touched(bounds)).map(edge => <EdgeLine key={edge.id} edge={edge}
            wasTaken={edge.transitions.some(id => taken.has(id))} count={countOf(edge.transitions)} />)}
          {layout.dots.map(({ x, y }) => <circle key={`${x} ${y}`} class="initial" cx={x} cy={y} r="4.5" />)}
        </g>
        {layout.labels.filter(touched).map(label => <LabelBox key={label.id} label={label} marks={marks} />)}
        {layout.nodes.filter(node => !isOuter(node) && (touched(node) || node.id === tabStop)).map(drawState)}
      </>} />
    </Viewport>
  </div>;
}

interface DrawnProps {
  readonly view: { readonly current: View };
  readonly draw: (touched: (box: Box) => boolean) => VNode;
}

function Drawn({ view, draw }: DrawnProps): VNode {
  const seen = view.current.seen.value;
  return draw(box => touches(box, seen));
}
