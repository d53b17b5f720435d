import { computed } from '@preact/signals';
import { toLocalAddress } from '../../core/address.ts';
import type { StepStatus } from '../graph/step-graph.ts';
import type { TimelineRow, TimelineSpan } from '../graph/timeline-rows.ts';
import type { History } from '../replay/history.ts';
import { shownSteps } from './filter.ts';
import { at, model, newest } from './view-state.ts';

/** Items of one step that have rows of their own. */
const maxItems = 500;

const kinds: Readonly<Record<string, TimelineSpan['kind']>> = { running: 'attempt', waiting: 'wait', retrying: 'backoff' };

/** What an actor did, and when: its states that took time. */
function listSpans(history: History, address: string): TimelineSpan[] {
  const spans: TimelineSpan[] = [];
  const moves = history.listMoves(address);
  for (const [place, seq] of moves.entries()) {
    const state = history.getState(address, seq);
    const kind = state && kinds[state.value];
    if (!kind) continue;
    const from = history.getTransition(seq)?.at ?? 0;
    const next = moves[place + 1];
    const ended = next === undefined ? undefined : history.getTransition(next);
    const { attempt } = state.context as { readonly attempt?: number };
    const label = kind === 'attempt' ? (attempt ? `attempt ${attempt}` : 'items') : kind === 'wait' ? 'waits' : 'before the next attempt';
    const isRetry = ended?.state === 'retrying';
    spans.push({ kind, from, to: ended?.at ?? null, status: isRetry ? 'failed' : kind === 'backoff' && ended ? 'retrying' : ((ended?.state ?? state.value) as StepStatus), label });
  }
  return spans;
}

/** All rows of the timeline, made anew with the journal only. */
const allRows = computed((): readonly TimelineRow[] => {
  const current = model.value;
  if (!current) return [];
  void current.version.value;
  const { history } = current;
  if (knownOf !== history) known.clear();
  knownOf = history;
  return current.steps.flatMap(({ id, forEach }): readonly TimelineRow[] => {
    const moves = history.countMoves(id);
    const before = known.get(id);
    if (before?.moves === moves) return before.rows;
    const rows = listRows(history, id, forEach !== null);
    known.set(id, { moves, rows });
    return rows;
  });
});

/** Rows of steps that have not moved since stay as they are. */
const known = new Map<string, { readonly moves: number; readonly rows: readonly TimelineRow[] }>();
let knownOf: History | undefined;

function listRows(history: History, id: string, forEach: boolean): TimelineRow[] {
  const toStatus = (address: string): StepStatus => (history.getState(address, history.length)?.value ?? 'pending') as StepStatus;
  const own: TimelineRow = { id, name: id, status: toStatus(id), spans: listSpans(history, id) };
  if (!forEach) return [own];
  const { total = 0 } = (history.getState(id, history.length)?.context ?? {}) as { readonly total?: number };
  const items = Array.from({ length: Math.min(total, maxItems) }, (_, item): TimelineRow => {
    const address = toLocalAddress(id, item);
    return { id: address, name: `[${item}]`, parent: id, status: toStatus(address), spans: listSpans(history, address) };
  });
  return [own, ...items];
}

/** Rows of the timeline that the filter leaves. */
export const timeRows = computed((): readonly TimelineRow[] => {
  const shown = shownSteps.value;
  return shown ? allRows.value.filter(({ id, parent }) => shown.has(parent ?? id)) : allRows.value;
});

const timeOf = (seq: number): number => model.value?.history.getTransition(seq)?.at ?? model.value?.document.execution.createdAt ?? 0;

/** The time of the transition that is looked at, epoch ms. */
export const timeNow = computed((): number => timeOf(at.value));

/** The time of the newest transition, epoch ms. */
export const newestTime = computed((): number => timeOf(newest.value));

/** The last transition that was not after a time. */
export function findTransitionAt(time: number): number {
  const history = model.value?.history;
  if (!history) return 0;
  let low = 0;
  let high = history.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((history.getTransition(middle)?.at ?? 0) <= time) low = middle;
    else high = middle - 1;
  }
  return low;
}
