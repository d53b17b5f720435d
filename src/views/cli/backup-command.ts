import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { backupSqlite } from '../../sqlite.ts';
import { formatBytes } from '../terminal/made-lines.ts';
import type { CommandContext, CommandResult } from './command-context.ts';
import { requireDatabaseFile, resolveDatabaseFile } from './database-file.ts';
import { exitCodes } from './exit-codes.ts';

export interface BackupCommandOptions {
  readonly db?: string;
}

/** `backup`: writes one moment of the database into a new file, also while its owner writes. */
export async function backupCommand(file: string, { db }: BackupCommandOptions, context: CommandContext): Promise<CommandResult> {
  const database = resolveDatabaseFile(db, context);
  requireDatabaseFile(database);
  const target = resolve(context.cwd, file);
  backupSqlite(database, target);
  const { size: bytes } = statSync(target);
  return { exitCode: exitCodes.passed, document: { file: target, bytes, database }, text: `Wrote a backup of ${database} to ${target}: ${formatBytes(bytes)}\n` };
}
