import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { AssertionResult } from '../../core/score.ts';
import { readVerdict } from '../../kinds/flows/consolidation/read-session.ts';
import { describeImport } from '../../import/describe-import.ts';
import { PlanRegistry } from '../../kinds/flows/plan-registry.ts';
import { readDetails } from '../../kinds/flows/queries.ts';
import { readProgress } from '../../kinds/flows/read-progress.ts';
import { readExecutionView } from '../read-execution-view.ts';
import { gather, readHistory, type Transition } from '../read-history.ts';
import { renderAssertions } from '../terminal/assertion-report.ts';
import { formatDateTime, formatDuration, formatTimeOfDay } from '../terminal/durations.ts';
import { pad, toCompactJson, toPlainLine } from '../terminal/plain-text.ts';
import { renderMade } from '../terminal/made-lines.ts';
import { paintStatus, type Palette } from '../terminal/palette.ts';
import { renderOutputs, renderStepTable, renderVerdict } from '../terminal/result-report.ts';
import { renderStepTree, toTreeStep } from '../terminal/step-tree.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { describeConsolidation } from './describe-consolidation.ts';
import { describeWaits, joinWaits } from './describe-wait.ts';
import { toExecutionDocument } from './execution-document.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution, requireGeneration } from './find-execution.ts';
import { readMade, toMadeDocument } from './read-made.ts';
import { listLeafSteps } from './outline-steps.ts';
import { createSuggest, type Suggest } from './suggest-command.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';

export interface ShowCommandOptions {
  readonly history?: boolean;
  readonly items?: boolean;
  readonly tree?: boolean;
  readonly generation?: number;
  readonly db?: string;
}

function renderHistory(history: readonly Transition[], executionId: string, palette: Palette, columns: number): string {
  const prefix = `orchestrator/flow:${executionId}`;
  const toShort = (address: string): string => address.slice(prefix.length + 1) || 'flow';
  const addressColumns = Math.min(40, Math.max(4, ...history.map(({ address }) => toShort(address).length)));
  const seqColumns = String(history.at(-1)?.seq ?? 1).length;
  return history.map(({ seq, at, address, event, state }) => {
    const { type, ...rest } = event;
    const left = `${String(seq).padStart(seqColumns)}  ${formatTimeOfDay(at)}.${String(at % 1_000).padStart(3, '0')}  ${pad(toShort(address), addressColumns)}  ${pad(type, 22)} ${palette.arrow} `;
    const reached = state ?? 'ignored';
    const values = Object.keys(rest).length === 0 ? '' : toCompactJson(rest, Math.max(16, columns - left.length - reached.length - 3));
    return ` ${left}${paintStatus(palette, reached, reached)}  ${palette.dim(values)}`.trimEnd();
  }).join('\n');
}

/** None while it has not been scored. */
async function readAssertions(reader: RecordReader, execution: ExecutionRecord): Promise<readonly AssertionResult[]> {
  return (await readVerdict(reader, execution))?.assertions ?? [];
}

/** Says which life it is, when there is more than one. */
function describeGeneration({ executionId, generation }: ExecutionRecord, newest: ExecutionRecord, suggest: Suggest, palette: Palette): string {
  if (newest.generation === 1) return '';
  const other = generation > 1 ? generation - 1 : newest.generation;
  return `  generation ${generation} of ${newest.generation}  ${palette.dim(`(${other < generation ? 'the one before' : 'the newest'}: ${suggest(`show ${executionId} --generation ${other}`)})`)}`;
}

/** `show`: shows one execution with its steps, outputs and, if asked for, its history. Never takes ownership. */
export async function showCommand(id: string, options: ShowCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { stdout, env } = context;
  const suggest = createSuggest(context, options);
  const database = resolveDatabaseFile(options.db, context);
  requireDatabaseFile(database);
  const client = openClient(database, context);
  const { reader } = client;
  try {
    const newest = await requireExecution(reader, id);
    const record = await requireGeneration(reader, newest, options.generation);
    const plan = await new PlanRegistry().load(reader, record.digest);
    const details = await readDetails(reader, plan, record, { items: options.items });
    const history = options.history ? await gather(readHistory(reader, record)) : undefined;
    const assertions = plan.assertions.length === 0 ? [] : await readAssertions(reader, record);
    const labels = Object.entries(details.labels ?? {});
    const waits = await describeWaits(reader, record, await reader.getOwner(), context.cwd, suggest);
    const consolidation = await describeConsolidation(reader, record, createScreenPalette(stdout, env));
    const progress = record.settledAt === null ? await readProgress(reader, plan, record, context.clock.now()) : undefined;
    const made = await readMade(reader, record.executionId, { generation: record.generation });
    const palette = createScreenPalette(stdout, env);
    const columns = getColumns(stdout);
    const outputs = renderOutputs(details, listLeafSteps(plan.definition), palette, columns);
    const lines = [
      ` ${palette.bold(record.flowId)} ${record.flowVersion}  ${palette.dim(record.executionId)}${describeGeneration(record, newest, suggest, palette)}`,
      ` ${palette.dim('started')} ${formatDateTime(record.createdAt)}  ${palette.dim('input')} ${toCompactJson(details.input, columns - 40)}`,
      ...(labels.length > 0 ? [` ${labels.map(([name, value]) => `${palette.dim(toPlainLine(name))} ${toPlainLine(value)}`).join('  ')}`] : []),
      ...describeImport(record).map(line => ` ${palette.dim('imported')} ${toPlainLine(line)}`),
      '',
      options.tree ? renderStepTree((await readExecutionView(reader, plan, record)).steps.map(toTreeStep), palette, columns) : renderStepTable(details, palette, columns),
      ...(outputs ? ['', outputs] : []),
      ...(assertions.length > 0 ? ['', renderAssertions(assertions, palette, columns)] : []),
      ...(history ? ['', renderHistory(history, record.executionId, palette, columns)] : []),
      '',
      renderVerdict(details, palette, progress),
      ...(progress?.stalled ?? []).map(({ stepId, runningMs, expectedMs }) => `  ${palette.yellow(`${stepId} is stalled`)}: it runs for ${formatDuration(runningMs)} and usually takes ${formatDuration(expectedMs)}`),
      ...waits.flatMap(({ text, command }) => [`  ${text}${command === undefined ? '' : ':'}`, ...(command === undefined ? [] : [`    ${palette.cyan(command)}`])]),
      ...(made ? renderMade(made, palette) : []),
      ...(consolidation?.lines ?? []),
      `  ${palette.dim('stored in')}  ${database}`,
      ...(history ? [] : [`  ${palette.dim('next')}       ${palette.cyan(suggest(`show ${record.executionId} --history`))}`]),
      '',
    ];
    return {
      exitCode: exitCodes.passed,
      document: {
        ...toExecutionDocument(details, database),
        ...toMadeDocument(made),
        input: details.input,
        ...(details.labels && { labels: details.labels }),
        ...(assertions.length > 0 && { assertions }),
        ...(consolidation && { consolidation: consolidation.document }),
        ...(waits.length > 0 && { waitsFor: joinWaits(waits) }),
        ...(progress && { progress }),
        ...(options.items && { items: details.steps.filter(({ item }) => item !== undefined) }),
        ...(history && { history }),
      },
      text: lines.join('\n'),
    };
  } finally {
    client.close();
  }
}
