import type { ExecutionProgress } from '../execution-progress.ts';
import type { FrameOptions } from './frame.ts';
import { paintStatus } from './palette.ts';
import { measure, pad, shorten } from './plain-text.ts';

const isOver = ({ status }: ExecutionProgress): boolean => status === 'scored' || status === 'failed';

function renderExecutionLine(progress: ExecutionProgress, options: FrameOptions, idColumns: number): string {
  const { palette, columns, frame } = options;
  const active = progress.steps.filter(({ status }) => status === 'running' || status === 'retrying' || status === 'waiting');
  const symbol = progress.status === 'scored' ? palette.symbols.completed
    : progress.status === 'failed' ? palette.symbols.failed
    : active.length > 0 ? (palette.spinner[frame % palette.spinner.length] ?? '')
    : palette.symbols.pending;
  const id = pad(shorten(progress.flowId, idColumns), idColumns);
  const executionId = columns >= 90 ? `  ${progress.executionId}` : '';
  const count = `${progress.settled}/${progress.steps.length} steps`.padStart(12);
  const room = columns - 3 - idColumns - executionId.length - count.length - 4;
  const what = shorten(isOver(progress) ? progress.status : active.map(({ stepId, status }) => `${stepId} ${status}`).join(', '), room);
  return ` ${paintStatus(palette, progress.status, symbol)} ${id}${palette.dim(executionId)}${count}  ${palette.dim(what)}`.trimEnd();
}

/** Draws several executions, one line each; those that are over make room for those that are not. */
export function renderOverview(all: readonly ExecutionProgress[], options: FrameOptions): string {
  const { palette, columns, rows, hint } = options;
  const space = Math.max(1, rows - 2 - (hint ? 1 : 0));
  const open = all.filter(progress => !isOver(progress));
  const over = all.length - open.length;
  const shown = all.length <= space ? all : open.slice(0, Math.max(1, space - 1));
  const idColumns = Math.min(Math.max(...all.map(({ flowId }) => measure(flowId)), 4), Math.floor(columns * 0.3));
  const hidden = all.length - shown.length;
  return [
    ` ${palette.bold(`${over} of ${all.length} executions settled`)}`,
    ...shown.map(progress => renderExecutionLine(progress, options, idColumns)),
    ...(hidden > 0 ? [palette.dim(`   … ${hidden} more`)] : []),
    ...(hint ? [palette.dim(shorten(` ${hint}`, columns))] : []),
  ].join('\n');
}
