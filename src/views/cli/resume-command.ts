import { resolve } from 'node:path';
import { compileFlow } from '../../definition/compile-flow.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import type { Records } from '../../../persistence/store.ts';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import type { Runtime } from '../../runtime/api.ts';
import type { ExecutionDetails } from '../../kinds/flows/execution-api.ts';
import { createRuntime } from '../../runtime/create-runtime.ts';
import { openOwned } from './open-owned.ts';
import { formatReason } from '../terminal/step-line.ts';
import { renderVerdict } from '../terminal/result-report.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { enterStartFolder } from './enter-start-folder.ts';
import { toReportDocument } from './end-report.ts';
import { toExecutionDocument } from './execution-document.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution } from './find-execution.ts';
import { countProgress, describeResumed, listUnfinished, withDescendants } from './find-unfinished.ts';
import { createView, followExecutions, readBase, type Base, type Followed } from './follow-executions.ts';
import { loadNewFlows } from './load-new-flows.ts';
import { loadToolsModule } from './load-tools.ts';
import { readMade, toMadeDocument, type Made } from './read-made.ts';
import { renderRunReport } from './run-report.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';
import { createSuggest } from './suggest-command.ts';
import { findCommonTools, findStartTools } from './start-folder.ts';
import { toSignalExitCode } from './stop-signals.ts';
import { readDefinition } from '../../definition/compile-stored.ts';

export interface ResumeCommandOptions {
  readonly tools?: string;
  readonly flow?: readonly string[];
  readonly onNewDefinition?: boolean;
  readonly db?: string;
  readonly outputDir?: string;
  readonly workers?: number;
}

async function loadDefinition(store: Records, { digest }: ExecutionRecord): Promise<FlowDefinition | undefined> {
  const record = await store.getDefinition(digest);
  return record && readDefinition(record);
}

/** Executions that can be followed, and those that this program has not the tools for. */
async function sortOut(runtime: Runtime, store: Records, records: readonly ExecutionRecord[]): Promise<{ followed: Followed[]; blocked: ExecutionDetails[] }> {
  const followed: Followed[] = [];
  const blocked: ExecutionDetails[] = [];
  const states = new Map((await runtime.list({ status: ['pending', 'stepping', 'consolidating'], limit: Number.MAX_SAFE_INTEGER })).map(summary => [summary.executionId, summary]));
  for (const record of records) {
    const { executionId, flowId } = record;
    const execution = await runtime.get(executionId);
    const blockedBy = states.get(executionId)?.blockedBy;
    const definition = await loadDefinition(store, record);
    if (blockedBy || !definition) blocked.push({ ...await execution.get(), ...(blockedBy && { blockedBy }) });
    else followed.push({ execution, flowId, definition });
  }
  return { followed, blocked };
}

function chooseExitCode(executions: readonly ExecutionDetails[], blocked: readonly ExecutionDetails[], stoppedBy: NodeJS.Signals | undefined): number {
  if (stoppedBy !== undefined && executions.some(({ settledAt }) => settledAt === null)) return toSignalExitCode(stoppedBy);
  if (blocked.length > 0) return exitCodes.couldNotRun;
  return executions.every(({ passed }) => passed === true) ? exitCodes.passed : exitCodes.notPassed;
}

