import type { VNode } from 'preact';
import { StatusIcon, WorkIcon } from './icons.tsx';
import { type StepNode, stepBox } from './layout-steps.ts';
import { memo } from './memo.ts';
import { countItems, describeState, formatLength, type ItemCounts, nameStep, type StepCoverage, type StepState, type StepStatus, stepStatuses } from './step-graph.ts';
import { fitText, type Measure } from './text-width.ts';

export interface StepCardProps {
  readonly node: StepNode;
  readonly state: StepState;
  readonly coverage: StepCoverage | undefined;
  readonly measure: Measure;
  /** Of the step that ran most: its strip is full. */
  readonly mostRuns: number;
  readonly isSelected: boolean;
  readonly isMoved: boolean;
  /** Whether the tab key leads to it. */
  readonly isTabStop: boolean;
  readonly hasBreakpoint: boolean;
}

const { nameSize, detailSize, padding, icon, iconGap } = stepBox;

/** Parts of a fan-out, or of a group, by status, as one bar. */
function Strip({ items, x, y, width, of }: { readonly items: ItemCounts; readonly x: number; readonly y: number; readonly width: number; /** Default: all of them. */ readonly of?: number }): VNode {
  const total = of ?? countItems(items).total;
  let at = 0;
  const parts = stepStatuses.flatMap(status => {
    const length = ((items[status] ?? 0) / Math.max(1, total)) * width;
    if (length === 0) return [];
    at += length;
    return [<rect key={status} data-status={status} class="strip-part" x={x + at - length} y={y} width={Math.max(0.5, length - 1)} height="4" rx="1" />];
  });
  return <g><rect class="strip" x={x} y={y} width={width} height="4" rx="1" />{parts}</g>;
}

function describeCoverage({ runs, p50Ms, p95Ms }: StepCoverage): string {
  if (runs === 0) return 'never run';
  return [`${runs.toLocaleString('en')}×`, ...(p50Ms === null ? [] : [`p50 ${formatLength(p50Ms)}`]), ...(p95Ms === null ? [] : [`p95 ${formatLength(p95Ms)}`])].join(' · ');
}

/** The state of most weight among several. */
function weigh(items: ItemCounts): StepStatus {
  const order: readonly StepStatus[] = ['failed', 'running', 'retrying', 'waiting', 'pending', 'cancelled', 'skipped', 'completed'];
  return order.find(status => (items[status] ?? 0) > 0) ?? 'pending';
}

/** One step, or several folded into one, as a button. */
export const StepCard = memo(function StepCard({ node, state, coverage, measure, mostRuns, isSelected, isMoved, isTabStop, hasBreakpoint }: StepCardProps): VNode {
  const { id, name, step, members, x, y, width, height } = node;
  const isGroup = step === undefined;
  const status = coverage ? (coverage.runs === 0 ? 'pending' : coverage.failures === coverage.runs ? 'failed' : 'completed') : isGroup ? weigh(state.items ?? {}) : state.status;
  const counts = state.items && countItems(state.items);
  const count = coverage ? (coverage.failures > 0 ? `${coverage.failures.toLocaleString('en')} failed` : '') : counts ? `${counts.settled}/${counts.total}` : '';
  const detail = coverage ? describeCoverage(coverage) : isGroup ? `${members.length} steps folded` : describeState(step, state);
  const label = isGroup ? `${name}: ${members.length} steps folded${counts ? `, ${counts.settled} settled` : ''}` : coverage ? `${id}: ${detail}${count === '' ? '' : `, ${count}`}` : nameStep(step, state, { breakpoint: hasBreakpoint });
  const left = padding + icon + iconGap;
  const right = [
    ...(isGroup || step.work === 'task' ? [] : [{ width: icon + 6, draw: (at: number) => <WorkIcon key="work" work={step.work} x={at - icon / 2} y={19} /> }]),
    ...(count === '' ? [] : [{ width: measure(count, detailSize) + 10, draw: (at: number) => <text key="count" class="graph-count" x={at} y={23} text-anchor="end" font-size={detailSize}>{count}</text> }]),
    ...(step?.always ? [{ width: measure('always', detailSize) + 18, draw: (at: number) => <g key="always"><rect class="pill" x={at - measure('always', detailSize) - 10} y={11} width={measure('always', detailSize) + 10} height="16" rx="8" /><text class="graph-detail" x={at - 5} y={22.8} text-anchor="end" font-size={detailSize}>always</text></g> }] : []),
  ];
  let edge = width - padding;
  const badges = right.map(({ width: taken, draw }) => {
    const drawn = draw(edge);
    edge -= taken;
    return drawn;
  });
  const classes = ['step', ...(isGroup ? ['step-group'] : []), ...(step?.critical === false ? ['step-optional'] : []), ...(isSelected ? ['step-selected'] : []), ...(isMoved ? ['step-moved'] : []), ...(coverage ? [coverage.runs === 0 ? 'step-never' : 'step-counted'] : [])];
  // The button holds what it is called by, and nothing else that can be read: its name has the rest, in words.
  return <g class={classes.join(' ')} data-status={status} transform={`translate(${x} ${y})`}>
    <g data-node={id} role="button" tabindex={isTabStop ? 0 : -1} aria-label={label} aria-pressed={isSelected}>
      <title>{step ? `${step.id}\n${step.uses}${step.condition === undefined ? '' : `\nwhen ${step.condition}`}` : members.slice(0, 20).join('\n')}</title>
      {isGroup && <><rect class="card card-behind" x="6" y="-6" width={width - 12} height={height} rx="10" /><rect class="card card-behind" x="3" y="-3" width={width - 6} height={height} rx="10" /></>}
      {(isSelected || isMoved) && <rect class="halo" x="-4" y="-4" width={width + 8} height={height + 8} rx="13" />}
      <rect class="card" width={width} height={height} rx="10" />
      <text class="graph-name" x={left} y={23.5} font-size={nameSize} font-weight="600">{fitText(name, edge - left, measure, nameSize, true)}</text>
      <rect class="focus-ring" x="-2.5" y="-2.5" width={width + 5} height={height + 5} rx="12" />
    </g>
    <g class="graph-beside" aria-hidden="true">
      {coverage ? <circle class="load" cx={padding + icon / 2} cy={19} r={coverage.runs === 0 ? 3.5 : 3 + 4 * Math.sqrt(coverage.runs / mostRuns)} /> : <StatusIcon status={status} x={padding + icon / 2} y={19} />}
      {badges}
      <text class="graph-detail" x={left} y={39.5} font-size={detailSize}>{fitText(detail, width - padding - left, measure, detailSize)}</text>
      {coverage ? <Strip items={{ completed: coverage.runs - coverage.failures, failed: coverage.failures }} of={mostRuns} x={left} y={height - 12} width={width - padding - left} /> : (step?.forEach || isGroup) && <Strip items={state.items ?? {}} x={left} y={height - 12} width={width - padding - left} />}
      {step?.condition !== undefined && <path class="condition" d={`M${width / 2} -6L${width / 2 + 6} 0L${width / 2} 6L${width / 2 - 6} 0z`} />}
      {hasBreakpoint && <circle class="breakpoint" cx="0" cy="0" r="6" />}
    </g>
  </g>;
});
