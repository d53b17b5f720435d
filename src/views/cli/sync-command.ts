import { hostname } from 'node:os';
import { relative, resolve, sep } from 'node:path';
import { findGone, syncFlows } from '../../catalog/sync-flows.ts';
import { openOwned } from './open-owned.ts';
import { toPlainLine } from '../terminal/plain-text.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { prepareDatabaseFolder, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { loadToolsModule } from './load-tools.ts';
import { listFiles, readFolder } from './read-folder.ts';
import { createScreenPalette } from './screen-palette.ts';

export interface SyncCommandOptions {
  readonly tools?: string;
  readonly db?: string;
}

const short = (digest: string): string => digest.slice(0, 12);

/** `sync`: takes the definitions of a folder over into the database, and says what has changed. */
export async function syncCommand(directory: string, options: SyncCommandOptions, context: CommandContext): Promise<CommandResult> {
  const { cwd, clock, stdout, env } = context;
  const folder = resolve(cwd, directory);
  const files = listFiles(folder);
  const { flows, invalid } = await readFolder(folder, files, options.tools === undefined ? undefined : await loadToolsModule(options.tools, cwd));
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
