import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { agentLabel } from '../../catalog/read-stats.ts';
import { defaultTimeLimitMs } from '../../evaluator/evaluation-task.ts';
import { compileFlow } from '../../definition/compile-flow.ts';
import { validateInput } from '../../definition/input-schema.ts';
import { toDefinitionError } from '../../definition/problem.ts';
import type { Inspector } from '../../inspector-server/open-inspector.ts';
import { openInspector } from '../../inspector-server/open-inspector.ts';
import type { Runtime } from '../../runtime/api.ts';
import { createRuntime } from '../../runtime/create-runtime.ts';
import { openOwned } from './open-owned.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';
import { checkReferences } from './check-references.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { prepareDatabaseFolder, resolveDatabaseFile } from './database-file.ts';
import { toReportDocument } from './end-report.ts';
import { toExecutionDocument } from './execution-document.ts';
import { exitCodes } from './exit-codes.ts';
import { countProgress, describeResumed, findSameRun, listUnfinished, withDescendants } from './find-unfinished.ts';
import { beginning, createView, followExecutions, readBase } from './follow-executions.ts';
import { readModulePlace } from './flow-exports.ts';
import { readJsonArgument } from './json-argument.ts';
import { readLabel } from './label-argument.ts';
import { loadFlows } from './load-flows.ts';
import { loadSynced } from './load-synced.ts';
import { findToolsBeside, loadToolsModule } from './load-tools.ts';
import { readMade, toMadeDocument } from './read-made.ts';
import { renderRunReport } from './run-report.ts';
import { createRunKey } from './start-folder.ts';
import { createSuggest } from './suggest-command.ts';
import { toSignalExitCode } from './stop-signals.ts';

export interface RunCommandOptions {
  readonly input?: string;
  readonly tools?: string;
  readonly flow?: readonly string[];
  readonly db?: string;
  readonly workers?: number;
  readonly agent?: string;
  readonly label?: readonly string[];
  readonly outputDir?: string;
  readonly new?: boolean;
  readonly isolate?: boolean;
  readonly idempotencyKey?: string;
  readonly report?: string;
  readonly step?: boolean;
  /** A port; true: any. */
  readonly inspect?: number | true;
}

function readLabels({ agent, label = [] }: RunCommandOptions): Record<string, string> {
  const labels: Record<string, string> = agent === undefined ? {} : { [agentLabel]: agent };
  for (const text of label) {
    const { name, value } = readLabel(text);
    labels[name] = value;
  }
  return labels;
}

/** Prints where the page is; undefined: none is asked for. */
async function openInspectorFor(runtime: Runtime, { step, inspect }: RunCommandOptions, { stderr }: CommandContext): Promise<Inspector | undefined> {
  if (!step && inspect === undefined) return undefined;
  const inspector = await openInspector(runtime, { ...(typeof inspect === 'number' && { port: inspect }), ...(step && { control: true }) });
  stderr.write(`Inspector: ${inspector.url}\n`);
  return inspector;
}

