import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { touches } from './camera.ts';
import type { Chart } from './chart.ts';
import { chartBox, staySign, type ChartEdge, type ChartLabel, type ChartLine, type ChartNode, layoutChart } from './layout-chart.ts';
import { createMeasure } from './measure-text.ts';
import { memo } from './memo.ts';
import type { Neighbours } from './neighbours.ts';
import { noView, type View, Viewport } from './viewport.tsx';

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

export type ChartSelection = { readonly kind: 'state'; readonly id: string } | { readonly kind: 'transition'; readonly id: string };

const measure = createMeasure();
const none: ReadonlySet<string> = new Set();
const keys: Readonly<Record<string, keyof Neighbours>> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };
const { titleSize, lineSize, padding, labelPadding } = chartBox;
const formatCount = (count: number): string => (count < 10_000 ? count.toLocaleString('en') : count < 1_000_000 ? `${Math.round(count / 1_000)}k` : `${(count / 1_000_000).toFixed(1)}M`);

interface Marks {
  readonly taken: ReadonlySet<string>;
  readonly counts: ReadonlyMap<string, number> | undefined;
  readonly breakpoints: ReadonlySet<string>;
  readonly selected: ChartSelection | null;
  readonly tabStop: string | undefined;
  readonly chart: Chart;
}

/** Begins with what can be read: `attempt.completed [isCurrent], from running to completed, taken last`. */
function nameTransition(chart: Chart, { transition }: ChartLine, count: number | undefined, wasTaken: boolean): string {
  const { source, label, guard, targets } = transition!;
  const nameOf = (id: string): string => (id === '' ? chart.name : id);
  return [
    `${label}${guard === undefined ? '' : ` [${guard}]`}`, targets.length === 0 ? `stays in ${nameOf(source)}` : `from ${nameOf(source)} to ${targets.map(nameOf).join(' and ')}`,
    ...(wasTaken ? ['taken last'] : []), ...(count === undefined ? [] : [count === 0 ? 'never taken' : count === 1 ? 'taken once' : `taken ${count.toLocaleString('en')} times`]),
  ].join(', ');
}

/** One line of a box: a transition as a button, or a text. */
function Line({ line, inset, marks }: { readonly line: ChartLine; readonly inset: number; readonly marks: Marks }): VNode {
  const { text, transition, box, kind } = line;
  const baseline = box.y + 13;
  if (!transition) return <text class={`line line-${kind}`} x={box.x - 3 + inset} y={baseline} font-size={lineSize}>{text}</text>;
  const { id } = transition;
  const count = marks.counts && (marks.counts.get(id) ?? 0);
  const wasTaken = marks.taken.has(id);
  const isSelected = marks.selected?.kind === 'transition' && marks.selected.id === id;
  const classes = ['line', 'line-transition', ...(wasTaken ? ['line-taken'] : []), ...(count === 0 ? ['line-never'] : []), ...(isSelected ? ['line-selected'] : [])];
  const stop = `transition ${id}`;
  const sign = text.startsWith(staySign) ? staySign : '';
  const label = text.slice(sign.length);
  const guard = label.lastIndexOf(' [');
  const x = box.x - 3 + inset;
  return <g class={classes.join(' ')}>
    <g data-node={stop} role="button" tabindex={marks.tabStop === stop ? 0 : -1} aria-label={nameTransition(marks.chart, line, count, wasTaken) + (marks.breakpoints.has(id) ? ', breakpoint' : '')} aria-pressed={isSelected}>
      <title>{[`${transition.label}${transition.guard === undefined ? '' : ` [${transition.guard}]`}`, ...transition.actions.map(action => `does ${action}`)].join('\n')}</title>
      <rect class="line-box" x={box.x} y={box.y} width={box.width} height={box.height} rx="5" />
      <text x={x + measure(sign, lineSize)} y={baseline} font-size={lineSize}>{guard < 0 ? label : <>{label.slice(0, guard)}<tspan class="guard">{label.slice(guard)}</tspan></>}</text>
    </g>
    <g class="graph-beside" aria-hidden="true">
      {sign !== '' && <text x={x} y={baseline} font-size={lineSize}>{sign.trim()}</text>}
      {count !== undefined && <text class="line-count" x={box.x + box.width + 3 - inset} y={baseline} text-anchor="end" font-size={lineSize}>{count === 0 ? 'never' : formatCount(count)}</text>}
      {marks.breakpoints.has(id) && <circle class="breakpoint" cx={box.x} cy={box.y + box.height / 2} r="4.5" />}
    </g>
  </g>;
}

