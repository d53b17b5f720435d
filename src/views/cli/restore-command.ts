import { resolve } from 'node:path';
import { restoreSqlite } from '../../sqlite.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { prepareDatabaseFolder, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';
import { createSuggest } from './suggest-command.ts';

export interface RestoreCommandOptions {
  readonly db?: string;
}

/** `restore`: puts a backup in the place of the database, and keeps what was there beside it. */
export async function restoreCommand(file: string, options: RestoreCommandOptions, context: CommandContext): Promise<CommandResult> {
  const database = resolveDatabaseFile(options.db, context);
  prepareDatabaseFolder(database);
  const backup = resolve(context.cwd, file);
  const kept = restoreSqlite(backup, database);
  const lines = [`Restored ${database} from ${backup}`, ...(kept === undefined ? [] : [`  what was there is in ${kept}`]), `  next: ${createSuggest(context, options)('list --status unfinished')}`];
  return { exitCode: exitCodes.passed, document: { database, backup, kept: kept ?? null }, text: `${lines.join('\n')}\n` };
}
