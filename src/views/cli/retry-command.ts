import { resolve } from 'node:path';
import type { OwnerRecord } from '../../../persistence/records.ts';
import { FlowError } from '../../core/errors.ts';
import type { Runtime } from '../../runtime/api.ts';
import { createRuntime } from '../../runtime/create-runtime.ts';
import { PlanRegistry } from '../../kinds/flows/plan-registry.ts';
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
import { openClientForWork } from './database-client.ts';
import { openOwned } from './open-owned.ts';
import { readMade, toMadeDocument } from './read-made.ts';
import { renderRunReport } from './run-report.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';
import { createSuggest } from './suggest-command.ts';
import { findStartTools } from './start-folder.ts';
import { toSignalExitCode } from './stop-signals.ts';

export interface RetryCommandOptions {
  readonly cascade: boolean;
  readonly tools?: string;
  readonly flow?: readonly string[];
  readonly onNewDefinition?: boolean;
  readonly db?: string;
  readonly outputDir?: string;
  readonly workers?: number;
}

/** What only the process that runs the retry can be told. */
const ownOptions = { tools: '--tools', flow: '--flow', onNewDefinition: '--on-new-definition', outputDir: '--output-dir', workers: '--workers' } as const;

/** @throws a `FlowError` with code `store_owned` when the owner is asked for what it cannot be given */
function requireNoOwnOptions(options: RetryCommandOptions, owner: OwnerRecord, database: string): void {
  const given = (Object.keys(ownOptions) as (keyof typeof ownOptions)[]).filter(name => options[name] !== undefined).map(name => ownOptions[name]);
  if (given.length === 0) return;
  throw new FlowError('store_owned', `Expected ${database} to have no owner, but it is owned by process ${owner.pid}, which runs a retry with what it has itself. Leave out ${given.join(', ')} to ask it to, or stop that process or wait for its end`, {
    details: { location: database, owner },
  });
}

/** `retry`: runs steps of a settled execution again, here or in the process that owns the database. */
export async function retryCommand(id: string, steps: readonly string[], options: RetryCommandOptions, context: CommandContext): Promise<CommandResult> {
  const database = resolveDatabaseFile(options.db, context);
  requireDatabaseFile(database);
  const client = openClientForWork(database, context);
  try {
    const { reader } = client;
    const { executionId } = await requireExecution(reader, id);
    const { answer } = await client.reach(
      async (runtime, owner): Promise<CommandResult> => {
        if (owner) requireNoOwnOptions(options, owner, database);
        const generation = await runtime.retry(executionId, { steps, cascade: options.cascade });
        const { flowId, status } = await requireExecution(reader, executionId);
        return {
          exitCode: exitCodes.passed,
          document: { executionId, flowId, status, generation, deliveredTo: owner?.pid ?? null, database },
          text: `Began generation ${generation} of ${executionId} (${flowId}). Process ${owner?.pid} runs it.\n`,
        };
      },
      () => retryHere(executionId, steps, options, database, context),
    );
    return answer;
  } finally {
    client.close();
  }
}

async function retryHere(executionId: string, steps: readonly string[], options: RetryCommandOptions, database: string, context: CommandContext): Promise<CommandResult> {
  const { clock, cwd, env, stdout } = context;
  const folder = options.outputDir === undefined ? undefined : resolve(cwd, options.outputDir);
  const store = openOwned(database, context);
  let runtime: Runtime | undefined;
  try {
    const record = await requireExecution(store, executionId);
    // As `run` was given them, or found them beside the flow.
    const toolsFile = options.tools ?? findStartTools(record, cwd);
    const suggest = createSuggest(context, { ...options, tools: toolsFile });
    const { tools, models, machines } = await loadToolsModule(toolsFile, cwd);
    const flows = await loadNewFlows(options.flow ?? [], cwd, { tools, machines });
    const view = await createView(context);
    enterStartFolder([record], cwd, view, suggest);
    runtime = await createRuntime({
      store, tools, machines, flows, clock, recover: false,
      ...(models && { models }),
      ...(options.workers !== undefined && { maxRunningSteps: options.workers }),
      ...(folder !== undefined && { outputDir: ({ executionId: one }) => (one === executionId ? folder : undefined) }),
    });
    const execution = await runtime.retry(executionId, { steps, cascade: options.cascade, onNewDefinition: options.onNewDefinition ?? false });
    const { digest, generation } = await requireExecution(store, executionId);
    const { definition } = await new PlanRegistry().load(store, digest);
    const { steps: now } = await execution.get();
    const kept = now.filter(({ item, keptFrom }) => item === undefined && keptFrom !== undefined).length;
    view.note(`Generation ${generation} of ${executionId}: keeps ${kept} of ${definition.steps.length} steps`);
    const { executions: [details], stoppedBy, reports } = await followExecutions(runtime, store, database, [{ execution, flowId: record.flowId, definition }], view, suggest);
    if (!details) throw new Error('The execution that was followed is missing');
    // After a stop the store is closed.
    const made = stoppedBy !== undefined ? undefined : await readMade(store, executionId, { files: true, folder });
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
