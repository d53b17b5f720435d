import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { createRedactor } from '../../core/redact.ts';
import { describeValue, didYouMean } from '../../core/wording.ts';
import { toActorSummary } from '../../kinds/actors/actor-summary.ts';
import type { ActorNode, ActorView } from '../../kinds/actors/read-actor-view.ts';
import { readActorView } from '../../kinds/actors/read-actor-view.ts';
import { renderActor, renderActors } from '../terminal/actor-view.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import { checkActorsCommand } from './actors-check.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import type { DatabaseClient } from './database-client.ts';
import { openClient } from './database-client.ts';
import { hasDatabase, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { readJsonArgument } from './json-argument.ts';
import { reachActor } from './reach-actor.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';
import { createSuggest } from './suggest-command.ts';

export interface ActorsCommandOptions {
  readonly status?: string;
  readonly machine?: string;
  readonly limit?: number;
  readonly after?: string;
  readonly data?: string;
  readonly tools?: string;
  readonly db?: string;
}

const actions = ['list', 'show', 'send', 'stop', 'check'] as const;
type Action = (typeof actions)[number];
const statuses = ['active', 'done', 'error', 'stopped'] as const;
/** Which words and options each action takes. */
const usages: Readonly<Record<Action, { readonly usage: string; readonly words: number; readonly options: readonly (keyof ActorsCommandOptions)[] }>> = {
  list: { usage: 'flowstone actors list', words: 0, options: ['status', 'machine', 'limit', 'after'] },
  show: { usage: 'flowstone actors show ID', words: 1, options: ['limit'] },
  send: { usage: 'flowstone actors send ID EVENT', words: 2, options: ['data'] },
  stop: { usage: 'flowstone actors stop ID', words: 1, options: [] },
  check: { usage: 'flowstone actors check --tools MODULE', words: 0, options: ['tools', 'status', 'machine'] },
};
const defaultActors = 100;
const defaultEvents = 20;

/** `actors`: lists machines of people's own, shows one, sends it an event or ends it. Looking works while another process owns the database. */
export async function actorsCommand(first: string | undefined, second: string | undefined, third: string | undefined, options: ActorsCommandOptions, context: CommandContext): Promise<CommandResult> {
  const action = actions.find(name => name === first);
  const words = [first, second, third].filter(word => word !== undefined);
  if (action) return runAction(action, words.slice(1), options, context);
  // An id alone is looked at; one that is the name of an action needs `show` before it.
  if (words.length > 1) throw new FlowError('usage_invalid', `Expected ${actions.map(name => `\`${usages[name].usage}\``).join(', ')}, got \`${words.map(toPlainLine).join(' ')}\`${didYouMean(first ?? '', actions)}`);
  return runAction(words.length === 0 ? 'list' : 'show', words, options, context);
}

async function runAction(action: Action, words: readonly string[], options: ActorsCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { usage, words: count, options: known } = usages[action];
  if (words.length !== count) throw new FlowError('usage_invalid', `Expected \`${usage}\`, got ${words.length === 0 ? 'no id' : words.map(word => `\`${toPlainLine(word)}\``).join(' ')}`);
  const foreign = (['status', 'machine', 'limit', 'after', 'data', 'tools'] as const).find(name => options[name] !== undefined && !known.includes(name));
  if (foreign) throw new FlowError('usage_invalid', `Expected no --${foreign} with \`${usage}\`, got \`${String(options[foreign])}\``);
  const [address = '', eventType = ''] = words;
  const event = action === 'send' ? readEvent(eventType, options.data, context.cwd) : undefined;
  const status = readStatus(options.status);
  const database = resolveDatabaseFile(options.db, context);
  if (!hasDatabase(database)) {
    if (action !== 'list' && action !== 'check') throw notFound(address, database);
    return { exitCode: exitCodes.passed, document: { actors: [], database }, text: `No actors: there is no database at ${database} yet.\n` };
  }
  if (action === 'check') return checkActorsCommand(database, options.tools, { ...(status && { status }), ...(options.machine !== undefined && { machineId: options.machine }) }, context);
  const client = openClient(database, context);
  const { reader } = client;
  try {
    if (action === 'list') return await listActors(reader, database, status, options, context);
    const view = await requireActor(reader, address, database, options.limit ?? defaultEvents);
    if (action === 'show') return showActor(view.actor, view.node, database, context);
    if (event) return await sendEvent(client, address, event, context);
    return await stopActor(client, address);
  } finally {
    client.close();
  }
}

function readStatus(given: string | undefined): (typeof statuses)[number] | undefined {
  const status = statuses.find(known => known === given);
  if (given === undefined || status) return status;
  throw new FlowError('usage_invalid', `Expected --status to be ${statuses.map(known => `\`${known}\``).join(', ')}, got \`${given}\`${didYouMean(given, statuses)}`);
}

function readEvent(type: string, data: string | undefined, cwd: string): { readonly type: string } {
  if (type.trim() === '') throw new FlowError('usage_invalid', 'Expected EVENT to be the type of an event, got an empty text');
  if (type.startsWith('xstate.')) throw new FlowError('usage_invalid', `Expected the type of an event of the machine's own, got \`${type}\`: events that begin with \`xstate.\` are XState's`);
  const given = data === undefined ? {} : readJsonArgument(data, '--data', cwd);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new FlowError('usage_invalid', `Expected --data to be a JSON object, whose properties the event gets, got ${describeValue(given)}`);
  if ('type' in given) throw new FlowError('usage_invalid', `Expected --data without \`type\`, which is \`${type}\` already, got ${describeValue(given)}`);
  return { type, ...given };
}

