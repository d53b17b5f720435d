import { formatLength, type StepStatus } from './step-graph.ts';
import type { Interval, TimeScale } from './time-scale.ts';

/** Something that took time: an attempt, a wait, the time before a retry, the time in the queue of its flow. */
export interface TimelineSpan {
  readonly kind: 'attempt' | 'wait' | 'backoff' | 'queued';
  /** Epoch ms. */
  readonly from: number;
  /** Null: it goes on. */
  readonly to: number | null;
  /** How it ended. */
  readonly status: StepStatus;
  /** `attempt 2 of 3`, `waits for approve`. */
  readonly label: string;
}

/** A step, or an item of one. */
export interface TimelineRow {
  /** Unlike that of any other row. */
  readonly id: string;
  readonly name: string;
  /** The row it belongs to, which comes before it; undefined: none. */
  readonly parent?: string | undefined;
  readonly status: StepStatus;
  readonly spans: readonly TimelineSpan[];
}

/** A row that is shown. */
export interface ShownRow {
  readonly row: TimelineRow;
  readonly depth: number;
  /** Rows that belong to it; shown below it only when it is open. */
  readonly children: readonly TimelineRow[];
  readonly isOpen: boolean;
}

/** The rows that are shown: of a row with rows of its own these only when it is open. */
export function listShown(rows: readonly TimelineRow[], open: ReadonlySet<string>): ShownRow[] {
  const below = Map.groupBy(rows.filter(({ parent }) => parent !== undefined), ({ parent }) => parent!);
  const ids = new Set(rows.map(({ id }) => id));
  const shown: ShownRow[] = [];
  const visit = (row: TimelineRow, depth: number): void => {
    const children = below.get(row.id) ?? [];
    const isOpen = open.has(row.id) && children.length > 0;
    shown.push({ row, depth, children, isOpen });
    if (isOpen && depth < 20) for (const child of children) visit(child, depth + 1);
  };
  for (const row of rows) if (row.parent === undefined || !ids.has(row.parent)) visit(row, 0);
  return shown;
}

/** All the time that is shown; `now` is in it where something goes on. */
export function findRange(rows: readonly TimelineRow[], now: number): Interval {
  let [from, to] = [Infinity, -Infinity];
  for (const { spans } of rows) {
    for (const span of spans) {
      from = Math.min(from, span.from);
      to = Math.max(to, span.to ?? Math.max(now, span.from));
    }
  }
  if (from === Infinity) return { from: now - 1_000, to: now };
  return { from, to: Math.max(to, from + 1) };
}

/** When something ran; waits and back-offs are idle time, of which only the moments of their ends count. */
export function listBusy(rows: readonly TimelineRow[], now: number): Interval[] {
  return rows.flatMap(({ spans }) => spans.flatMap(({ kind, from, to }) => {
    const end = to ?? Math.max(now, from);
    return kind === 'attempt' ? [{ from, to: end }] : [{ from, to: from }, { from: end, to: end }];
  }));
}

/** A span in its place, px. */
export interface PlacedSpan {
  readonly span: TimelineSpan;
  readonly x: number;
  readonly width: number;
  /** How many spans of the same kind and status it stands for, that could not be told apart. */
  readonly count: number;
}

/** Least width of a span, px. */
const leastWidth = 3;

/** Places the spans of a row that are in view; those that fall together become one. */
export function placeSpans(spans: readonly TimelineSpan[], scale: TimeScale, now: number): PlacedSpan[] {
  const placed: { span: TimelineSpan; x: number; width: number; count: number }[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const end = span.to ?? Math.max(now, span.from);
    if (end < scale.from || span.from > scale.to) continue;
    const x = Math.max(-2, scale.toX(span.from));
    const width = Math.max(leastWidth, Math.min(scale.width + 2, scale.toX(end)) - x);
    const last = placed.at(-1);
    if (last && last.span.kind === span.kind && last.span.status === span.status && x + width <= last.x + last.width + 1) {
      last.width = Math.max(last.width, x + width - last.x);
      last.count++;
    } else placed.push({ span, x, width, count: 1 });
  }
  return placed;
}

/** The row for people who hear the page: `scan: completed, 2 attempts, from +0.3 s, 1.2 s`. */
export function nameRow({ row: { name, status, spans }, children }: ShownRow, begin: number, now: number): string {
  const attempts = spans.filter(({ kind }) => kind === 'attempt').length;
  const from = Math.min(...spans.map(span => span.from));
  const to = Math.max(...spans.map(span => span.to ?? Math.max(now, span.from)));
  return [
    `${name}: ${status}`, ...(attempts > 1 ? [`${attempts} attempts`] : []), ...(children.length > 0 ? [`${children.length} items`] : []),
    ...(spans.length > 0 ? [`from +${formatLength(from - begin)}`, formatLength(to - from)] : []),
  ].join(', ');
}
