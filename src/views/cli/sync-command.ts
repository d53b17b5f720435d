import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { hostname } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { FlowError, isFlowError } from '../../core/errors.ts';
import type { Problem } from '../../definition/problem.ts';
import { findGone, type ReadFlow, syncFlows } from '../../catalog/sync-flows.ts';
import { openOwned } from './open-owned.ts';
import { builtInTools } from '../../tools/built-in.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { prepareDatabaseFolder, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { loadDefinition } from './load-definition.ts';
import { loadToolsModule } from './load-tools.ts';
import { createScreenPalette } from './screen-palette.ts';

export interface SyncCommandOptions {
  readonly tools?: string;
  readonly db?: string;
}

interface InvalidFile {
  readonly file: string;
  readonly problems: readonly Pick<Problem, 'code' | 'message' | 'place'>[];
}

function listFiles(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new FlowError('file_unreadable', `Expected DIR to be a folder of definitions, got \`${folder}\``, { place: { file: folder } });
  return [...walk(folder)].toSorted();
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new FlowError('file_unreadable', `Expected a folder that can be read, got \`${folder}\`: ${error instanceof Error ? error.message : String(error)}`, { cause: error, place: { file: folder } });
  }
}

/** Follows no link to a folder; links to files are listed, to be looked at. */
function* walk(folder: string): Generator<string> {
  for (const entry of readFolder(folder)) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (/\.ya?ml$/.test(entry.name) && (entry.isFile() || entry.isSymbolicLink())) yield path;
  }
}

/** @throws a `FlowError` with code `path_outside_folder` when it is a link that leads out of the folder, or nowhere */
function requireInside(folder: string, file: string): void {
  let target: string | undefined;
  try {
    target = realpathSync(file);
  } catch {
    // A link that leads nowhere may lead anywhere tomorrow.
  }
  if (target?.startsWith(realpathSync(folder) + sep)) return;
  throw new FlowError('path_outside_folder', `Expected a file in the folder, \`${relative(folder, file)}\` is a link that leads ${target === undefined ? 'nowhere' : 'out of it'}. Put the file itself there, or sync its folder, too`, { place: { file } });
}

/** Reads every file; a flow that is in two of them is taken from the first. */
async function readAll(folder: string, files: readonly string[], options: SyncCommandOptions, cwd: string): Promise<{ readonly flows: ReadFlow[]; readonly invalid: InvalidFile[] }> {
  const { tools, machines } = await loadToolsModule(options.tools, cwd);
  // Which tools there are is known only where they were given.
  const names = options.tools === undefined ? undefined : [...builtInTools, ...tools].map(({ name }) => name);
  const ids = options.tools === undefined ? undefined : machines.map(({ machine }) => machine.id);
  const flows = new Map<string, ReadFlow>();
  const invalid: InvalidFile[] = [];
  for (const file of files) {
    try {
      requireInside(folder, file);
      const definition = await loadDefinition(file, names, tools, ids);
      const first = flows.get(definition.id);
      if (!first) flows.set(definition.id, { file, definition });
      else invalid.push({ file, problems: [{ code: 'duplicate_flow', message: `Expected every flow to have an id of its own, got \`${definition.id}\` a second time; the first is in ${relative(folder, first.file)}`, place: { file } }] });
    } catch (error) {
      if (!isFlowError(error)) throw error;
      const { problems } = error.details ?? {};
      invalid.push({ file, problems: Array.isArray(problems) ? (problems as Problem[]) : [{ code: error.code, message: error.message, place: error.place ?? { file } }] });
    }
  }
  return { flows: [...flows.values()], invalid };
}

const short = (digest: string): string => digest.slice(0, 12);

/** `sync`: takes the definitions of a folder over into the database, and says what has changed. */
export async function syncCommand(directory: string, options: SyncCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { cwd, clock, stdout, env } = context;
  const folder = resolve(cwd, directory);
  const files = listFiles(folder);
  const { flows, invalid } = await readAll(folder, files, options, cwd);
  const database = resolveDatabaseFile(options.db, context);
  prepareDatabaseFolder(database);
  const store = openOwned(database, context);
  try {
    const now = clock.now();
    await store.acquire({ pid: process.pid, hostname: hostname(), startedAt: now, socket: null });
    const synced = await syncFlows(store, flows, now);
    const gone = await findGone(store, folder + sep, files);
    const { green, yellow, red, dim, symbols } = createScreenPalette(stdout, env);
    const show = (file: string): string => toPlainLine(relative(folder, file));
    const count = (status: string): number => synced.filter(one => one.status === status).length;
    const lines = [
      ...synced.filter(({ status }) => status !== 'unchanged').map(({ status, flowId, file, digest, before }) =>
        `${status === 'new' ? green('new      ') : yellow('changed  ')}  ${flowId}  ${dim(before === undefined ? short(digest) : `${short(before)} → ${short(digest)}`)}  ${dim(show(file))}`),
      ...invalid.flatMap(({ file, problems }) => problems.map(({ message, place, code }) => `${red('invalid  ')}  ${show(file)}${place.line === undefined ? '' : `:${place.line}:${place.column ?? 1}`}: ${toPlainLine(message)} (${code})`)),
      ...gone.map(({ flowId, file }) => `${dim('gone     ')}  ${flowId}  ${dim(`${show(file)}; it stays`)}`),
      `${invalid.length === 0 ? green(symbols.completed) : red(symbols.failed)} ${count('new')} new, ${count('changed')} changed, ${count('unchanged')} unchanged, ${invalid.length} invalid`,
    ];
    return {
      exitCode: invalid.length === 0 ? exitCodes.passed : exitCodes.badUsage,
      document: { folder, database, flows: synced, invalid, gone: gone.map(({ flowId, file, digest }) => ({ flowId, file, digest })) },
      text: `${lines.join('\n')}\n`,
    };
  } finally {
    store.close();
  }
}