/** `resume`: goes on with unfinished executions, all or those named, and shows them until they settle. */
export async function resumeCommand(ids: readonly string[], options: ResumeCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { clock, cwd, env, stdout } = context;
  const folder = options.outputDir === undefined ? undefined : resolve(cwd, options.outputDir);
  const database = resolveDatabaseFile(options.db, context);
  requireDatabaseFile(database);
  const palette = createScreenPalette(stdout, env);

  const store = openOwned(database, context);
  let runtime: Runtime | undefined;
  try {
    const unfinished = await listUnfinished(store);
    const named = await Promise.all(ids.map(id => requireExecution(store, id)));
    // As `run` was given them, or found them beside the flow.
    const toolsFile = options.tools ?? findCommonTools(ids.length === 0 ? unfinished : named, cwd);
    const suggest = createSuggest(context, { ...options, tools: toolsFile });
    const { tools, models, machines } = await loadToolsModule(toolsFile, cwd);
    const flows = await loadNewFlows(options.flow ?? [], cwd, { tools, machines });
    const digests = new Map(flows.map(flow => [flow.id, compileFlow(flow).digest]));
    const isChanged = ({ flowId, digest, parentId }: ExecutionRecord): boolean => parentId === null && (digests.get(flowId) ?? digest) !== digest;
    const isWanted = (record: ExecutionRecord): boolean => record.settledAt === null || (options.onNewDefinition === true && isChanged(record));
    const settled = named.filter(record => !isWanted(record));
    const wanted = ids.length === 0 ? unfinished.filter(({ parentId }) => parentId === null).toReversed() : named.filter(isWanted);
    if (wanted.length === 0 && settled.length === 0) return { exitCode: exitCodes.passed, document: { executions: [] }, text: 'Nothing to resume: every execution has settled.\n' };

    // What has changed is not gone on with as it is: either on the new definition, or not at all.
    const changed = wanted.filter(isChanged);
    const ours = withDescendants(unfinished, wanted.filter(record => !isChanged(record)).map(({ executionId }) => executionId));
    const before = new Map<string, { readonly base: Base; readonly progress: Awaited<ReturnType<typeof countProgress>> }>();
    for (const record of wanted) if (!isChanged(record)) before.set(record.executionId, { base: await readBase(store, record), progress: await countProgress(store, record) });
    const view = await createView(context);
    enterStartFolder(wanted, cwd, view, suggest);
    runtime = await createRuntime({
      store, tools, machines, flows, clock,
      recover: ({ executionId }) => ours.has(executionId),
      ...(options.workers !== undefined && { maxRunningSteps: options.workers }),
      ...(toolsFile !== undefined && { isolation: { tools: resolve(cwd, toolsFile) } }),
      ...(models && { models }),
      ...(folder !== undefined && { outputDir: ({ executionId }) => (wanted.some(record => record.executionId === executionId) ? folder : undefined) }),
    });
    for (const { executionId } of changed) await runtime.resume(executionId, { onNewDefinition: options.onNewDefinition ?? false });
    const begun = await Promise.all(wanted.map(({ executionId }) => requireExecution(store, executionId)));
    const { followed, blocked } = await sortOut(runtime, store, begun);
    const records = new Map(begun.map(record => [record.executionId, record]));
    for (const { executionId, generation } of begun) if (changed.some(one => one.executionId === executionId)) view.note(`Generation ${generation} of ${executionId}, on the new definition`);
    for (const { execution: { executionId }, definition } of followed) {
      const progress = before.get(executionId)?.progress;
      if (progress) view.note(describeResumed(executionId, definition.steps.length, progress));
    }
    for (const { executionId, flowId, blockedBy } of blocked) {
      view.note(`Not resumed: ${executionId} (${flowId})${blockedBy ? `, ${formatReason(blockedBy)}` : ': its definition is missing'}`);
      const own = records.get(executionId);
      const module = own && findStartTools(own, cwd);
      if (blockedBy?.code === 'value_unknown') view.note(`  to resume it, with the module that exports its flow: ${suggest(`resume ${executionId} --flow FILE`)}`);
      else if (module !== undefined && module !== toolsFile) view.note(`  to resume it: ${suggest(`resume ${executionId}`, { tools: module })}`);
    }
    for (const { executionId } of settled) view.note(`${executionId} had settled before`);

    const earlier: ExecutionDetails[] = [];
    for (const { executionId } of settled) earlier.push(await (await runtime.get(executionId)).get());
    const { executions, stoppedBy, reports } = await followExecutions(runtime, store, database, followed.map(one => ({ ...one, base: before.get(one.execution.executionId)?.base })), view, suggest);
    const all = [...earlier, ...executions, ...blocked];
    const only = followed.length === 1 && all.length === 1 ? followed[0] : undefined;
    const made = new Map<string, Made>();
    // After a stop the store is closed.
    for (const { executionId } of stoppedBy === undefined ? all : []) {
      const found = await readMade(store, executionId, { files: true });
      if (found) made.set(executionId, found);
    }
    const columns = getColumns(stdout);
    const text = only && all[0]
      ? renderRunReport(all[0], only.definition, { palette, columns, database, suggest, made: made.get(all[0].executionId), reportFile: reports.get(all[0].executionId) })
      : `\n${all.map(execution => `${renderVerdict(execution, palette)}  ${palette.dim(execution.executionId)}`).join('\n')}\n  ${palette.dim('stored in')}  ${database}\n`;
    return {
      exitCode: chooseExitCode([...earlier, ...executions], blocked, stoppedBy),
      document: { executions: all.map(execution => ({ ...toExecutionDocument(execution, database), ...toMadeDocument(made.get(execution.executionId)), ...toReportDocument(reports.get(execution.executionId)) })) },
      text,
    };
  } finally {
    if (runtime) await runtime.stop();
    else store.close();
  }
}
