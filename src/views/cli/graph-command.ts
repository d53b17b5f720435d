import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import { PlanRegistry } from '../../runtime/plan-registry.ts';
import { openSqliteReader } from '../../sqlite.ts';
import { renderDefinitionDiagram } from '../mermaid/definition-diagram.ts';
import { renderExecutionDiagram } from '../mermaid/execution-diagram.ts';
import { renderFlowChart } from '../mermaid/flow-chart.ts';
import { readExecutionView } from '../read-execution-view.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution } from './find-execution.ts';

export interface GraphCommandOptions {
  readonly machine?: string;
  readonly execution?: string;
  readonly direction?: string;
  readonly type?: string;
  readonly db?: string;
}

function readDirection(given: string | undefined): 'TD' | 'LR' {
  if (given === undefined || given === 'TD' || given === 'LR') return given ?? 'TD';
  throw new FlowError('usage_invalid', `Expected --direction to be \`TD\` or \`LR\`, got \`${given}\``);
}

const types = ['flowchart', 'state'] as const;

function readType(given = 'flowchart'): (typeof types)[number] {
  const type = types.find(known => known === given);
  if (type) return type;
  throw new FlowError('usage_invalid', `Expected --type to be \`flowchart\` or \`state\`, got \`${given}\`${didYouMean(given, types)}`);
}

async function drawMachine(name: string): Promise<string> {
  const [{ hostedMachines }, { renderStateDiagram }] = await Promise.all([import('../mermaid/hosted-machines.ts'), import('../mermaid/state-diagram.ts')]);
  const machine = hostedMachines[name];
  if (machine) return renderStateDiagram(machine);
  const names = Object.keys(hostedMachines);
  throw new FlowError('machine_unknown', `Expected --machine to be ${names.map(known => `\`${known}\``).join(', ')}, got \`${name}\`${didYouMean(name, names)}`);
}

async function drawExecution(id: string, type: (typeof types)[number], direction: 'TD' | 'LR', db: string | undefined, context: CommandContext): Promise<{ flowId: string; mermaid: string }> {
  const database = resolveDatabaseFile(db, context);
  requireDatabaseFile(database);
  const reader = openSqliteReader({ file: database });
  try {
    const record = await requireExecution(reader, id);
    const plan = await new PlanRegistry().load(reader, record.digest);
    if (type === 'state') return { flowId: record.flowId, mermaid: renderExecutionDiagram(await readExecutionView(reader, plan, record), { direction }) };
    const rows = await reader.listSteps(record.key);
    const statuses = new Map(rows.filter(({ item }) => item === -1).map(({ stepId, status }) => [stepId, status]));
    return { flowId: record.flowId, mermaid: renderFlowChart(plan.definition, { direction, statuses }) };
  } finally {
    reader.close();
  }
}

/** `graph`: draws a flow, an execution of it, or one of the machines underneath, as Mermaid text. */
export async function graphCommand(file: string | undefined, options: GraphCommandOptions, context: CommandContext): Promise<CommandResult> {
  const direction = readDirection(options.direction);
  const type = readType(options.type);
  if (options.machine !== undefined) {
    const mermaid = await drawMachine(options.machine);
    return { exitCode: exitCodes.passed, document: { machine: options.machine, mermaid }, text: mermaid };
  }
  if (options.execution !== undefined) {
    const drawn = await drawExecution(options.execution, type, direction, options.db, context);
    return { exitCode: exitCodes.passed, document: drawn, text: drawn.mermaid };
  }
  if (file === undefined) throw new FlowError('usage_invalid', 'Expected a FILE, --execution ID or --machine NAME to draw, got none of them');
  const [{ loadDefinition }, { resolve }] = await Promise.all([import('./load-definition.ts'), import('node:path')]);
  const definition = await loadDefinition(resolve(context.cwd, file));
  const mermaid = type === 'state' ? renderDefinitionDiagram(definition, { direction }) : renderFlowChart(definition, { direction });
  return { exitCode: exitCodes.passed, document: { flowId: definition.id, mermaid }, text: mermaid };
}
