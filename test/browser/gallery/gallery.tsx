import { options, render } from 'preact';
import type { ChartState, ChartTransition } from '../../../src/inspector/graph/chart.ts';
import { type ChartSelection, Statechart } from '../../../src/inspector/graph/statechart.tsx';
import { Legend } from '../../../src/inspector/graph/legend.tsx';
import { StepsGraph } from '../../../src/inspector/graph/steps-graph.tsx';
import { Timeline } from '../../../src/inspector/graph/timeline.tsx';
import type { TimelineRow } from '../../../src/inspector/graph/timeline-rows.ts';
import type { StepCoverage, StepState } from '../../../src/inspector/graph/step-graph.ts';
import type { StepsExample } from '../../inspector/graph/graph-examples.ts';

export type GalleryItem =
  | { readonly kind: 'steps'; readonly example: StepsExample; readonly selected?: string; readonly moved?: readonly string[]; readonly breakpoints?: readonly string[]; readonly coverage?: readonly (readonly [string, StepCoverage])[] }
  | { readonly kind: 'chart'; readonly chart: ChartText; readonly active?: readonly string[]; readonly taken?: readonly string[]; readonly counts?: readonly (readonly [string, number])[]; readonly breakpoints?: readonly string[]; readonly selected?: ChartSelection | null }
  | { readonly kind: 'timeline'; readonly name: string; readonly rows: readonly TimelineRow[]; readonly now: number; readonly selected?: string | null }
  | { readonly kind: 'legends' };

/** A chart as JSON. */
export interface ChartText {
  readonly name: string;
  readonly states: readonly (readonly [string, ChartState])[];
  readonly transitions: readonly ChartTransition[];
}

declare global {
  interface Window {
    /** Draws one item, in place of the one before. */
    showItem(item: GalleryItem): void;
    /** Moves some steps of the flow that is shown; all else stays the same objects. */
    moveSteps(states: readonly (readonly [string, StepState])[]): void;
    /** What was selected or opened, in order. */
    told: string[];
  }
}

// Drawn when it is asked for: what is looked at next is there.
options.debounceRendering = draw => draw();
const root = document.querySelector('main') as HTMLElement;
window.told = [];

function showChart(item: GalleryItem & { readonly kind: 'chart' }, chart = { ...item.chart, states: new Map(item.chart.states) }): void {
  const { active = [], taken = [], counts, breakpoints = [], selected = null } = item;
  render(
    <Statechart chart={chart} active={new Set(active)} taken={new Set(taken)} counts={counts && new Map(counts)} breakpoints={new Set(breakpoints)} selected={selected}
      onSelect={next => { window.told.push(`select ${next === null ? 'nothing' : `${next.kind} ${next.id}`}`); showChart({ ...item, selected: next }, chart); }} />,
    root,
  );
}

function showTimeline(item: GalleryItem & { readonly kind: 'timeline' }): void {
  const { name, rows, now, selected = null } = item;
  render(<Timeline name={name} rows={rows} now={now} selected={selected} onTime={at => window.told.push(`time ${Math.round(at)}`)}
    onSelect={next => { window.told.push(`select ${next}`); showTimeline({ ...item, selected: next }); }} />, root);
}

function showSteps(item: GalleryItem & { readonly kind: 'steps' }, states: ReadonlyMap<string, StepState> = new Map(item.example.states)): void {
  const { example, selected = '', moved = [], breakpoints = [], coverage } = item;
  render(
    <StepsGraph name={example.name} steps={example.steps} states={states} selected={selected === '' ? null : selected} moved={new Set(moved)} breakpoints={new Set(breakpoints)}
      coverage={coverage && new Map(coverage)} onOpen={id => window.told.push(`open ${id}`)}
      onSelect={id => { window.told.push(`select ${id}`); showSteps({ ...item, selected: id ?? '' }, states); }} />,
    root,
  );
  window.moveSteps = entries => showSteps(item, new Map([...states, ...entries]));
}

window.showItem = item => {
  render(null, root);
  if (item.kind === 'chart') showChart(item);
  else if (item.kind === 'timeline') showTimeline(item);
  else if (item.kind === 'legends') render(<><Legend kind="steps" /><Legend kind="chart" /><Legend kind="coverage" /></>, root);
  else showSteps(item);
};