const StateBox = memo(function StateBox({ node, isActive, isSelected, marks }: { readonly node: ChartNode; readonly isActive: boolean; readonly isSelected: boolean; readonly marks: Marks }): VNode {
  const { id, state, x, y, width, height, depth, title, lines } = node;
  const { kind, isDeep, key, children } = state;
  const classes = ['state', `state-${kind}`, ...(children.length > 0 ? ['state-outer'] : []), ...(depth === 0 ? ['state-root'] : []), ...(isActive ? ['state-active'] : []), ...(isSelected ? ['state-selected'] : [])];
  if (depth === 0) {
    return <g class={classes.join(' ')}>
      <rect class="state-box" x={x} y={y} width={width} height={height} rx="14" />
      <text class="state-title" x={x + padding + 2} y={y + 21} font-size={titleSize} font-weight="600">{title}</text>
      {kind === 'parallel' && <text class="line" x={x + width - padding} y={y + 21} text-anchor="end" font-size={lineSize}>parallel</text>}
      {lines.map(line => <Line key={line.text} line={line} inset={padding} marks={marks} />)}
    </g>;
  }
  const word = [kind === 'history' ? `history of ${state.parent === '' || state.parent === null ? marks.chart.name : state.parent}${isDeep ? ', deep' : ''}` : id, isActive ? 'active' : '', kind === 'final' || kind === 'parallel' ? kind : '', marks.breakpoints.has(id) ? 'breakpoint' : ''].filter(text => text !== '').join(', ');
  const radius = kind === 'history' ? width / 2 : 9;
  const isHeaded = children.length > 0 || lines.length > 0;
  return <g class={classes.join(' ')}>
    <g data-node={id} role="button" tabindex={marks.tabStop === id ? 0 : -1} aria-label={word} aria-pressed={isSelected}>
      <title>{kind === 'history' ? word : key}</title>
      {isSelected && <rect class="halo" x={x - 4} y={y - 4} width={width + 8} height={height + 8} rx={radius + 4} />}
      <rect class="state-box" x={x} y={y} width={width} height={height} rx={radius} />
      {kind === 'final' && <rect class="state-inner" x={x + 3.5} y={y + 3.5} width={width - 7} height={height - 7} rx={radius - 3} />}
      {kind !== 'history' && <text class="state-title" x={isHeaded ? x + padding + 14 : x + width / 2 + (isActive ? 7 : 0)} y={y + 20.5} text-anchor={isHeaded ? 'start' : 'middle'} font-size={titleSize} font-weight="600">{title}</text>}
      <rect class="focus-ring" x={x - 2.5} y={y - 2.5} width={width + 5} height={height + 5} rx={radius + 2.5} />
    </g>
    <g class="graph-beside" aria-hidden="true">
      {kind === 'history' && <text class="state-title" x={x + width / 2} y={y + height / 2 + 4.5} text-anchor="middle" font-size={titleSize} font-weight="600">{isDeep ? 'H*' : 'H'}</text>}
      {kind !== 'history' && (isHeaded || isActive) && <circle class="state-light" cx={isHeaded ? x + padding + 4 : x + 14} cy={y + 16} r="4" />}
      {kind === 'parallel' && <text class="line" x={x + width - padding} y={y + 20.5} text-anchor="end" font-size={lineSize}>parallel</text>}
      {marks.breakpoints.has(id) && <circle class="breakpoint" cx={x} cy={y} r="6" />}
    </g>
    {lines.map(line => <Line key={line.transition?.id ?? line.text} line={line} inset={padding} marks={marks} />)}
  </g>;
});

const LabelBox = memo(function LabelBox({ label, marks }: { readonly label: ChartLabel; readonly marks: Marks }): VNode {
  const { x, y, width, height, lines } = label;
  return <g class="label"><rect class="label-box" x={x} y={y} width={width} height={height} rx="8" />{lines.map(line => <Line key={line.transition?.id ?? line.text} line={line} inset={labelPadding} marks={marks} />)}</g>;
});

const EdgeLine = memo(function EdgeLine({ edge: { path, tip, isBack }, wasTaken, count }: { readonly edge: ChartEdge; readonly wasTaken: boolean; /** Undefined: not counted. */ readonly count: number | undefined }): VNode {
  const classes = ['wire', ...(isBack ? ['wire-back'] : []), ...(wasTaken ? ['wire-taken'] : []), ...(count === 0 ? ['wire-never'] : [])];
  const width = count === undefined || count === 0 ? undefined : 1.2 + Math.log10(count) * 0.9;
  return <g class={classes.join(' ')}><path class="wire-way" d={path} style={{ strokeWidth: width }} />{tip && <path class="wire-tip" d={`M${tip.x} ${tip.y}l${tip.pointsLeft ? '' : '-'}6.4-3.6v7.2z`} />}</g>;
});

