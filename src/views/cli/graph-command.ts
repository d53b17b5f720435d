import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import { openSqliteReader } from '../../sqlite.ts';
import { renderFlowChart } from '../mermaid/flow-chart.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution } from './find-execution.ts';
import type { StepStatus } from '../../../persistence/records.ts';
import type { FlowDefinition } from '../../definition/schema.ts';

export interface GraphCommandOptions {
  readonly machine?: string;
  readonly execution?: string;
  readonly direction?: string;
  readonly db?: string;
}

function readDirection(given: string | undefined): 'TD' | 'LR' {
  if (given === undefined || given === 'TD' || given === 'LR') return given ?? 'TD';
  throw new FlowError('usage_invalid', `Expected --direction to be \`TD\` or \`LR\`, got \`${given}\``);
}

async function drawMachine(name: string): Promise<string> {
  const [{ hostedMachines }, { renderStateDiagram }] = await Promise.all([import('../mermaid/hosted-machines.ts'), import('../mermaid/state-diagram.ts')]);
  const machine = hostedMachines[name];
  if (machine) return renderStateDiagram(machine);
  const names = Object.keys(hostedMachines);
  throw new FlowError('machine_unknown', `Expected --machine to be ${names.map(known => `\`${known}\``).join(', ')}, got \`${name}\`${didYouMean(name, names)}`);
}

async function readExecution(id: string, db: string | undefined, context: CommandContext): Promise<{ definition: FlowDefinition; statuses: Map<string, StepStatus> }> {
  const database = resolveDatabaseFile(db, context);
  requireDatabaseFile(database);
  const reader = openSqliteReader({ file: database });
  try {
    const record = await requireExecution(reader, id);
    const stored = await reader.getDefinition(record.digest);
    if (!stored) throw new FlowError('definition_missing', `Expected the definition of ${record.executionId} in ${database}, found none`);
    const rows = await reader.listSteps(record.key);
    const statuses = new Map(rows.filter(({ item }) => item === -1).map(({ stepId, status }) => [stepId, status]));
    return { definition: JSON.parse(stored.definition) as FlowDefinition, statuses };
  } finally {
    reader.close();
  }
}

/** `graph`: draws a flow, an execution of it, or one of the machines underneath, as Mermaid text. */
export async function graphCommand(file: string | undefined, options: GraphCommandOptions, context: CommandContext): Promise<CommandResult> {
  const direction = readDirection(options.direction);
  if (options.machine !== undefined) {
    const mermaid = await drawMachine(options.machine);
    return { exitCode: exitCodes.passed, document: { machine: options.machine, mermaid }, text: mermaid };
  }
  if (options.execution !== undefined) {
    const { definition, statuses } = await readExecution(options.execution, options.db, context);
    const mermaid = renderFlowChart(definition, { direction, statuses });
    return { exitCode: exitCodes.passed, document: { flowId: definition.id, mermaid }, text: mermaid };
  }
  if (file === undefined) throw new FlowError('usage_invalid', 'Expected a FILE, --execution ID or --machine NAME to draw, got none of them');
  const [{ loadFlow }, { resolve }] = await Promise.all([import('../../definition/load-flow.ts'), import('node:path')]);
  const definition = await loadFlow(resolve(context.cwd, file));
  const mermaid = renderFlowChart(definition, { direction });
  return { exitCode: exitCodes.passed, document: { flowId: definition.id, mermaid }, text: mermaid };
}
