import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { FlowError, isFlowError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { silentLogger } from '../../core/logger.ts';
import { readDefinition } from '../../definition/compile-stored.ts';
import type { FlowDefinition } from '../../definition/schema.ts';
import { openSqliteReader } from '../../open-records.ts';
import type { SqliteRecordReader } from '../../open-records.ts';
import type { InspectorPage } from '../../inspector-server/inspector-page.ts';
import type { Runtime } from '../../runtime/api.ts';
import type { RuntimeClient } from '../../runtime/client-api.ts';
import { createClient } from '../../runtime/create-client.ts';
import { createRuntime } from '../../runtime/create-runtime.ts';
import type { Server, ServerOptions } from '../../server/server.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { prepareDatabaseFolder, requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { openOwned } from './open-owned.ts';
import { listFiles } from './read-folder.ts';
import { createFolderSync, loadFolderTools } from './serve-folder.ts';
import { readTokenFile } from './serve-token.ts';
import { listenForStop } from './stop-signals.ts';

export interface ServeCommandOptions {
  readonly port?: number;
  readonly host?: string;
  readonly db?: string;
  readonly tools?: string;
  readonly readOnly?: boolean;
  readonly tokenFile?: string;
  readonly origin?: readonly string[];
  readonly open?: boolean;
}

const tokenVariable = 'FLOWSTONE_TOKEN';
const commandMs = 10_000;
/** Waits between two tries to begin anew after a failed commit, ms. */
const leastRestartMs = 500;
const mostRestartMs = 60_000;

/** What is served: a runtime of this process, or a store that another one owns. */
interface Served {
  readonly runtime: Runtime | undefined;
  readonly client: RuntimeClient | undefined;
  readonly serve: (options: ServerOptions) => Server;
  end(): Promise<void>;
}

/** `serve`: answers over HTTP, and runs what it is asked to, until it is stopped. */
export async function serveCommand(directory: string, options: ServeCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { cwd, clock, env, stdout, stderr, json } = context;
  const folder = resolve(cwd, directory);
  const database = resolveDatabaseFile(options.db, context);
  const known = await loadFolderTools(folder, listFiles(folder), options.tools, context);
  if (!options.readOnly) prepareDatabaseFolder(database);
  const { token, tokenFile } = readToken(options, env, cwd, database);
  if (options.host !== undefined && options.tokenFile === undefined && tokenFile !== undefined) {
    throw new FlowError('usage_invalid', `Expected a token of your own with --host: in ${tokenVariable}, or in a file that --token-file names`);
  }
  const logger = createStderrLogger(stderr);
  const served = await open(database, options, { context, known, logger });
  const stopSignals = listenForStop(process, () => undefined);
  try {
    const { client } = served;
    const syncFolder = client && createFolderSync(folder, known, client);
    const page = options.open ? await createPage(client !== undefined, clock) : undefined;
    const server = served.serve({
      auth: { token, ...(page && { tokens: [page.grant] }) }, clock, logger, ...(page && { parts: page.parts }), ...(syncFolder && { syncFolder }),
      ...(options.origin && { origins: options.origin }), ...(options.host !== undefined && { hosts: [options.host] }),
    });
    const unwatch = served.runtime ? restartWhenFaulted(served.runtime, clock, logger) : undefined;
    try {
      const synced = await syncFolder?.();
      const { url } = await server.listen({ ...(options.port !== undefined && { port: options.port }), ...(options.host !== undefined && { host: options.host }) });
      const role = served.runtime ? 'owner' : client ? 'client' : 'reader';
      const document = { url, tokenFile: tokenFile ?? null, database, pid: process.pid, role, flows: synced?.flows.length ?? 0, invalid: synced?.invalid ?? [] };
      for (const { file, line, message, code } of synced?.invalid ?? []) stderr.write(`invalid  ${toPlainLine(file)}${line === undefined ? '' : `:${line}`}: ${toPlainLine(message)} (${code})\n`);
      stdout.write(json ? `${JSON.stringify(document)}\n` : describe(document, folder));
      if (page) openBrowser(page.createUrl(url), logger);
      const stoppedBy = await stopSignals.first;
      return { exitCode: exitCodes.passed, document: { stopped: stoppedBy }, text: 'Stopped: what was under way is stored, and goes on at the next start\n' };
    } finally {
      unwatch?.();
      await server.close();
    }
  } finally {
    await served.end();
    stopSignals.dispose();
  }
}

function describe({ url, tokenFile, database, role, flows }: { readonly url: string; readonly tokenFile: string | null; readonly database: string; readonly role: string; readonly flows: number }, folder: string): string {
  const who = { owner: 'this process owns it', client: 'another process owns it, and is asked to do what is to be done', reader: 'read only' }[role] ?? role;
  const token = tokenFile === null ? `in ${tokenVariable}` : tokenFile;
  const header = tokenFile === null ? `$${tokenVariable}` : `$(cat '${tokenFile.replaceAll("'", `'\\''`)}')`;
  return [
    `Serving ${flows} ${flows === 1 ? 'flow' : 'flows'} of ${toPlainLine(folder)} at ${url}`,
    `  token     ${toPlainLine(token)}`,
    `  database  ${toPlainLine(database)} (${who})`,
    `  try       curl -H "Authorization: Bearer ${header}" ${url}/api/v1/flows`,
    'Ctrl-C stops it.', '',
  ].join('\n');
}

/** The token that the user gives, or that of the file beside the database, which is made at the first start. */
function readToken({ tokenFile }: ServeCommandOptions, env: NodeJS.ProcessEnv, cwd: string, database: string): { readonly token: string; readonly tokenFile: string | undefined } {
  const given = env[tokenVariable];
  if (tokenFile === undefined && given !== undefined && given !== '') return { token: given, tokenFile: undefined };
  const file = tokenFile === undefined ? `${database}.token` : resolve(cwd, tokenFile);
  return { token: readTokenFile(file), tokenFile: file };
}

type CreateServer = (typeof import('../../server/server.ts'))['createServer'];

interface Opening {
  readonly context: CommandContext;
  readonly known: Awaited<ReturnType<typeof loadFolderTools>>;
  readonly logger: Logger;
}

async function open(database: string, options: ServeCommandOptions, opening: Opening): Promise<Served> {
  // Loaded here: no other command needs what it is made of.
  const { createServer } = await import('../../server/server.ts');
  if (options.readOnly) {
    requireDatabaseFile(database);
    return serveStore(createServer, openSqliteReader({ file: database }), undefined);
  }
  try {
    return await own(createServer, database, opening);
  } catch (error) {
    if (!isFlowError(error, 'store_owned')) throw error;
  }
  const read = (): SqliteRecordReader => openSqliteReader({ file: database });
  return serveStore(createServer, read(), createClient({ read, timeoutMs: commandMs, logger: opening.logger }));
}

function serveStore(createServer: CreateServer, reader: SqliteRecordReader, client: RuntimeClient | undefined): Served {
  return {
    runtime: undefined, client, serve: options => createServer({ reader, ...(client && { client }) }, options),
    async end() {
      client?.close();
      reader.close();
    },
  };
}

async function own(createServer: CreateServer, database: string, { context, known, logger }: Opening): Promise<Served> {
  const store = openOwned(database, context);
  try {
    const { tools, machines, models, module } = known;
    const runtime = await createRuntime({
      store, tools, machines, clock: context.clock, logger, flows: await listTakenOver(store), ...(models && { models }), ...(module !== undefined && { isolation: { tools: module } }),
    });
    const client = createClient(runtime);
    return {
      runtime, client, serve: given => createServer(runtime, given),
      async end() {
        client.close();
        await runtime.stop();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Flows that were taken over before, wherever from. */
async function listTakenOver(reader: SqliteRecordReader): Promise<FlowDefinition[]> {
  const found: FlowDefinition[] = [];
  for (let after = ''; ; ) {
    const page = reader.catalog.listFlows(after, 100);
    for (const { digest } of page) {
      const stored = reader.getDefinition(digest);
      if (stored) found.push(readDefinition(stored));
    }
    const last = page.at(-1);
    if (page.length < 100 || !last) return found;
    after = last.flowId;
  }
}

/** After a failed commit: goes on when the cause is gone. Reads are answered all the time. */
function restartWhenFaulted(runtime: Runtime, clock: Clock, logger: Logger): () => void {
  let waitMs = leastRestartMs;
  let timer: unknown;
  const look = async (): Promise<void> => {
    if (runtime.health().status === 'faulted') {
      waitMs = Math.min(waitMs * 2, mostRestartMs);
      await runtime.restart().catch((error: unknown) => logger.error({ err: error }, 'the runtime could not be begun again; it is tried again'));
    } else waitMs = leastRestartMs;
    timer = clock.setTimer(() => void look(), waitMs);
  };
  timer = clock.setTimer(() => void look(), waitMs);
  return () => clock.clearTimer(timer);
}

/** Warnings and errors as lines; a token is in none of them. */
function createStderrLogger(stderr: NodeJS.WritableStream): Logger {
  const say = (about: object | string, message?: string): void => {
    const { err } = typeof about === 'object' ? (about as { readonly err?: unknown }) : {};
    const text = typeof about === 'string' ? about : (message ?? '');
    stderr.write(`flowstone: ${toPlainLine(`${text}${err instanceof Error ? `: ${err.message}` : ''}`)}\n`);
  };
  const logger: Logger = { ...silentLogger, warn: say, error: say, fatal: say, child: () => logger };
  return logger;
}

/** The inspector's page, on the same address: what is served can be looked at, and stepped. */
async function createPage(isOwned: boolean, clock: Clock): Promise<InspectorPage> {
  const { createInspectorPage, describeControl } = await import('../../inspector-server/inspector-page.ts');
  return createInspectorPage({ control: describeControl(true, isOwned), clock });
}

/** The address has a code for one use in its fragment, and no token. */
function openBrowser(url: string, logger: Logger): void {
  const [program, ...before] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform as string] ?? ['xdg-open'];
  const child = spawn(program as string, [...before, url], { stdio: 'ignore', detached: true });
  child.on('error', error => logger.warn({ err: error }, `no browser could be opened; go to ${url}`));
  child.unref();
}
