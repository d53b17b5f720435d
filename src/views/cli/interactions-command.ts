import type { InteractionInfo, InteractionTotals } from '../../kinds/flows/interactions/interaction.ts';
import { listInteractions, sumInteractions } from '../../kinds/flows/interactions/read-interactions.ts';
import { formatDuration } from '../terminal/durations.ts';
import { formatCost, renderMade } from '../terminal/made-lines.ts';
import type { Palette } from '../terminal/palette.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import { renderTable } from '../terminal/result-report.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution } from './find-execution.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';

export interface InteractionsCommandOptions {
  readonly step?: string;
  readonly after?: number;
  readonly limit?: number;
  readonly db?: string;
}

/** `interactions`: lists the recorded calls of language models, and adds them up. Never takes ownership. */
export async function interactionsCommand(id: string, options: InteractionsCommandOptions, context: CommandContext): Promise<CommandResult> {
  const database = resolveDatabaseFile(options.db, context);
  requireDatabaseFile(database);
  const client = openClient(database, context);
  const { reader } = client;
  try {
    const { executionId } = await requireExecution(reader, id);
    const { step: stepId, after, limit } = options;
    const interactions = await listInteractions(reader, executionId, { ...(stepId !== undefined && { stepId }), ...(after !== undefined && { after }), ...(limit !== undefined && { limit }) });
    const totals = await sumInteractions(reader, executionId);
    return { exitCode: exitCodes.passed, document: { executionId, interactions, totals, database }, text: render(interactions, totals, createScreenPalette(context.stdout, context.env), getColumns(context.stdout)) };
  } finally {
    client.close();
  }
}

function render(interactions: readonly InteractionInfo[], totals: InteractionTotals, palette: Palette, columns: number): string {
  if (totals.calls === 0) return 'No calls of models so far.\n';
  const calls = interactions.map(({ number, status, stage, model, inputTokens, outputTokens, cost, durationMs, failure, response, prompt }) => [
    String(number), status, toPlainLine(stage), toPlainLine(model), `${inputTokens ?? '–'}/${outputTokens ?? '–'}`, cost === null ? '–' : formatCost(cost),
    durationMs === null ? '' : formatDuration(durationMs), toPlainLine(failure ? `${failure.message} (${failure.code})` : (response ?? prompt)),
  ]);
  const sums = totals.steps.map(({ stepId, model, calls: count, completed, failed, totalTokens, cost, durationMs }) => [
    stepId, toPlainLine(model), String(count), String(completed), String(failed), String(totalTokens), formatCost(cost), formatDuration(durationMs),
  ]);
  const left = totals.calls > interactions.length ? [` ${palette.dim(`${interactions.length} of ${totals.calls} calls; more with --after and --limit`)}`] : [];
  return [
    renderTable(['no.', 'status', 'stage', 'model', 'tokens', 'cost', 'time', 'said'], calls, columns, palette),
    ...left,
    '',
    renderTable(['step', 'model', 'calls', 'completed', 'failed', 'tokens', 'cost', 'time'], sums, columns, palette),
    '',
    ...renderMade({ totals }, palette),
    '',
  ].join('\n');
}
