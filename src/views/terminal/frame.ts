import type { StepStatus } from '../../../persistence/records.ts';
import { isSettled, type ExecutionProgress, type StepProgress } from '../execution-progress.ts';
import { formatDuration, formatProgress } from './durations.ts';
import { paintStatus, type Palette } from './palette.ts';
import { measure, shorten } from './plain-text.ts';
import { renderStepLine } from './step-line.ts';

export interface FrameOptions {
  readonly palette: Palette;
  /** Epoch ms. */
  readonly now: number;
  readonly columns: number;
  readonly rows: number;
  /** Which picture of the spinner. */
  readonly frame: number;
  /** Last line, as `Ctrl-C stops; …`. */
  readonly hint?: string;
}

const rank: Readonly<Record<StepStatus, number>> = {
  running: 0, retrying: 0, waiting: 0, failed: 1, cancelled: 2, pending: 3, skipped: 4, completed: 5,
};

/** Chooses the steps worth showing when there are more than rows: what moves, what failed, what comes next. */
export function chooseSteps(steps: readonly StepProgress[], rows: number): { shown: readonly StepProgress[]; hidden: readonly StepProgress[] } {
  if (steps.length <= rows) return { shown: steps, hidden: [] };
  const order = steps.map((step, position) => ({ step, position })).toSorted((a, b) =>
    rank[a.step.status] - rank[b.step.status]
    || (isSettled(a.step.status) ? (b.step.settledAt ?? 0) - (a.step.settledAt ?? 0) : 0)
    || a.position - b.position);
  const keep = new Set(order.slice(0, Math.max(0, rows - 1)).map(({ position }) => position));
  return { shown: steps.filter((_, position) => keep.has(position)), hidden: steps.filter((_, position) => !keep.has(position)) };
}

function renderHidden(hidden: readonly StepProgress[], { palette, columns }: FrameOptions): string {
  const counts = new Map<StepStatus, number>();
  for (const { status } of hidden) counts.set(status, (counts.get(status) ?? 0) + 1);
  const text = [...counts].toSorted(([a], [b]) => rank[b] - rank[a]).map(([status, count]) => `${count} ${status}`).join(', ');
  return palette.dim(shorten(`   … ${text}`, columns));
}

/** Draws how far a flow is: `━━━━━─────  3/6 steps, 42 %, about 3m left`. */
function renderBar(progress: ExecutionProgress, { palette, columns, now }: FrameOptions): string {
  const { settled, steps } = progress;
  const figures = progress.computeFigures(now);
  const counted = `${settled}/${steps.length} steps`;
  const label = columns < 60 ? counted : `${counted}, ${formatProgress(figures)}`;
  const width = Math.max(4, Math.min(40, columns - measure(label) - 4));
  const full = Math.min(width, Math.floor(figures.share * width));
  const failed = steps.some(step => step.status === 'failed' && step.critical);
  const paint = failed ? palette.red : settled === steps.length ? palette.green : palette.cyan;
  return ` ${paint(palette.bar.full.repeat(full))}${palette.dim(palette.bar.empty.repeat(width - full))}  ${label}`;
}

/** Draws the whole picture: header, steps in order, progress bar, hint. Never higher or wider than the terminal. */
export function renderFrame(progress: ExecutionProgress, options: FrameOptions): string {
  const { palette, columns, rows, now, hint } = options;
  const elapsed = progress.startedAt === null ? '' : formatDuration((progress.settledAt ?? now) - progress.startedAt);
  const tail = [progress.status, elapsed].filter(Boolean).map(text => `  ${text}`).join('');
  const id = shorten(progress.flowId, columns - 1 - tail.length);
  const rest = shorten(`  ${progress.executionId}`, columns - 1 - measure(id) - tail.length);
  const header = ` ${palette.bold(id)}${palette.dim(rest.trim() === '…' ? '' : rest)}  ${paintStatus(palette, progress.status, progress.status)}  ${elapsed}`.trimEnd();
  const space = Math.max(1, rows - 1 - 2 - (hint ? 1 : 0));
  const { shown, hidden } = chooseSteps(progress.steps, space);
  const idColumns = Math.min(
    Math.max(...progress.steps.map(step => measure(step.stepId)), 4),
    Math.max(8, Math.floor(columns * 0.35)),
  );
  return [
    header,
    ...shown.map(step => renderStepLine(step, { palette, now, columns, frame: options.frame, idColumns })),
    ...(hidden.length > 0 ? [renderHidden(hidden, options)] : []),
    renderBar(progress, options),
    ...(hint ? [palette.dim(shorten(` ${hint}`, columns))] : []),
  ].join('\n');
}