/** `run`: starts a flow, or goes on with the same run that was cut off, and shows it until it settles. */
export async function runCommand(file: string, options: RunCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { cwd, clock, stdout, env } = context;
  const toolsFile = options.tools ?? findToolsBeside(file, cwd);
  const suggest = createSuggest(context, { ...options, ...(toolsFile !== undefined && { tools: toolsFile }), ...(readModulePlace(file) && { flow: [file, ...(options.flow ?? [])] }) });
  const given = options.input === undefined ? {} : readJsonArgument(options.input, '--input', cwd);
  const { tools, models, machines } = await loadToolsModule(toolsFile, cwd);
  const database = resolveDatabaseFile(options.db, context);
  const synced = existsSync(resolve(cwd, readModulePlace(file)?.file ?? file)) ? undefined : await loadSynced(file, database, context);
  const [definition, ...others] = synced ?? await loadFlows(file, options.flow ?? [], cwd, { tools, machines });
  const problems = synced ? [] : checkReferences(resolve(cwd, file), definition, [definition, ...others]);
  if (problems.length > 0) throw toDefinitionError(problems, file);
  // With the schema's defaults, as it is stored.
  const input = await validateInput(definition, given, defaultTimeLimitMs);
  const { digest } = compileFlow(definition);
  prepareDatabaseFolder(database);
  const folder = options.outputDir === undefined ? undefined : resolve(cwd, options.outputDir);

  const store = openOwned(database, context);
  let runtime: Runtime | undefined;
  let inspector: Inspector | undefined;
  try {
    const unfinished = await listUnfinished(store);
    const same = options.new ? undefined : findSameRun(unfinished, { flowId: definition.id, digest, input, cwd, idempotencyKey: options.idempotencyKey });
    const before = same && await countProgress(store, same);
    const resumedFrom = same && await readBase(store, same);
    const ours = withDescendants(unfinished, same ? [same.executionId] : []);
    runtime = await createRuntime({
      store,
      tools,
      machines,
      flows: [definition, ...others],
      clock,
      recover: ({ executionId }) => ours.has(executionId),
      ...(options.workers !== undefined && { maxRunningSteps: options.workers }),
      ...(toolsFile !== undefined && { isolation: { tools: resolve(cwd, toolsFile) } }),
      // What is to be stepped runs in this process.
      ...(options.step && { isolation: false as const }),
      ...(models && { models }),
      ...(folder !== undefined && { outputDir: ({ flowId }) => (flowId === definition.id ? folder : undefined) }),
    });
    if (options.step && same) await runtime.debug.pause(same.executionId);
    else if (options.step) runtime.debug.pauseOnStart(definition.id);
    inspector = await openInspectorFor(runtime, options, context);
    const execution = same
      ? await runtime.get(same.executionId)
      : await runtime.start(definition.id, { input, labels: readLabels(options), idempotencyKey: options.idempotencyKey ?? createRunKey(clock.now(), cwd, toolsFile), ...(options.isolate !== undefined && !options.step && { isolate: options.isolate }) });

    const view = await createView(context);
    if (same && before) view.note(describeResumed(same.executionId, definition.steps.length, before));
    else if (!execution.created) view.note(`${execution.executionId} was started with this idempotency key before`);
    const left = unfinished.filter(({ executionId, parentId }) => parentId === null && !ours.has(executionId) && executionId !== execution.executionId);
    if (left.length > 0) view.note(`${left.length} other unfinished ${left.length === 1 ? 'execution' : 'executions'}: ${suggest('resume')}`);

    const report = options.report === undefined ? undefined : resolve(cwd, options.report);
    const { executions: [details], stoppedBy, reports } = await followExecutions(runtime, store, database, [{ execution, flowId: definition.id, definition, base: execution.created ? beginning : resumedFrom, report }], view, suggest);
    if (!details) throw new Error('The execution that was followed is missing');
    // After a stop the store is closed.
    const made = stoppedBy !== undefined ? undefined : await readMade(store, details.executionId, { files: true, folder });
    const assertions = stoppedBy !== undefined ? [] : ((await runtime.consolidated(details.executionId))?.assertions ?? []);
    const ended = details.passed ? exitCodes.passed : exitCodes.notPassed;
    return {
      exitCode: stoppedBy === undefined || details.settledAt !== null ? ended : toSignalExitCode(stoppedBy),
      document: { ...toExecutionDocument(details, database), ...(assertions.length > 0 && { assertions }), ...toMadeDocument(made), ...toReportDocument(reports.get(details.executionId)) },
      text: renderRunReport(details, definition, {
        palette: createScreenPalette(stdout, env),
        columns: getColumns(stdout),
        database,
        suggest,
        made,
        assertions,
        reportFile: reports.get(details.executionId),
      }),
    };
  } finally {
    await inspector?.close();
    if (runtime) await runtime.stop();
    else store.close();
  }
}
