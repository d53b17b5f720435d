import { FlowError } from '../../core/errors.ts';
import type { Figures } from '../../catalog/compute-stats.ts';
import { agentLabel, readStats } from '../../catalog/read-stats.ts';
import { formatDateTime, formatDuration } from '../terminal/durations.ts';
import { formatScore, renderTable } from '../terminal/result-report.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { hasDatabase, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';

export interface StatsCommandOptions {
  readonly by?: string;
  readonly flow?: string;
  readonly limit?: number;
  readonly db?: string;
}

const orDash = (value: number | null, format: (value: number) => string): string => (value === null ? '-' : format(value));
const toCells = ({ runs, passed, settled, successRate, meanScore, meanDurationMs }: Figures): string[] => [
  String(runs),
  settled === 0 ? '-' : `${passed} of ${settled} (${Math.round((successRate ?? 0) * 100)} %)`,
  orDash(meanScore, formatScore),
  orDash(meanDurationMs, formatDuration),
];

/** `stats`: what executions came to, by agent, by flow or by any label, and day by day. */
export async function statsCommand(options: StatsCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { stdout, env } = context;
  const { by = agentLabel, flow, limit } = options;
  if (by === '') throw new FlowError('usage_invalid', 'Expected --by to be `agent`, `flow` or the name of a label, got an empty text');
  const database = resolveDatabaseFile(options.db, context);
  if (!hasDatabase(database)) return { exitCode: exitCodes.passed, document: { by, groups: [], database }, text: `No executions: there is no database at ${database} yet.\n` };
  const client = openClient(database, context);
  const { reader } = client;
  try {
    const groups = await readStats(reader, { by, ...(flow !== undefined && { flowId: flow }), ...(limit !== undefined && { limit }) });
    const palette = createScreenPalette(stdout, env);
    const columns = getColumns(stdout);
    const overall = groups.map(({ group, last, ...figures }) => [group, ...toCells(figures), last ? `${formatScore(last.score)} in ${formatDuration(last.durationMs)}, ${formatDateTime(last.at)}` : '-']);
    const daily = groups.flatMap(({ group, days }) => days.map(({ day, ...figures }) => [day, group, ...toCells(figures)])).toSorted(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0));
    const text = groups.length === 0
      ? `No executions${flow === undefined ? '' : ' like that'} in ${database}.\n`
      : [
          renderTable([by, 'runs', 'passed', 'mean score', 'mean time', 'last'], overall, columns, palette),
          '',
          renderTable(['day', by, 'runs', 'passed', 'mean score', 'mean time'], daily, columns, palette),
          '',
        ].join('\n');
    return { exitCode: exitCodes.passed, document: { by, groups, database }, text };
  } finally {
    client.close();
  }
}
