import { readUses } from '../../definition/step-kinds.ts';
import { formatDuration } from './durations.ts';
import { paintStatus, type Palette } from './palette.ts';
import { measure, pad, shorten, toPlainLine } from './plain-text.ts';
import { isSettled, type StepProgress } from '../execution-progress.ts';
import type { StepFailure } from '../../core/failure.ts';

export interface LineOptions {
  readonly palette: Palette;
  /** Epoch ms. */
  readonly now: number;
  readonly columns: number;
  /** Which picture of the spinner. */
  readonly frame: number;
  /** Columns for the step's id. */
  readonly idColumns: number;
}

/** Says why in one line: `exec_failed: git exited with 128`. */
export function formatReason(failure: StepFailure): string {
  return toPlainLine(`${failure.code}: ${failure.message}`);
}

/** Says which attempt it is of how many: `2/3`. Empty for a step that has not begun. */
export function formatAttempt(step: Pick<StepProgress, 'attempts' | 'maxAttempts' | 'items'>): string {
  if (step.items) return `${step.items.settled}/${step.items.total} items`;
  return step.attempts === 0 ? '' : `${step.attempts}/${step.maxAttempts}`;
}

function formatWait({ uses }: StepProgress, due: string): string {
  const kind = readUses(uses)?.kind;
  const left = due && `${due} left`;
  if (kind?.role === 'flow') return `for ${uses}`;
  if (kind?.role === 'sleep' || kind?.message) return left;
  // A step that does work waits for another one, or for a person.
  const what = kind?.role === 'task' ? '' : (kind?.describe?.({ uses }) ?? '').replace(/^waits /, '');
  return [toPlainLine(what), left].filter(Boolean).join(', ');
}

/** Says what a step waits for, or why it ended as it did. */
export function formatNote(step: StepProgress, now: number): string {
  const due = step.dueAt === undefined ? '' : formatDuration(step.dueAt - now);
  switch (step.status) {
    case 'retrying':
      return [due && `again in ${due}`, step.reason && formatReason(step.reason)].filter(Boolean).join(': ');
    case 'waiting':
      if (step.signal !== undefined) return `for signal ${toPlainLine(step.signal)}${due && `, ${due} left`}`;
      return formatWait(step, due);
    case 'running': {
      const failed = step.items?.failed ?? 0;
      const { expected, runAt } = step;
      const stalls = expected !== undefined && runAt !== null && !step.items && now - runAt > expected.stalledAfterMs;
      return [
        stalls && `stalled: usually takes ${formatDuration(expected.expectedMs)}`,
        failed > 0 && `${failed} failed`,
        step.interruptions > 0 && `cut off ${step.interruptions === 1 ? 'once' : `${step.interruptions} times`}, begun again`,
      ].filter(Boolean).join(', ');
    }
    case 'failed':
    case 'skipped':
    case 'cancelled':
      return step.reason ? formatReason(step.reason) : '';
    default:
      return '';
  }
}

function formatElapsed(step: StepProgress, now: number): string {
  if (step.startedAt === null) return '';
  if (step.settledAt === null && step.status === 'pending') return '';
  return formatDuration((step.settledAt ?? now) - step.startedAt);
}

/** Draws one step in one line, never wider than the terminal. */
export function renderStepLine(step: StepProgress, { palette, now, columns, frame, idColumns }: LineOptions): string {
  const symbol = step.status === 'running' ? (palette.spinner[frame % palette.spinner.length] ?? '') : palette.symbols[step.status];
  const id = pad(shorten(step.stepId, idColumns), idColumns);
  const status = pad(step.status, 9);
  const cells = [formatAttempt(step), formatElapsed(step, now)];
  const figures = columns < 50 ? cells.filter(Boolean).join(' ') : `${pad(cells[0] ?? '', 11)} ${(cells[1] ?? '').padStart(7)}`;
  const head = ` ${symbol} `;
  const showStatus = columns >= 70;
  const used = measure(head) + idColumns + (showStatus ? measure(status) + 2 : 0) + 2 + measure(figures);
  const note = shorten(formatNote(step, now), columns - used - 2);
  const dimmed = isSettled(step.status) || step.status === 'pending' ? palette.dim : (text: string) => text;
  return [
    ' ', paintStatus(palette, step.status, symbol), ' ',
    step.status === 'pending' ? palette.dim(id) : id,
    showStatus ? `  ${paintStatus(palette, step.status, status)}` : '',
    '  ', dimmed(shorten(figures, columns - measure(head) - idColumns - 2)),
    note && `  ${step.status === 'failed' ? palette.red(note) : palette.dim(note)}`,
  ].join('').trimEnd();
}