const notFound = (address: string, database: string): FlowError => new FlowError('actor_not_found', `Expected the id of an actor, got \`${toPlainLine(address)}\`, which is not in ${database}`);

async function requireActor(reader: RecordReader, address: string, database: string, maxEvents: number): Promise<{ readonly actor: ActorView; readonly node: ActorNode }> {
  const [id = '', ...path] = address.split('/');
  const actor = await readActorView(reader, id, maxEvents);
  let node = actor?.root;
  for (const part of path) node = node?.children.find(child => child.id === part);
  if (!actor || !node) throw notFound(address, database);
  return { actor, node };
}

async function listActors(reader: RecordReader, database: string, status: (typeof statuses)[number] | undefined, { machine, after, limit = defaultActors }: ActorsCommandOptions, context: CommandContext): Promise<CommandResult> {
  const isFiltered = status !== undefined || machine !== undefined || after !== undefined;
  // One more than is shown tells whether there are more.
  const found = ((await reader.actors?.listActors({ limit: limit + 1, ...(status && { status }), ...(machine !== undefined && { machineId: machine }), ...(after !== undefined && { after }) })) ?? []).map(toActorSummary);
  const actors = found.slice(0, limit);
  const next = found.length > limit ? (actors.at(-1)?.id ?? null) : null;
  const palette = createScreenPalette(context.stdout, context.env);
  const table = renderActors(actors, context.clock.now(), getColumns(context.stdout), palette);
  const more = next === null ? '' : ` ${palette.dim(`there are more: --after ${toPlainLine(next)}`)}\n`;
  return { exitCode: exitCodes.passed, document: { actors, next, database }, text: actors.length === 0 ? `No actors${isFiltered ? ' like that' : ''} in ${database}.\n` : `${table}\n${more}` };
}

function showActor(stored: ActorView, { address }: ActorNode, database: string, context: CommandContext): CommandResult {
  const redact = createRedactor();
  const whole = JSON.parse(redact(JSON.stringify(stored))) as ActorView;
  let node = whole.root;
  for (const part of address.split('/').slice(1)) node = node.children.find(child => child.id === part) ?? node;
  const isBelow = (one: { readonly address: string }): boolean => one.address === address || one.address.startsWith(`${address}/`);
  const actor: ActorView = { ...whole, delayed: whole.delayed.filter(isBelow), actions: whole.actions.filter(isBelow), events: whole.events.filter(isBelow) };
  const { root, ...rest } = actor;
  const { context: data = null, output = null, error } = node;
  const columns = getColumns(context.stdout);
  const palette = createScreenPalette(context.stdout, context.env);
  const text = `${renderActor(actor, node, context.clock.now(), columns, palette)}\n  ${palette.dim('stored in')}  ${database}\n`;
  return {
    exitCode: exitCodes.passed,
    document: { ...rest, address, ...(node !== root && { status: node.status, value: node.value }), context: data, output, ...(error !== undefined && { error }), children: node.children, database },
    text,
  };
}

async function sendEvent(client: DatabaseClient, address: string, event: { readonly type: string }, context: CommandContext): Promise<CommandResult> {
  const { reader, database } = client;
  const { owner, answer } = await reachActor(client, address, runtime => runtime.send(address, event));
  const { status, value, state } = await readState(reader, address, database);
  const show = createSuggest(context, { db: database })(`actors show ${address}`);
  return {
    exitCode: answer ? exitCodes.passed : exitCodes.notPassed,
    document: { address, event: event.type, taken: answer, status, value, deliveredTo: owner.pid, database },
    text: answer ? `Sent ${toPlainLine(event.type)} to ${toPlainLine(address)}, in process ${owner.pid}. It is ${status} now${state}. All of it: ${show}\n` : `${toPlainLine(address)} had ended before (${status}${state}); nothing was changed.\n`,
  };
}

async function stopActor(client: DatabaseClient, address: string): Promise<CommandResult> {
  const { reader, database } = client;
  const { owner, answer } = await reachActor(client, address, runtime => runtime.stop(address));
  const { status, value, state } = await readState(reader, address, database);
  return {
    exitCode: answer ? exitCodes.passed : exitCodes.notPassed,
    document: { address, stopped: answer, status, value, deliveredTo: owner.pid, database },
    text: answer ? `Stopped ${toPlainLine(address)} and all actors below it.\n` : `${toPlainLine(address)} had ended before (${status}${state}); nothing was changed.\n`,
  };
}

/** An actor that its parent gave up when it took the event is there no more. */
async function readState(reader: RecordReader, address: string, database: string): Promise<{ readonly status: string; readonly value: unknown; readonly state: string }> {
  const found = await requireActor(reader, address, database, 1).catch(() => undefined);
  if (!found) return { status: 'gone', value: null, state: '' };
  const { status, value = null } = found.node;
  return { status, value, state: value === null ? '' : `, in ${toPlainLine(typeof value === 'string' ? value : JSON.stringify(value))}` };
}
