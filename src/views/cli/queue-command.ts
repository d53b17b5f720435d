import type { RecordReader } from '../../../persistence/store.ts';
import { FlowError } from '../../core/errors.ts';
import { didYouMean } from '../../core/wording.ts';
import { toMessageDetails } from '../../kinds/queues/message-details.ts';
import type { MessageDetails, QueueStats } from '../../kinds/queues/queue-api.ts';
import { readQueueStats } from '../../kinds/queues/queue-stats.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { openClient, openClientForWork } from './database-client.ts';
import { hasDatabase, requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { renderMessage, renderMessages, renderQueues, renderStats } from '../terminal/queue-view.ts';
import { createScreenPalette, getColumns } from './screen-palette.ts';
import { listenForStop } from './stop-signals.ts';

export interface QueueCommandOptions {
  readonly db?: string;
  readonly status?: string;
  readonly limit?: number;
  readonly watch?: boolean;
  readonly interval?: number;
}

const actions = ['list', 'stats', 'peek', 'dead', 'redrive', 'purge'] as const;
type Action = (typeof actions)[number];
const statuses: readonly MessageDetails['status'][] = ['pending', 'processing', 'retrying', 'completed', 'dead'];

/** `queue`: looks at queues, and looks after them; also while another process owns the database. */
export async function queueCommand(action: string, queue: string | undefined, messageId: string | undefined, options: QueueCommandOptions, context: CommandContext): Promise<CommandResult> {
  const known = actions.find(name => name === action);
  if (!known) throw new FlowError('usage_invalid', `Expected ${actions.map(name => `\`${name}\``).join(', ')}, got \`${action}\`${didYouMean(action, actions)}`);
  const database = resolveDatabaseFile(options.db, context);
  if (known === 'redrive' || known === 'purge') return change(known, requireQueue(known, queue), messageId, database, options, context);
  if (options.watch) return watch(() => look(known, queue, messageId, database, options, context), options, context);
  return look(known, queue, messageId, database, options, context);
}

function requireQueue(action: Action, queue: string | undefined): string {
  if (queue !== undefined) return queue;
  throw new FlowError('usage_invalid', `Expected the name of a queue: flowstone queue ${action} QUEUE. \`flowstone queue list\` shows them`);
}

function readStatus(given: string | undefined, otherwise: MessageDetails['status']): MessageDetails['status'] {
  if (given === undefined) return otherwise;
  const status = statuses.find(name => name === given);
  if (status) return status;
  throw new FlowError('usage_invalid', `Expected --status to be ${statuses.map(name => `\`${name}\``).join(', ')}, got \`${given}\`${didYouMean(given, statuses)}`);
}

async function look(action: Action, queue: string | undefined, messageId: string | undefined, database: string, options: QueueCommandOptions, context: CommandContext): Promise<CommandResult> {
  const isList = action === 'list' || action === 'stats';
  if (!isList) requireQueue(action, queue);
  const status = action === 'dead' ? 'dead' : readStatus(options.status, 'pending');
  if (!hasDatabase(database)) {
    return { exitCode: exitCodes.passed, document: isList ? { queues: [], database } : { messages: [], database }, text: `No queues: there is no database at ${database} yet.\n` };
  }
  const client = openClient(database, context);
  const { reader } = client;
  try {
    const palette = createScreenPalette(context.stdout, context.env);
    const columns = getColumns(context.stdout);
    const now = context.clock.now();
    if (isList) {
      const queues = await readQueues(reader, queue, now);
      const text = queues.length === 0 ? `No messages${queue === undefined ? '' : ` in a queue "${queue}"`} in ${database}.\n` : action === 'list' ? renderQueues(queues, columns, palette) : renderStats(queues, columns, palette);
      return { exitCode: exitCodes.passed, document: { queues, database }, text };
    }
    if (messageId !== undefined) {
      const row = await reader.getMessage(messageId);
      if (!row || row.queue !== queue) throw new FlowError('message_not_found', `Expected the id of a message of queue "${queue}" in ${database}, got "${messageId}"`);
      const message = toMessageDetails(row);
      return { exitCode: exitCodes.passed, document: { message, database }, text: renderMessage(message, columns, palette) };
    }
    const messages = (await reader.listMessages({ queue: queue ?? '', status, limit: options.limit ?? 20 })).map(toMessageDetails);
    const text = messages.length === 0 ? `No message of queue "${queue}" is ${status}.\n` : renderMessages(messages, now, columns, palette);
    return { exitCode: exitCodes.passed, document: { messages, database }, text };
  } finally {
    client.close();
  }
}

async function readQueues(reader: RecordReader, queue: string | undefined, now: number): Promise<readonly QueueStats[]> {
  const all = await readQueueStats(reader, [], now);
  return queue === undefined ? all : all.filter(stats => stats.queue === queue);
}

/** Through the process that owns the database, or, when none does, by owning it for a moment. */
async function change(action: 'redrive' | 'purge', queue: string, messageId: string | undefined, database: string, options: QueueCommandOptions, context: CommandContext): Promise<CommandResult> {
  const status = readStatus(options.status, 'dead');
  if (action === 'purge' && status !== 'dead' && status !== 'completed') throw new FlowError('usage_invalid', `Expected --status to be \`dead\` or \`completed\`: only settled messages are purged, got \`${status}\``);
  requireDatabaseFile(database);
  const client = openClientForWork(database, context);
  try {
    const { answer: count } = await client.reach(runtime => (action === 'redrive' ? runtime.redrive(queue, messageId) : runtime.purge(queue, status === 'completed' ? 'completed' : 'dead')));
    const what = messageId ?? `${count} ${count === 1 ? 'message' : 'messages'}`;
    const text = count === 0 ? `Nothing to ${action} in queue "${queue}".\n` : `${action === 'redrive' ? 'Redrove' : 'Purged'} ${what} of queue "${queue}".\n`;
    const isMissing = messageId !== undefined && count === 0;
    return { exitCode: isMissing ? exitCodes.notPassed : exitCodes.passed, document: { queue, [action === 'redrive' ? 'redriven' : 'purged']: count, database }, text };
  } finally {
    client.close();
  }
}

/** Looks again and again until it is stopped; with `--json` a document per line. */
async function watch(lookOnce: () => Promise<CommandResult>, { interval = 2 }: QueueCommandOptions, { stdout, json, clock }: CommandContext): Promise<CommandResult> {
  const signals = listenForStop(process, () => {});
  let stopped = false;
  void signals.first.then(() => (stopped = true));
  try {
    for (;;) {
      const result = await lookOnce();
      if (stopped) return result;
      const clear = stdout.isTTY && !json ? '\u001B[2J\u001B[H' : '';
      stdout.write(json ? `${JSON.stringify(result.document)}\n` : `${clear}${String(result.text)}\n`);
      let timer: unknown;
      await Promise.race([signals.first, new Promise<void>(resolve => (timer = clock.setTimer(resolve, interval * 1_000)))]);
      clock.clearTimer(timer);
    }
  } finally {
    signals.dispose();
  }
}
