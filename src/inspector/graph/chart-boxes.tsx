import type { VNode } from 'preact';
import type { Chart } from './chart.ts';
import { chartBox, type ChartEdge, type ChartLabel, type ChartLine, type ChartNode, staySign } from './layout-chart.ts';
import { createMeasure } from './measure-text.ts';
import { memo } from './memo.ts';

/** What is selected in a chart. */
export type ChartSelection =
  | { readonly kind: 'state'; readonly id: string }
  | { readonly kind: 'transition'; readonly id: string };

export const measure = createMeasure();
const { titleSize, lineSize, padding, labelPadding } = chartBox;

function formatCount(count: number): string {
  if (count < 10_000) return count.toLocaleString('en');
  return count < 1_000_000 ? `${Math.round(count / 1_000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

/** How often it was taken, in words. */
const describeCount = (count: number): string =>
  count === 0 ? 'never taken' : count === 1 ? 'taken once' : `taken ${count.toLocaleString('en')} times`;


export interface Marks {
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
    `${label}${guard === undefined ? '' : ` [${guard}]`}`,
    targets.length === 0
      ? `stays in ${nameOf(source)}` : `from ${nameOf(source)} to ${targets.map(nameOf).join(' and ')}`,
    ...(wasTaken ? ['taken last'] : []), ...(count === undefined ? [] : [describeCount(count)]),
  ].join(', ');
}

interface LineProps {
  readonly line: ChartLine;
  readonly inset: number;
  readonly marks: Marks;
}

/** One line of a box: a transition as a button, or a text. */
function Line({ line, inset, marks }: LineProps): VNode {
  const { text, transition, box, kind } = line;
  const baseline = box.y + 13;
  if (!transition) {
    return <text class={`line line-${kind}`} x={box.x - 3 + inset} y={baseline} font-size={lineSize}>{text}</text>;
  }
  const { id } = transition;
  const count = marks.counts && (marks.counts.get(id) ?? 0);
  const wasTaken = marks.taken.has(id);
  const isSelected = marks.selected?.kind === 'transition' && marks.selected.id === id;
  const classes = [
    'line', 'line-transition', ...(wasTaken ? ['line-taken'] : []),
    ...(count === 0 ? ['line-never'] : []), ...(isSelected ? ['line-selected'] : []),
  ];
  const name = nameTransition(marks.chart, line, count, wasTaken) + (marks.breakpoints.has(id) ? ', breakpoint' : '');
  const whole = `${transition.label}${transition.guard === undefined ? '' : ` [${transition.guard}]`}`;
  const title = [whole, ...transition.actions.map(action => `does ${action}`)];
  const small = { 'font-size': lineSize } as const;
  const stop = `transition ${id}`;
  const isTabStop = marks.tabStop === stop;
  const sign = text.startsWith(staySign) ? staySign : '';
  const label = text.slice(sign.length);
  const guard = label.lastIndexOf(' [');
  const x = box.x - 3 + inset;
  return <g class={classes.join(' ')}>
    <g data-node={stop} role="button" tabindex={isTabStop ? 0 : -1} aria-label={name} aria-pressed={isSelected}>
      <title>{title.join('\n')}</title>
      <rect class="line-box" x={box.x} y={box.y} width={box.width} height={box.height} rx="5" />
      <text x={x + measure(sign, lineSize)} y={baseline} font-size={lineSize}>
        {guard < 0 ? label : <>{label.slice(0, guard)}<tspan class="guard">{label.slice(guard)}</tspan></>}
      </text>
    </g>
    <g class="graph-beside" aria-hidden="true">
      {sign !== '' && <text x={x} y={baseline} font-size={lineSize}>{sign.trim()}</text>}
      {count !== undefined && <text class="line-count" {...small} text-anchor="end"
        x={box.x + box.width + 3 - inset} y={baseline}>
        {count === 0 ? 'never' : formatCount(count)}
      </text>}
      {marks.breakpoints.has(id) && <circle class="breakpoint" cx={box.x} cy={box.y + box.height / 2} r="4.5" />}
    </g>
  </g>;
}

interface StateBoxProps {
  readonly node: ChartNode;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly marks: Marks;
}

/** What a state is called by people who hear the page. */
function nameState({ id, state: { kind, parent, isDeep } }: ChartNode, isActive: boolean, marks: Marks): string {
  const of = parent === '' || parent === null ? marks.chart.name : parent;
  return [
    kind === 'history' ? `history of ${of}${isDeep ? ', deep' : ''}` : id, isActive ? 'active' : '',
    kind === 'final' || kind === 'parallel' ? kind : '', marks.breakpoints.has(id) ? 'breakpoint' : '',
  ].filter(text => text !== '').join(', ');
}

interface RootBoxProps extends Pick<StateBoxProps, 'node' | 'marks'> {
  readonly classes: string;
}

/** That its states are all active at once. */
const Parallel = ({ x, y }: { readonly x: number; readonly y: number }): VNode =>
  <text class="line" x={x} y={y} text-anchor="end" font-size={lineSize}>parallel</text>;

/** The machine itself: what all states are in. */
function RootBox({ node, classes, marks }: RootBoxProps): VNode {
  const { x, y, width, height, title, lines, state } = node;
  return <g class={classes}>
    <rect class="state-box" x={x} y={y} width={width} height={height} rx="14" />
    <text class="state-title" x={x + padding + 2} y={y + 21} font-size={titleSize} font-weight="600">{title}</text>
    {state.kind === 'parallel' && <Parallel x={x + width - padding} y={y + 21} />}
    {lines.map(line => <Line key={line.text} line={line} inset={padding} marks={marks} />)}
  </g>;
}

export const StateBox = memo(function StateBox({ node, isActive, isSelected, marks }: StateBoxProps): VNode {
  const { id, state, x, y, width, height, depth, title, lines } = node;
  const { kind, isDeep, key, children } = state;
  const classes = [
    'state', `state-${kind}`, ...(children.length > 0 ? ['state-outer'] : []), ...(depth === 0 ? ['state-root'] : []),
    ...(isActive ? ['state-active'] : []), ...(isSelected ? ['state-selected'] : []),
  ].join(' ');
  if (depth === 0) return <RootBox node={node} classes={classes} marks={marks} />;
  const word = nameState(node, isActive, marks);
  const isTabStop = marks.tabStop === id;
  const radius = kind === 'history' ? width / 2 : 9;
  const isHeaded = children.length > 0 || lines.length > 0;
  const titleX = isHeaded ? x + padding + 14 : x + width / 2 + (isActive ? 7 : 0);
  const lightX = isHeaded ? x + padding + 4 : x + 14;
  const bold = { 'font-size': titleSize, 'font-weight': '600' } as const;
  return <g class={classes}>
    <g data-node={id} role="button" tabindex={isTabStop ? 0 : -1} aria-label={word} aria-pressed={isSelected}>
      <title>{kind === 'history' ? word : key}</title>
      {isSelected && <rect class="halo" x={x - 4} y={y - 4} width={width + 8} height={height + 8} rx={radius + 4} />}
      <rect class="state-box" x={x} y={y} width={width} height={height} rx={radius} />
      {kind === 'final' && <rect class="state-inner" x={x + 3.5} y={y + 3.5} width={width - 7} height={height - 7}
        rx={radius - 3} />}
      {kind !== 'history' && <text class="state-title" x={titleX} y={y + 20.5} {...bold}
        text-anchor={isHeaded ? 'start' : 'middle'}>{title}</text>}
      <rect class="focus-ring" x={x - 2.5} y={y - 2.5} width={width + 5} height={height + 5} rx={radius + 2.5} />
    </g>
    <g class="graph-beside" aria-hidden="true">
      {kind === 'history' && <text class="state-title" x={x + width / 2} y={y + height / 2 + 4.5} {...bold}
        text-anchor="middle">{isDeep ? 'H*' : 'H'}</text>}
      {kind !== 'history' && (isHeaded || isActive) && <circle class="state-light" cx={lightX} cy={y + 16} r="4" />}
      {kind === 'parallel' && <Parallel x={x + width - padding} y={y + 20.5} />}
      {marks.breakpoints.has(id) && <circle class="breakpoint" cx={x} cy={y} r="6" />}
    </g>
    {lines.map(line => <Line key={line.transition?.id ?? line.text} line={line} inset={padding} marks={marks} />)}
  </g>;
});

interface LabelBoxProps {
  readonly label: ChartLabel;
  readonly marks: Marks;
}

export const LabelBox = memo(function LabelBox({ label, marks }: LabelBoxProps): VNode {
  const { x, y, width, height, lines } = label;
  return <g class="label">
    <rect class="label-box" x={x} y={y} width={width} height={height} rx="8" />
    {lines.map(line => <Line key={line.transition?.id ?? line.text} line={line} inset={labelPadding} marks={marks} />)}
  </g>;
});

interface EdgeLineProps {
  readonly edge: ChartEdge;
  readonly wasTaken: boolean;
  /** Undefined: not counted. */
  readonly count: number | undefined;
}

export const EdgeLine = memo(function EdgeLine({ edge: { path, tip, isBack }, wasTaken, count }: EdgeLineProps): VNode {
  const classes = [
    'wire', ...(isBack ? ['wire-back'] : []), ...(wasTaken ? ['wire-taken'] : []),
    ...(count === 0 ? ['wire-never'] : []),
  ].join(' ');
  const width = count === undefined || count === 0 ? undefined : 1.2 + Math.log10(count) * 0.9;
  return <g class={classes}>
    <path class="wire-way" d={path} style={{ strokeWidth: width }} />
    {tip && <path class="wire-tip" d={`M${tip.x} ${tip.y}l${tip.pointsLeft ? '' : '-'}6.4-3.6v7.2z`} />}
  </g>;
});
