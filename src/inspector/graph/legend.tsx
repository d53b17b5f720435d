import type { VNode } from 'preact';
import { StatusIcon, WorkIcon } from './icons.tsx';
import { type StepStatus, stepStatuses, type StepWork } from './step-graph.ts';

type Sign = { readonly key: string; readonly draw: VNode; readonly words: string };

const line = (classes: string, tip: string, text: string): Sign => ({ key: text, words: text, draw: <g class={classes}><path class={`${tip}-way`} d="M1 8H16" /><path class={`${tip}-tip`} d="M23 8l-6.4-3.6v7.2z" /></g> });
const works: readonly (readonly [StepWork, string])[] = [['flow', 'child flow'], ['machine', 'machine'], ['sleep', 'waits for a time'], ['signal', 'waits for a signal']];

const statuses = stepStatuses.map((status: StepStatus): Sign => ({ key: status, words: status, draw: <StatusIcon status={status} x={12} y={8} /> }));
const marks: readonly Sign[] = [
  ...works.map(([work, words]): Sign => ({ key: work, words, draw: <WorkIcon work={work} x={12} y={8} /> })),
  { key: 'optional', words: 'may fail', draw: <rect class="card step-dashed" x="1" y="1.5" width="22" height="13" rx="3.5" /> },
  { key: 'condition', words: 'has a condition', draw: <path class="condition" d="M12 2L18 8L12 14L6 8z" /> },
  { key: 'breakpoint', words: 'breakpoint', draw: <circle class="breakpoint" cx="12" cy="8" r="5" /> },
];
const coverage: readonly Sign[] = [
  line('wire', 'wire', 'taken'),
  line('wire wire-never', 'wire', 'never taken'),
];
const parts: Readonly<Record<LegendProps['kind'], readonly Sign[]>> = {
  steps: [...statuses, ...marks, line('edge edge-alternative', 'edge', 'if it fails'), { key: 'hidden', words: 'follows from others', draw: <path class="edge-hidden" d="M1 8H23" /> }],
  chart: [
    { key: 'initial', words: 'begins', draw: <circle class="initial" cx="12" cy="8" r="4.5" /> },
    { key: 'active', words: 'active', draw: <g class="state state-active"><g><rect class="state-box" x="1" y="1.5" width="22" height="13" rx="4" /></g></g> },
    { key: 'final', words: 'final', draw: <g class="state"><g><rect class="state-box" x="1" y="1.5" width="22" height="13" rx="4" /><rect class="state-inner" x="3.5" y="4" width="17" height="8" rx="2" /></g></g> },
    line('wire wire-taken', 'wire', 'taken last'), line('wire wire-back', 'wire', 'leads back'),
    { key: 'stays', words: 'stays in its state', draw: <text class="legend-sign" x="12" y="12.5" text-anchor="middle" font-size="13">↻</text> },
    { key: 'breakpoint', words: 'breakpoint', draw: <circle class="breakpoint" cx="12" cy="8" r="5" /> },
  ],
  coverage,
};

export interface LegendProps {
  /** Whose signs: the graph of steps, a statechart, or counts on either. */
  readonly kind: 'steps' | 'chart' | 'coverage';
}

/** What the signs of a picture mean, in words. */
export function Legend({ kind }: LegendProps): VNode {
  return <ul class="legend" aria-label="Signs">{parts[kind].map(({ key, draw, words }) => <li key={key}><svg class="graph" width="24" height="16" viewBox="0 0 24 16" aria-hidden="true">{draw}</svg>{words}</li>)}</ul>;
}
