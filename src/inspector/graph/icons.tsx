import type { VNode } from 'preact';
import type { StepStatus, StepWork } from './step-graph.ts';

interface Place {
  /** Centre, px. */
  readonly x: number;
  readonly y: number;
}

const shapes: Readonly<Record<StepStatus, VNode>> = {
  pending: <circle r="6.25" class="icon-line icon-dotted" />,
  running: <><circle r="6.25" class="icon-line icon-faint" /><path d="M0-6.25A6.25 6.25 0 0 1 6.25 0" class="icon-line icon-turning" /><path d="M-1.9-3.1L3.1 0L-1.9 3.1z" class="icon-solid" /></>,
  retrying: <><path d="M5.4-3.2A6.25 6.25 0 1 0 6.25 0.4" class="icon-line" /><path d="M6.6-6.4L6.1-2.4L2.3-3.2z" class="icon-solid" /></>,
  waiting: <><circle r="6.25" class="icon-line" /><path d="M0-3.6V0.2L2.6 1.9" class="icon-line" /></>,
  completed: <><circle r="7" class="icon-solid" /><path d="M-3.2 0.2L-0.9 2.5L3.3-2.2" class="icon-cut" /></>,
  failed: <><circle r="7" class="icon-solid" /><path d="M-2.5-2.5L2.5 2.5M2.5-2.5L-2.5 2.5" class="icon-cut" /></>,
  skipped: <><circle r="6.25" class="icon-line" /><path d="M-3.1-2.3L-0.3 0L-3.1 2.3M0.5-2.3L3.3 0L0.5 2.3" class="icon-line" /></>,
  cancelled: <><circle r="6.25" class="icon-line" /><rect x="-2.3" y="-2.3" width="4.6" height="4.6" rx="0.6" class="icon-solid" /></>,
};

/** A status as a sign, 16 px wide; its colour comes from `data-status` of what it stands in. */
export function StatusIcon({ status, x, y }: Place & { readonly status: StepStatus }): VNode {
  return <g class="icon" data-status={status} transform={`translate(${x} ${y})`} aria-hidden="true">{shapes[status]}</g>;
}

const works: Readonly<Record<StepWork, VNode | null>> = {
  task: null,
  sleep: <><path d="M4.6 2.2A5.2 5.2 0 1 1-2.2-4.6A4.3 4.3 0 0 0 4.6 2.2z" /></>,
  signal: <><path d="M-4.9 0A4.9 4.9 0 0 1 4.9 0M-2.4 0.8A2.5 2.5 0 0 1 2.4 0.8" /><circle cy="3.4" r="1.1" class="icon-solid" /></>,
  flow: <><rect x="-5.6" y="-5.6" width="5" height="4.4" rx="1.2" /><rect x="0.6" y="1.2" width="5" height="4.4" rx="1.2" /><path d="M-3.1-1.2V2A1.4 1.4 0 0 0-1.7 3.4H0.6" /></>,
  machine: <><circle cx="-3.4" r="2.4" /><circle cx="3.8" r="1.8" class="icon-solid" /><path d="M-1 0H1.8" /></>,
};

/** What a step does, as a sign; nothing for a step that runs a handler. */
export function WorkIcon({ work, x, y }: Place & { readonly work: StepWork }): VNode | null {
  return works[work] && <g class="icon icon-work" transform={`translate(${x} ${y})`} aria-hidden="true">{works[work]}</g>;
}