/** A machine as a statechart, from left to right. */
export function Statechart({ chart, active = none, taken = none, counts, breakpoints = none, selected = null, onSelect }: StatechartProps): VNode {
  const focused = useSignal<string | null>(null);
  const view = useRef<View>(noView);
  const wantsFocus = useRef(false);
  const host = useRef<HTMLDivElement>(null);
  const layout = useMemo(() => layoutChart(chart, { measure, isCounted: counts !== undefined }), [chart, counts === undefined]);
  const boxes = useMemo(() => new Map([...layout.nodes.map(node => [node.id, node] as const), ...[...layout.nodes, ...layout.labels].flatMap(({ lines }) => lines.flatMap(({ transition, box }) => (transition ? [[`transition ${transition.id}`, box] as const] : [])))]), [layout]);
  const first = [...layout.neighbours.keys()][0];
  const selectedStop = selected && (selected.kind === 'state' ? selected.id : `transition ${selected.id}`);
  const tabStop = [focused.value, selectedStop, first].find(id => id !== null && id !== undefined && layout.neighbours.has(id)) ?? undefined;

  const innermost = useMemo(() => layout.nodes.findLast(({ id, state }) => id !== '' && active.has(id) && state.children.length === 0), [layout, active]);
  useLayoutEffect(() => {
    if (innermost) view.current.show(innermost);
  }, [innermost]);
  useLayoutEffect(() => {
    if (!wantsFocus.current || focused.value === null) return;
    wantsFocus.current = false;
    host.current?.querySelector<SVGGElement>(`[data-node="${CSS.escape(focused.value)}"]`)?.focus({ preventScroll: true });
  });

  const focus = (id: string | undefined): void => {
    const box = id === undefined ? undefined : boxes.get(id);
    if (id === undefined || !box) return;
    wantsFocus.current = true;
    focused.value = id;
    view.current.show(box);
  };
  const nodeAt = (target: EventTarget | null): string | undefined => (target as Element | null)?.closest('[data-node]')?.getAttribute('data-node') ?? undefined;
  const select = (stop: string): void => onSelect?.(stop.startsWith('transition ') ? { kind: 'transition', id: stop.slice('transition '.length) } : { kind: 'state', id: stop });
  const keyDown = (event: KeyboardEvent): void => {
    const id = nodeAt(event.target);
    if (id === undefined) return;
    const direction = keys[event.key];
    if (direction) focus(layout.neighbours.get(id)?.[direction]);
    else if (event.key === 'Home') focus(first);
    else if (event.key === 'End') focus([...layout.neighbours.keys()].at(-1));
    else if (event.key === 'Enter' || event.key === ' ') select(id);
    else if (event.key === 'Escape' && selected !== null) onSelect?.(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const marks = useMemo<Marks>(() => ({ taken, counts, breakpoints, selected, tabStop, chart }), [taken, counts, breakpoints, selected, tabStop, chart]);
  const countOf = (transitions: readonly string[]): number | undefined => (counts === undefined || transitions.length === 0 ? undefined : transitions.reduce((sum, id) => sum + (counts.get(id) ?? 0), 0));

  return <div class="graph-host" ref={host}>
    <Viewport width={layout.width} height={layout.height} start={layout.nodes.find(({ depth }) => depth === 1) ?? layout.nodes[0]!} label={`Statechart of ${chart.name}`} pictureKey={chart.name} view={given => (view.current = given)} onKeyDown={keyDown}
      onClick={event => { const id = nodeAt(event.target); if (id !== undefined) select(id); else if (!(event.target as Element).closest('.graph-tools')) onSelect?.(null); }}
      onFocusIn={event => { const id = nodeAt(event.target); if (id !== undefined) focused.value = id; }}>
      <Drawn view={view} draw={touched => <>
        {layout.nodes.filter(node => node.state.children.length > 0 && touched(node)).map(node => <StateBox key={node.id} node={node} isActive={active.has(node.id)} isSelected={selected?.kind === 'state' && selected.id === node.id} marks={marks} />)}
        <g aria-hidden="true">
          {layout.edges.filter(({ bounds }) => touched(bounds)).map(edge => <EdgeLine key={edge.id} edge={edge} wasTaken={edge.transitions.some(id => taken.has(id))} count={countOf(edge.transitions)} />)}
          {layout.dots.map(({ x, y }) => <circle key={`${x} ${y}`} class="initial" cx={x} cy={y} r="4.5" />)}
        </g>
        {layout.labels.filter(touched).map(label => <LabelBox key={label.id} label={label} marks={marks} />)}
        {layout.nodes.filter(node => node.state.children.length === 0 && (touched(node) || node.id === tabStop)).map(node => <StateBox key={node.id} node={node} isActive={active.has(node.id)} isSelected={selected?.kind === 'state' && selected.id === node.id} marks={marks} />)}
      </>} />
    </Viewport>
  </div>;
}

function Drawn({ view, draw }: { readonly view: { readonly current: View }; readonly draw: (touched: (box: Parameters<typeof touches>[0]) => boolean) => VNode }): VNode {
  const seen = view.current.seen.value;
  return draw(box => touches(box, seen));
}
