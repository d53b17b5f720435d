import type { VNode } from 'preact';
import { StatusIcon } from '../graph/icons.tsx';
import type { StepStatus } from '../graph/step-graph.ts';

/** States of flows, actors and messages, shown as the state of a step that means the same. */
const alike: Readonly<Record<string, StepStatus>> = {
  pending: 'pending', stepping: 'running', consolidating: 'running', scored: 'completed', active: 'running', done: 'completed', error: 'failed', stopped: 'cancelled',
  running: 'running', retrying: 'retrying', waiting: 'waiting', completed: 'completed', failed: 'failed', skipped: 'skipped', cancelled: 'cancelled', interrupted: 'retrying', released: 'cancelled',
  processing: 'running', dead: 'failed',
};

export const toAlike = (status: string): StepStatus => alike[status] ?? 'pending';

/** A state: a sign and its word, never a colour alone. */
export function Status({ status, isBare = false }: { readonly status: string; readonly isBare?: boolean }): VNode {
  const like = toAlike(status);
  return <span class={isBare ? 'status' : 'status status-pill'} data-status={like}>
    <svg class="status-icon" width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true"><StatusIcon status={like} x={0} y={0} /></svg>
    <span>{status}</span>
  </span>;
}
