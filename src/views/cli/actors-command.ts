import type { ActorRecord } from '../../../persistence/actor-store.ts';
import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import { toActorSummary } from '../../machine-host/actor-summary.ts';
import { openSqliteReader } from '../../sqlite.ts';
import { formatDateTime } from '../terminal/durations.ts';
import { renderTable } from '../terminal/result-report.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { hasDatabase, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';

export interface ActorsCommandOptions {
  readonly status?: string;
  readonly machine?: string;
  readonly limit?: number;
  readonly db?: string;
}

const statuses = ['active', 'done', 'error', 'stopped'] as const;
/** Rows of a journal read in one go. */
const pageSize = 1_000;

type Reader = ReturnType<typeof openSqliteReader>;

/** `actors`: lists machines of people's own, or shows one with everything it took. Works while another process owns the database. */
export async function actorsCommand(id: string | undefined, options: ActorsCommandOptions, context: CommandContext): Promise<CommandResult> {
  const status = statuses.find(known => known === options.status);
  if (options.status !== undefined && !status) throw new FlowError('usage_invalid', `Expected --status to be ${statuses.map(known => `\`${known}\``).join(', ')}, got \`${options.status}\`${didYouMean(options.status, statuses)}`);
  const database = resolveDatabaseFile(options.db, context);
  if (!hasDatabase(database)) {
    if (id !== undefined) throw notFound(id, database);
    return { exitCode: exitCodes.passed, document: { actors: [], database }, text: `No actors: there is no database at ${database} yet.\n` };
  }
  const reader = openSqliteReader({ file: database });
  try {
    if (id !== undefined) return await showActor(reader, id, database, context);
    const { machine, limit = 100 } = options;
    const found = ((await reader.actors?.listActors({ limit, ...(status && { status }), ...(machine !== undefined && { machineId: machine }) })) ?? []).map(toActorSummary);
    const rows = found.map(actor => [actor.id, actor.status, actor.machineId, toStateText(actor.value), describeWake(actor.wakeAt, actor.status)]);
    const table = renderTable(['actor', 'status', 'machine', 'state', 'waits for'], rows, getColumns(context.stdout), createScreenPalette(context.stdout, context.env));
    const isFiltered = status !== undefined || machine !== undefined;
    return { exitCode: exitCodes.passed, document: { actors: found, database }, text: found.length === 0 ? `No actors${isFiltered ? ' like that' : ''} in ${database}.\n` : `${table}\n` };
  } finally {
    reader.close();
  }
}

async function showActor(reader: Reader, id: string, database: string, { stdout, env }: CommandContext): Promise<CommandResult> {
  const record = await reader.actors?.getActor(id);
  if (!record) throw notFound(id, database);
  const summary = toActorSummary(record);
  const { snapshot } = (JSON.parse(record.tree) as { root: { snapshot: Record<string, unknown> } }).root;
  const taken: { readonly at: number; readonly transition: number; readonly address: string; readonly event: { readonly type: string } }[] = [];
  for (let after = 0; ; ) {
    const page = (await reader.actors?.readActorJournal(id, after, pageSize)) ?? [];
    for (const { at, entries } of page) {
      for (const [transition, address, event] of JSON.parse(entries) as [number, string, { type: string }][]) taken.push({ at, transition, address, event });
    }
    if (page.length < pageSize) break;
    after = page.at(-1)?.seq ?? after;
  }
  const table = renderTable(['#', 'at', 'actor', 'event'], taken.map(({ at, transition, address, event }) => [String(transition), formatDateTime(at), address, JSON.stringify(event)]), getColumns(stdout), createScreenPalette(stdout, env));
  const head = [
    `${id}  ${summary.status}  ${toStateText(summary.value)}`,
    `  machine   ${summary.machineId}${summary.machineVersion === '' ? '' : ` (version ${summary.machineVersion})`}`,
    `  waits for ${describeWake(summary.wakeAt, summary.status)}`,
    `  context   ${JSON.stringify(snapshot['context'] ?? null)}`,
  ];
  return { exitCode: exitCodes.passed, document: { ...summary, context: snapshot['context'] ?? null, output: snapshot['output'] ?? null, events: taken, database }, text: `${head.join('\n')}\n${taken.length === 0 ? '' : `\n${table}\n`}` };
}

const notFound = (id: string, database: string): FlowError => new FlowError('actor_not_found', `Expected the id of an actor, got \`${id}\`, which is not in ${database}`);

const toStateText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null));

function describeWake(wakeAt: number | null, status: ActorRecord['status']): string {
  if (status !== 'active') return 'nothing';
  if (wakeAt === null) return 'an event';
  return wakeAt === 0 ? 'what it has begun' : `${formatDateTime(wakeAt)}, or an event`;
}
