import { FlowError, isFlowError } from '../../core/errors.ts';
import { checkActors, readStoredActors } from '../../kinds/actors/check-actors.ts';
import { adoptPlans, PlanRegistry } from '../../kinds/flows/plan-registry.ts';
import { Obstacles } from '../../kinds/flows/may-go-on.ts';
import { builtInTools } from '../../tools/built-in.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient } from './database-client.ts';
import { hasDatabase, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { loadFlows } from './load-flows.ts';
import type { ToolsModule } from './load-tools.ts';
import { loadToolsModule } from './load-tools.ts';

export interface CheckDatabaseOptions {
  readonly db: string;
  readonly tools?: string;
  readonly flow?: readonly string[];
}

/** Something that is stored, unfinished, and would stand still. */
interface Stuck {
  readonly kind: 'execution' | 'actor';
  readonly id: string;
  readonly code: string;
  readonly message: string;
}

/** Rows read in one go. */
const pageSize = 500;
/** Of each reason so many are named. */
const maxNamed = 3;

/** `check --db`: what of a database would not go on with these flows, tools and machines, before anybody installs them. Changes nothing. */
export async function checkDatabaseCommand(files: readonly string[], options: CheckDatabaseOptions, context: CommandContext): Promise<CommandResult> {
  const { cwd } = context;
  const database = resolveDatabaseFile(options.db, context);
  if (!hasDatabase(database)) throw new FlowError('file_unreadable', `Expected --db to be a database, there is none at \`${database}\``, { place: { file: database } });
  const given = await loadToolsModule(options.tools, cwd);
  const plans = new PlanRegistry();
  for (const file of files) for (const definition of await loadFlows(file, options.flow ?? [], cwd, given)) plans.register(definition);
  const { reader, close } = bind(openClient(database, context, { outdated: 'read' }));
  try {
    const stuck = [...(await listStuckExecutions(reader, plans, given)), ...(await listStuckActors(reader, given))];
    return { exitCode: stuck.length === 0 ? exitCodes.passed : exitCodes.notPassed, document: { stuck, database }, text: describe(stuck, database) };
  } finally {
    close();
  }
}

const bind = (client: ReturnType<typeof openClient>): { readonly reader: RecordReader; readonly close: () => void } => ({ reader: client.reader, close: () => client.close() });

async function listStuckExecutions(reader: RecordReader, plans: PlanRegistry, { tools, machines }: ToolsModule): Promise<Stuck[]> {
  const known = new Set(machines.map(({ machine }) => machine.id));
  const all = new Map([...builtInTools, ...tools].map(tool => [tool.name, tool]));
  const obstacles = new Obstacles(all, new Map(), plans, { has: id => known.has(id), listEvents: () => undefined, toCommand: () => { throw new TypeError('Nothing is run here'); } });
  const stuck: Stuck[] = [];
  for (let after: number | undefined; ; ) {
    const page: readonly ExecutionRecord[] = await reader.listExecutions({ status: ['pending', 'stepping', 'consolidating'], order: 'oldest', limit: pageSize, ...(after !== undefined && { after }) });
    for (const record of page) {
      const obstacle = await findObstacle(reader, plans, obstacles, record);
      if (obstacle) stuck.push({ kind: 'execution', id: record.executionId, ...obstacle });
    }
    after = page.at(-1)?.key;
    if (page.length < pageSize) return stuck;
  }
}

async function findObstacle(reader: RecordReader, plans: PlanRegistry, obstacles: Obstacles, record: ExecutionRecord): Promise<{ readonly code: string; readonly message: string } | undefined> {
  try {
    await adoptPlans(reader, plans, record);
    const found = obstacles.find(await plans.load(reader, record.digest));
    return found && { code: found.code, message: found.message };
  } catch (error) {
    if (!isFlowError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

async function listStuckActors(reader: RecordReader, { machines }: ToolsModule): Promise<Stuck[]> {
  const stuck: Stuck[] = [];
  for await (const stored of readStoredActors(reader)) {
    const [check] = checkActors(machines, [stored]);
    if (check?.verdict === 'refused') stuck.push({ kind: 'actor', id: check.actorId, code: check.code ?? 'machine_unknown', message: check.message ?? '' });
  }
  return stuck;
}

function describe(stuck: readonly Stuck[], database: string): string {
  if (stuck.length === 0) return `All that is unfinished in ${toPlainLine(database)} would go on.\n`;
  const reasons = new Map<string, Stuck[]>();
  for (const one of stuck) {
    const reason = `${one.code}: ${one.message.replaceAll(one.id, 'ID')}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), one]);
  }
  const lines = [...reasons.values()].map(([first, ...others]) => {
    if (!first) return '';
    const named = [first, ...others].slice(0, maxNamed).map(({ id }) => toPlainLine(id)).join(', ');
    const more = others.length >= maxNamed ? ` and ${others.length + 1 - maxNamed} more` : '';
    return `✖ ${toPlainLine(first.message)} (${first.code})\n  ${first.kind}${others.length > 0 ? 's' : ''} ${named}${more}\n`;
  });
  return `${lines.join('')}\n${stuck.length} of what is unfinished in ${toPlainLine(database)} would not go on. Nothing was changed: the update can wait.\n`;
}
