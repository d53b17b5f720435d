import Table from 'cli-table3';
import type { ExecutionDetails, FlowProgress, StepResult } from '../../kinds/flows/execution-api.ts';
import { formatDuration, formatProgress } from './durations.ts';
import { paintStatus, type Palette } from './palette.ts';
import { pad, shorten, toCompactJson, toPlainLine } from './plain-text.ts';
import { formatReason } from './step-line.ts';

const noBorders = {
  'top': '', 'top-mid': '', 'top-left': '', 'top-right': '',
  'bottom': '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  'left': '', 'left-mid': '', 'mid': '', 'mid-mid': '', 'right': '', 'right-mid': '', 'middle': '  ',
};

/** Draws a table without lines; the last column is cut to fit. Cells must be plain text. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[], columns: number, palette: Palette): string {
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map(row => (row[index] ?? '').length)));
  const used = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 1);
  const last = Math.max(12, columns - used - 1);
  const table = new Table({ chars: noBorders, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true } });
  table.push(head.map(title => palette.dim(title)));
  for (const row of rows) {
    table.push(row.map((cell, index) => {
      const text = index === head.length - 1 ? shorten(cell, last) : cell;
      return row[1] !== undefined && index === 1 ? paintStatus(palette, cell, text) : text;
    }));
  }
  return table.toString().split('\n').map(line => ` ${line}`.trimEnd()).join('\n');
}

/** Draws the steps of an execution, one row each: status, attempts, time, and why or what came out. */
export function renderStepTable(execution: ExecutionDetails, palette: Palette, columns: number): string {
  const rows = execution.steps.map(step => [
    step.item === undefined ? step.stepId : `${step.stepId}[${step.item}]`,
    step.status,
    `${describeAttempts(step)}${step.interruptions > 0 ? ` +${step.interruptions} cut off` : ''}`,
    step.startedAt !== null && step.settledAt !== null ? formatDuration(step.settledAt - step.startedAt) : '',
    describeOutcome(step),
  ]);
  return renderTable(['step', 'status', 'attempts', 'time', 'result'], rows, columns, palette);
}

/** A step with items has no attempts of its own. */
function describeAttempts({ attempts, output, item, status }: StepResult): string {
  if (attempts === 0 && item === undefined && Array.isArray(output)) return `${output.length} ${output.length === 1 ? 'item' : 'items'}`;
  return attempts === 0 && status !== 'running' ? '' : String(attempts);
}

const recoveries: Readonly<Record<NonNullable<StepResult['recovery']>, string>> = {
  alternative: 'from its alternative', output: 'given by a person', retry: 'tried again on request', ask: 'asked', skip: 'left out',
};

function describeOutcome(step: StepResult): string {
  const kept = step.keptFrom === undefined ? '' : `(kept from generation ${step.keptFrom}${step.stale ? ', of an older input' : ''}) `;
  if (step.reason && step.status !== 'completed') return `${kept}${formatReason(step.reason)}`;
  const how = step.recovery === undefined || step.status !== 'completed' ? '' : `(${recoveries[step.recovery]}) `;
  return `${kept}${how}${step.output === undefined ? '' : toCompactJson(step.output, 200)}`;
}

/** Draws an output over several lines where that reads better than JSON. */
function renderOutput(output: unknown, palette: Palette, columns: number): string[] {
  if (typeof output === 'object' && output !== null && !Array.isArray(output)) {
    const entries = Object.entries(output).map(([key, value]) => [toPlainLine(key), value] as const);
    const width = Math.min(24, Math.max(0, ...entries.map(([key]) => key.length)));
    const shown = entries.slice(0, 12).map(([key, value]) => `   ${palette.dim(pad(key, width))}  ${toCompactJson(value, isScalar(value) ? Math.max(columns, 200) : columns - width - 6)}`);
    return entries.length > shown.length ? [...shown, palette.dim(`   … ${entries.length - shown.length} more`)] : shown;
  }
  if (typeof output === 'string') {
    const lines = output.split('\n').slice(0, 12).map(line => `   ${shorten(toPlainLine(line), columns - 4)}`);
    return output.split('\n').length > 12 ? [...lines, palette.dim('   …')] : lines;
  }
  return [`   ${toCompactJson(output, columns - 4)}`];
}

/** A path or a number is not cut: people copy it. */
const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** Says in one line how an execution stands. */
export function renderVerdict(execution: ExecutionDetails, palette: Palette, progress?: FlowProgress): string {
  const { status, passed, score, flowId, steps, createdAt, settledAt, consolidationError } = execution;
  const failure = execution.failure ?? consolidationError;
  const own = steps.filter(({ item }) => item === undefined);
  const completed = own.filter(step => step.status === 'completed').length;
  const count = `${completed} of ${own.length} steps completed`;
  if (settledAt === null) return `${palette.yellow(`${palette.symbols.waiting} ${flowId} is ${status}`)}: ${count}${progress ? `, ${formatProgress(progress)}` : ''}`;
  const time = formatDuration(settledAt - createdAt);
  const mark = passed ? palette.green(`${palette.symbols.completed} ${flowId} passed`) : palette.red(`${palette.symbols.failed} ${flowId} did not pass`);
  const why = failure ? `. ${formatReason(failure)}` : '';
  return `${mark}: ${status}, score ${formatScore(score ?? 0)}, ${count} in ${time}${why}`;
}

/** Writes a score with at most two digits after the point. */
export function formatScore(score: number): string {
  return String(Math.round(score * 100) / 100);
}

/** Draws the outputs of the steps that nothing follows. */
export function renderOutputs(execution: ExecutionDetails, leaves: ReadonlySet<string>, palette: Palette, columns: number): string {
  return execution.steps
    .filter(({ stepId, item, output }) => item === undefined && output !== undefined && output !== null && leaves.has(stepId))
    .map(({ stepId, output }) => [` ${palette.arrow} ${palette.bold(stepId)}`, ...renderOutput(output, palette, columns)].join('\n'))
    .join('\n');
}
