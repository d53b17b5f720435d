import { FlowError, isFlowError } from '../../core/errors.ts';
import type { Runtime } from '../../runtime/api.ts';
import { createRuntime } from '../../runtime/create-runtime.ts';
import { PlanRegistry } from '../../runtime/plan-registry.ts';
import { openSqliteReader, openSqliteStore } from '../../sqlite.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { enterStartFolder } from './enter-start-folder.ts';
import { toReportDocument } from './end-report.ts';
import { toExecutionDocument } from './execution-document.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution } from './find-execution.ts';
import { createView, followExecutions } from './follow-executions.ts';
import { loadNewFlows } from './load-new-flows.ts';
import { loadToolsModule } from './load-tools.ts';
import { tellOwner } from './reach-execution.ts';
import { readMade, toMadeDocument } from './read-made.ts';
import { renderRunReport } from './run-report.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';
import { createSuggest } from './suggest-command.ts';
import { toSignalExitCode } from './stop-signals.ts';

export interface RetryCommandOptions {
  readonly cascade: boolean;
  readonly tools?: string;
  readonly flow?: readonly string[];
  readonly onNewDefinition?: boolean;
  readonly db?: string;
  readonly workers?: number;
}

/** An owner may come or go between looking and acting; after so many turns somebody is told. */
const maxTurns = 5;

/** `retry`: runs steps of a settled execution again, here or in the process that owns the database. */
export async function retryCommand(id: string, steps: readonly string[], options: RetryCommandOptions, context: CommandContext): Promise<CommandResult> {
  const database = resolveDatabaseFile(options.db, context);
  requireDatabaseFile(database);
  const reader = openSqliteReader({ file: database });
  try {
    const { executionId } = await requireExecution(reader, id);
    for (let turn = 1; ; turn++) {
      const owner = await reader.getOwner();
      try {
        if (!owner) return await retryHere(executionId, steps, options, database, context);
        if (options.flow || options.onNewDefinition || options.tools !== undefined || options.workers !== undefined) {
          throw new FlowError('usage_invalid', `Expected nobody to work on ${database}: process ${owner.pid} does, and runs it with what that process has. Leave out --flow, --on-new-definition, --tools and --workers, or stop it first`);
        }
        const generation = await tellOwner(owner, connection => connection.retry(executionId, { steps, cascade: options.cascade }));
        const { flowId, status } = await requireExecution(reader, executionId);
        return {
          exitCode: exitCodes.passed,
          document: { executionId, flowId, status, generation, deliveredTo: owner.pid, database },
          text: `Began generation ${generation} of ${executionId} (${flowId}). Process ${owner.pid} runs it.\n`,
        };
      } catch (error) {
        const passed = isFlowError(error, 'store_owned') || (isFlowError(error, 'owner_unreachable') && owner?.socket != null);
        if (!passed || turn >= maxTurns) throw error;
      }
    }
  } finally {
    reader.close();
  }
}

async function retryHere(executionId: string, steps: readonly string[], options: RetryCommandOptions, database: string, context: CommandContext): Promise<CommandResult> {
  const { clock, cwd, env, stdout } = context;
  const suggest = createSuggest(context, options);
  const { tools, models } = await loadToolsModule(options.tools, cwd);
  const flows = await loadNewFlows(options.flow ?? [], cwd, tools);
  const store = openSqliteStore({ file: database });
  let runtime: Runtime | undefined;
  try {
    const record = await requireExecution(store, executionId);
    const view = await createView(context);
    enterStartFolder([record], cwd, view, suggest);
    runtime = await createRuntime({ store, tools, flows, clock, recover: false, ...(models && { models }), ...(options.workers !== undefined && { maxRunningSteps: options.workers }) });
    const execution = await runtime.retry(executionId, { steps, cascade: options.cascade, onNewDefinition: options.onNewDefinition ?? false });
    const { digest, generation } = await requireExecution(store, executionId);
    const { definition } = await new PlanRegistry().load(store, digest);
    const { steps: now } = await execution.get();
    const kept = now.filter(({ item, keptFrom }) => item === undefined && keptFrom !== undefined).length;
    view.note(`Generation ${generation} of ${executionId}: keeps ${kept} of ${definition.steps.length} steps`);
    const { executions: [details], stoppedBy, reports } = await followExecutions(runtime, store, database, [{ execution, flowId: record.flowId, definition }], view, suggest);
    if (!details) throw new Error('The execution that was followed is missing');
    // After a stop the store is closed.
    const made = stoppedBy !== undefined ? undefined : await readMade(store, executionId, { files: true });
    const ended = details.passed ? exitCodes.passed : exitCodes.notPassed;
    return {
      exitCode: stoppedBy === undefined || details.settledAt !== null ? ended : toSignalExitCode(stoppedBy),
      document: { ...toExecutionDocument(details, database), ...toMadeDocument(made), ...toReportDocument(reports.get(executionId)) },
      text: renderRunReport(details, definition, { palette: createScreenPalette(stdout, env), columns: getColumns(stdout), database, suggest, made, reportFile: reports.get(executionId) }),
    };
  } finally {
    if (runtime) await runtime.stop();
    else store.close();
  }
}
