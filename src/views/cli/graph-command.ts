import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { PlanRegistry } from '../../kinds/flows/plan-registry.ts';
import { renderDefinitionDiagram } from '../mermaid/definition-diagram.ts';
import { renderExecutionDiagram } from '../mermaid/execution-diagram.ts';
import { renderFlowChart } from '../mermaid/flow-chart.ts';
import { mapAlternatives } from '../mermaid/alternatives.ts';
import { describeStep, formatExpression } from '../mermaid/step-lines.ts';
import { readExecutionView } from '../read-execution-view.ts';
import type { Palette } from '../terminal/palette.ts';
import { renderStepTree, toTreeStep } from '../terminal/step-tree.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { requireExecution, requireGeneration } from './find-execution.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';

export interface GraphCommandOptions {
  readonly machine?: string;
  readonly execution?: string;
  readonly direction?: string;
  readonly type?: string;
  readonly generation?: number;
  readonly db?: string;
  readonly tools?: string;
}

function readDirection(given: string | undefined): 'TD' | 'LR' {
  if (given === undefined || given === 'TD' || given === 'LR') return given ?? 'TD';
  throw new FlowError('usage_invalid', `Expected --direction to be \`TD\` or \`LR\`, got \`${given}\``);
}

const types = ['flowchart', 'state', 'tree'] as const;
type GraphType = (typeof types)[number];

function readType(given = 'flowchart'): GraphType {
  const type = types.find(known => known === given);
  if (type) return type;
  throw new FlowError('usage_invalid', `Expected --type to be \`flowchart\`, \`state\` or \`tree\`, got \`${given}\`${didYouMean(given, types)}`);
}

async function drawMachine(name: string): Promise<string> {
  const [{ hostedMachines }, { renderStateDiagram }] = await Promise.all([import('../mermaid/hosted-machines.ts'), import('../mermaid/state-diagram.ts')]);
  const machine = hostedMachines[name];
  if (machine) return renderStateDiagram(machine);
  const names = Object.keys(hostedMachines);
  throw new FlowError('machine_unknown', `Expected --machine to be ${names.map(known => `\`${known}\``).join(', ')}, got \`${name}\`${didYouMean(name, names)}`);
}

/** What was drawn: Mermaid text, or a tree for the terminal. */
type Drawing = { readonly mermaid: string } | { readonly tree: string };

interface DrawOptions {
  readonly type: GraphType;
  readonly direction: 'TD' | 'LR';
  readonly palette: Palette;
  readonly columns: number;
}

async function drawExecution(id: string, { generation, db }: GraphCommandOptions, { type, direction, palette, columns }: DrawOptions, context: CommandContext): Promise<{ flowId: string; drawing: Drawing }> {
  const database = resolveDatabaseFile(db, context);
  requireDatabaseFile(database);
  const client = openClient(database, context);
  const { reader } = client;
  try {
    const record = await requireGeneration(reader, await requireExecution(reader, id), generation);
    const plan = await new PlanRegistry().load(reader, record.digest);
    const { flowId } = record;
    if (type === 'state') return { flowId, drawing: { mermaid: renderExecutionDiagram(await readExecutionView(reader, plan, record), { direction }) } };
    if (type === 'tree') return { flowId, drawing: { tree: `${renderStepTree((await readExecutionView(reader, plan, record)).steps.map(toTreeStep), palette, columns)}\n` } };
    const rows = await reader.listSteps(record.key);
    const statuses = new Map(rows.filter(({ item }) => item === -1).map(({ stepId, status }) => [stepId, status]));
    return { flowId, drawing: { mermaid: renderFlowChart(plan.definition, { direction, statuses }) } };
  } finally {
    client.close();
  }
}

function drawDefinition(definition: FlowDefinition, { type, direction, palette, columns }: DrawOptions): Drawing {
  if (type === 'state') return { mermaid: renderDefinitionDiagram(definition, { direction }) };
  if (type === 'flowchart') return { mermaid: renderFlowChart(definition, { direction }) };
  const originals = mapAlternatives(definition.steps);
  const steps = definition.steps.map(step => {
    const original = originals.get(step.id);
    const [stepId = '', uses = '', ...more] = describeStep(step);
    return { stepId, dependsOn: original === undefined ? step.depends_on : [original], figures: [uses], note: [...more, ...(original === undefined ? [] : [`alternative of ${original}`]), ...(step.when === undefined ? [] : [`if ${formatExpression(step.when)}`])].join(', ') };
  });
  return { tree: `${renderStepTree(steps, palette, columns)}\n` };
}

function toResult(named: { readonly flowId: string } | { readonly machine: string }, drawing: Drawing): CommandResult {
  return { exitCode: exitCodes.passed, document: { ...named, ...drawing }, text: 'tree' in drawing ? drawing.tree : drawing.mermaid };
}

/** `graph`: draws a flow, an execution of it, or one of the machines underneath, as Mermaid text or as a tree. */
export async function graphCommand(file: string | undefined, options: GraphCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { stdout, env } = context;
  const draw = { direction: readDirection(options.direction), type: readType(options.type), palette: createScreenPalette(stdout, env), columns: getColumns(stdout) };
  if (options.machine !== undefined) return toResult({ machine: options.machine }, { mermaid: await drawMachine(options.machine) });
  if (options.execution !== undefined) {
    const { flowId, drawing } = await drawExecution(options.execution, options, draw, context);
    return toResult({ flowId }, drawing);
  }
  if (file === undefined) throw new FlowError('usage_invalid', 'Expected a FILE, --execution ID or --machine NAME to draw, got none of them');
  const [{ loadDefinition }, { loadToolsModule }, { resolve }] = await Promise.all([import('./load-definition.ts'), import('./load-tools.ts'), import('node:path')]);
  // It may define kinds of steps that the flow uses.
  if (options.tools !== undefined) await loadToolsModule(options.tools, context.cwd);
  const definition = await loadDefinition(resolve(context.cwd, file));
  return toResult({ flowId: definition.id }, drawDefinition(definition, draw));
}
