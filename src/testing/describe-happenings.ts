import type { StepRecord } from '../../persistence/records.ts';
import { toLocalAddress } from '../core/address.ts';
import type { FlowState } from './flow-model.ts';
import { modelStart } from './flow-model.ts';

/**
 * Says what a flow did between two states, in lines: which step runs with what, waits for how long, ends how.
 *
 * Nothing in them comes from how the definition is written, only from what it does: no text, digest or position.
 */
export function describeHappenings(before: FlowState | undefined, after: FlowState): string[] {
  const lines: string[] = [];
  for (const [address, row] of after.rows) {
    const known = before?.rows.get(address);
    const text = describeRow(row, after);
    if (!known || !before || text !== describeRow(known, before)) lines.push(`${address} ${text}`);
  }
  lines.sort();
  if (before && after.now !== before.now) lines.unshift(`the time is ${formatTime(after.now)}`);
  const { value, context } = after.tree.flow;
  if (value !== before?.tree.flow.value) {
    const { score, passed, failure } = context;
    lines.push(`the flow is ${value}${after.status === 'done' ? ` with ${Math.round((score ?? 0) * 1e6) / 1e6}, ${passed ? 'passed' : 'not passed'}${failure ? ` (${failure.code})` : ''}` : ''}`);
  }
  return lines;
}

const formatTime = (ms: number): string => `+${ms - modelStart} ms`;

function describeRow(row: StepRecord, { inputs, outputs }: FlowState): string {
  const { status, attempt, dueAt, failure, recovery, counters, stepId, item } = row;
  const address = toLocalAddress(stepId, item);
  const until = dueAt === null ? '' : ` until ${formatTime(dueAt)}`;
  const reason = failure ? ` (${failure.code}${failure.code === 'upstream_failed' ? ` of ${String(failure.details?.['upstream'])}` : ''})` : '';
  if (status === 'running') {
    if (counters !== null) return `runs for ${(JSON.parse(counters) as { total: number }).total} items`;
    return `runs${attempt > 1 ? `, attempt ${attempt},` : ''} with ${toText(inputs.get(address))}`;
  }
  if (status === 'waiting') return recovery === null ? `waits${until} with ${toText(inputs.get(address))}` : `waits${until} to be recovered: ${recovery}`;
  if (status === 'retrying') return `is tried again${until}${reason}`;
  if (status === 'completed') return recovery === null ? 'completes' : `completes by ${recovery} with ${outputs.get(address) ?? 'nothing'}`;
  return `is ${status}${until}${reason}${recovery === null ? '' : `, ${recovery}`}`;
}

/** Keys in one order: in which order they are written means nothing. */
function toText(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member) ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1))) : member) ?? 'nothing';
}
