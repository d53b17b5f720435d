import type { ExecutionRecord, ExecutionStatus } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import type { FlowProgress } from '../../kinds/flows/execution-api.ts';
import { PlanRegistry } from '../../kinds/flows/plan-registry.ts';
import { readExpectedDurations, readProgress, type ExpectedDurations } from '../../kinds/flows/read-progress.ts';
import { formatDateTime, formatDuration, formatProgress } from '../terminal/durations.ts';
import type { Palette } from '../terminal/palette.ts';
import { shorten } from '../terminal/plain-text.ts';
import { formatScore, renderTable } from '../terminal/result-report.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { hasDatabase, resolveDatabaseFile } from './database-file.ts';
import { describeWaits, joinWaits, type Wait } from './describe-wait.ts';
import { computeDurationMs } from './execution-document.ts';
import { exitCodes } from './exit-codes.ts';
import { readLabel } from './label-argument.ts';
import { unfinishedStatuses } from './find-unfinished.ts';
import { orderByFamily } from './family-order.ts';
import { createSuggest } from './suggest-command.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';

export interface ListCommandOptions {
  readonly status?: readonly string[];
  readonly flow?: string;
  readonly label?: string;
  readonly limit?: number;
  readonly db?: string;
}

const statuses: readonly ExecutionStatus[] = ['pending', 'stepping', 'consolidating', 'scored', 'failed'];

function readStatuses(given: readonly string[]): ExecutionStatus[] {
  return given.flatMap(word => {
    if (word === 'unfinished') return unfinishedStatuses;
    const status = statuses.find(known => known === word);
    if (status) return [status];
    throw new FlowError('usage_invalid', `Expected --status to be ${statuses.map(known => `\`${known}\``).join(', ')} or \`unfinished\`, got \`${word}\`${didYouMean(word, [...statuses, 'unfinished'])}`);
  });
}

/** Says how far executions are; what is expected of a definition is read once. */
function createTracker(reader: RecordReader, now: number): (record: ExecutionRecord) => Promise<FlowProgress> {
  const plans = new PlanRegistry();
  const known = new Map<string, ExpectedDurations>();
  return async record => {
    const plan = await plans.load(reader, record.digest);
    const expected = known.get(plan.digest) ?? await readExpectedDurations(reader, plan, record);
    known.set(plan.digest, expected);
    return readProgress(reader, plan, record, now, expected);
  };
}

/** Notes are cut to the screen's width, commands are not: they are there to be copied. */
function renderWaits(waits: readonly Wait[], columns: number, { yellow, cyan }: Palette): string[] {
  return waits.flatMap(({ text, command }) => [yellow(shorten(`   ${text}${command === undefined ? '' : ':'}`, columns)), ...(command === undefined ? [] : [`     ${cyan(command)}`])]);
}

/** Widest that an id and the name of a flow are drawn, so that a row fits into 100 columns. */
const maxNameColumns = 36;
const maxIndent = 8;
const leastFlowColumns = 10;
/** A list that goes to a file or a pipe. */
const plainColumns = 100;

/** What a row has left for the name of its flow: status and time are as wide as they are, the outcome gets the rest. */
const toFlowColumns = (columns: number): number => Math.max(leastFlowColumns, columns - 90);

/** Executions with a label are found by it; without one, in the order of the executions. */
async function readRecords(reader: RecordReader, { label, flow, limit = 100 }: ListCommandOptions, status: readonly ExecutionStatus[] | undefined): Promise<ExecutionRecord[]> {
  if (label === undefined) return reader.listExecutions({ limit, ...(status && { status }), ...(flow !== undefined && { flowId: flow }) });
  const { name, value } = readLabel(label);
  const found: ExecutionRecord[] = [];
  for (let before: string | undefined; found.length < limit; ) {
    const ids = (await reader.catalog?.listLabelled({ name, value, limit, ...(before !== undefined && { after: before }) })) ?? [];
    for (const id of ids) {
      const record = await reader.getExecution(id);
      if (record && (!status || status.includes(record.status)) && (flow === undefined || record.flowId === flow)) found.push(record);
    }
    before = ids.at(-1);
    if (ids.length < limit) break;
  }
  return found.slice(0, limit);
}

/** `list`: shows executions, newest first, and why unfinished ones wait. Works while another process owns the database. */
export async function listCommand(options: ListCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { stdout, env } = context;
  const database = resolveDatabaseFile(options.db, context);
  const suggest = createSuggest(context, options);
  const status = options.status && readStatuses(options.status);
  if (!hasDatabase(database)) {
    return { exitCode: exitCodes.passed, document: { executions: [], database, owner: null }, text: `No executions: there is no database at ${database} yet.\n` };
  }
  const client = openClient(database, context);
  const { reader } = client;
  try {
    const owner = await reader.getOwner();
    const records = await readRecords(reader, options, status);
    const palette = createScreenPalette(stdout, env);
    const columns = stdout.isTTY ? getColumns(stdout) : plainColumns;
    const track = createTracker(reader, context.clock.now());
    const rows: { readonly document: { readonly [key: string]: unknown }; readonly cells: readonly string[]; readonly below: readonly Wait[] }[] = [];
    for (const { record, depth, name } of orderByFamily(records)) {
      const { executionId, generation, flowId, flowVersion, parentId, score, passed, failure, createdAt, startedAt, settledAt, wakeAt } = record;
      const waits = await describeWaits(reader, record, owner, context.cwd, suggest);
      const duration = computeDurationMs(record);
      const progress = settledAt === null && record.status !== 'pending' ? await track(record) : undefined;
      const outcome = settledAt === null ? (progress ? formatProgress(progress) : '') : failure ? failure.code : `${passed ? 'passed' : 'did not pass'}, score ${formatScore(score ?? 0)}${duration === null ? '' : `, ${formatDuration(duration)}`}`;
      rows.push({
        cells: [shorten(`${' '.repeat(Math.min(maxIndent, 2 * depth))}${name}`, maxNameColumns), record.status, shorten(flowId, toFlowColumns(columns)), formatDateTime(createdAt), generation === 1 ? outcome : `generation ${generation}${outcome && `: ${outcome}`}`],
        below: waits,
        document: {
          executionId, ...(parentId !== null && { parentId }), generation, flowId, flowVersion, status: record.status, passed, score, failure, createdAt, startedAt, settledAt,
          durationMs: duration,
          wakeAt: wakeAt === 0 ? null : wakeAt,
          ...(waits.length > 0 && { waitsFor: joinWaits(waits) }),
          ...(progress && { progress }),
        },
      });
    }
    const [head = '', ...lines] = renderTable(['execution', 'status', 'flow', 'started', 'outcome'], rows.map(({ cells }) => cells), columns, palette).split('\n');
    const table = [head, ...lines.flatMap((line, index) => [line, ...renderWaits(rows[index]?.below ?? [], columns, palette)])];
    const ownedBy = owner ? `  process ${owner.pid} works on it\n` : '';
    return {
      exitCode: exitCodes.passed,
      document: { executions: rows.map(({ document }) => document), database, owner: owner ?? null },
      text: rows.length === 0
        ? `No executions${status || options.flow ? ' like that' : ''} in ${database}.\n`
        : `${table.join('\n')}\n\n  ${palette.dim('stored in')}  ${database}\n${ownedBy}`,
    };
  } finally {
    client.close();
  }
}
