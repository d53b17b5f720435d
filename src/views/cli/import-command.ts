import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { ImportResult } from '../../import/import-runs.ts';
import { importRuns } from '../../import/import-runs.ts';
import { openOwned } from './open-owned.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import type { Palette } from '../terminal/palette.ts';
import { formatScore } from '../terminal/result-report.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { prepareDatabaseFolder, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { createScreenPalette } from './screen-palette.ts';
import { createSuggest } from './suggest-command.ts';

export interface ImportCommandOptions {
  readonly db?: string;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

function describe(one: ImportResult): string {
  if (one.result === 'unchanged') return 'unchanged: imported before';
  if (one.result === 'skipped') return `skipped: ${one.reason}`;
  const { status, score } = one.record;
  const { steps, totalTools } = one.session;
  const failed = steps.filter(({ success }) => !success).length;
  return `${status}, score ${formatScore(score ?? 0)}: ${count(steps.length, 'step')}${failed > 0 ? ` (${failed} failed)` : ''}, ${count(totalTools, 'tool call')}`;
}

function render(one: ImportResult, { green, red, yellow, dim, symbols }: Palette): string[] {
  const { files, events, skipped, notes } = one.run;
  const mark = one.result !== 'imported' ? yellow('–') : one.record.status === 'scored' ? green(symbols.completed) : red(symbols.failed);
  const lines = [`${mark} ${one.executionId}  ${describe(one)}`, `  ${dim('from')}     ${files.map(({ file, format }) => `${toPlainLine(file)} (${format})`).join(', ')}: ${count(events, 'entry').replace('entrys', 'entries')} read`];
  for (const { line, reason } of skipped) lines.push(`  ${dim('skipped')}  line ${line}: ${reason}`);
  for (const note of notes) lines.push(`  ${dim('note')}     ${toPlainLine(note)}`);
  return lines;
}

function toDocument(one: ImportResult): object {
  const { run, executionId, result } = one;
  const { files, events, skipped, notes, reported } = run;
  const outcome = one.result === 'imported'
    ? { flowId: one.record.flowId, status: one.record.status, score: one.record.score, passed: one.record.passed, steps: one.session.steps.length, toolCalls: one.session.totalTools }
    : one.result === 'skipped' ? { reason: one.reason } : {};
  return { executionId, result, ...outcome, files, events, skipped, notes, reported };
}

/** `import`: takes logs of the predecessor over as settled executions, and says what was read and what was left out. */
export async function importCommand(files: readonly string[], options: ImportCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { cwd, clock, stdout, env } = context;
  const database = resolveDatabaseFile(options.db, context);
  prepareDatabaseFolder(database);
  const store = openOwned(database, context);
  try {
    const now = clock.now();
    const lastKey = await store.acquire({ pid: process.pid, hostname: hostname(), startedAt: now, socket: null });
    const results = await importRuns(store, files.map(file => resolve(cwd, file)), lastKey, now);
    const palette = createScreenPalette(stdout, env);
    const suggest = createSuggest(context, options);
    const first = results.find(({ result }) => result === 'imported');
    const next = first ? [`  ${palette.dim('next')}       ${palette.cyan(suggest(`show ${first.executionId}`))}`] : [];
    return {
      exitCode: results.some(({ result }) => result === 'skipped') ? exitCodes.notPassed : exitCodes.passed,
      document: { imported: results.map(toDocument), database },
      text: `${[...results.flatMap(one => render(one, palette)), `  ${palette.dim('stored in')}  ${database}`, ...next].join('\n')}\n`,
    };
  } finally {
    store.close();
  }
}
