import type { AssertionResult } from '../../core/score.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import type { ExecutionDetails } from '../../kinds/flows/execution-api.ts';
import { renderAssertions } from '../terminal/assertion-report.ts';
import type { Palette } from '../terminal/palette.ts';
import { renderMade } from '../terminal/made-lines.ts';
import { renderOutputs, renderStepTable, renderVerdict } from '../terminal/result-report.ts';
import { listLeafSteps } from './outline-steps.ts';
import type { Made } from './read-made.ts';
import type { Suggest } from './suggest-command.ts';

export interface RunReportOptions {
  readonly palette: Palette;
  readonly columns: number;
  readonly database: string;
  readonly suggest: Suggest;
  /** What it has made beside its outputs. */
  readonly made?: Made | undefined;
  readonly assertions?: readonly AssertionResult[];
  /** Where its report was written. */
  readonly reportFile?: string | undefined;
}

/** Draws the end of a run: steps, what came out, the verdict, where it is stored, what to type next. */
export function renderRunReport(execution: ExecutionDetails, definition: FlowDefinition, options: RunReportOptions): string {
  const { palette, columns, database, suggest, made, assertions = [], reportFile } = options;
  const outputs = execution.settledAt === null ? '' : renderOutputs(execution, listLeafSteps(definition), palette, columns);
  const next = execution.settledAt === null ? suggest(`resume ${execution.executionId}`, { tools: true }) : suggest(`show ${execution.executionId}`);
  const again = execution.passed === false ? [`             ${palette.cyan(suggest(`retry ${execution.executionId}`, { tools: true }))}`] : [];
  return [
    '',
    renderStepTable(execution, palette, columns),
    ...(outputs ? ['', outputs] : []),
    ...(assertions.length > 0 ? ['', renderAssertions(assertions, palette, columns)] : []),
    '',
    renderVerdict(execution, palette),
    ...(made ? renderMade(made, palette) : []),
    `  ${palette.dim('execution')}  ${execution.executionId}`,
    ...(reportFile === undefined ? [] : [`  ${palette.dim('report')}     ${reportFile}`]),
    `  ${palette.dim('stored in')}  ${database}`,
    `  ${palette.dim('next')}       ${palette.cyan(next)}`,
    ...again,
    '',
  ].join('\n');
}
