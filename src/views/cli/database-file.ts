import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { FlowError } from '../../core/errors.ts';
import type { CommandContext } from './command-context.ts';

/** Finds the database: `--db`, else `FLOWSTONE_DB`, else `flowstone.db` in the platform's data folder. */
export function resolveDatabaseFile(option: string | undefined, { env, cwd }: Pick<CommandContext, 'env' | 'cwd'>): string {
  const given = option ?? (env['FLOWSTONE_DB'] || undefined);
  return given === undefined ? join(envPaths('flowstone', { suffix: '' }).data, 'flowstone.db') : resolve(cwd, given);
}

/** Makes the folder a database will be written to; nobody else may look into one made here. */
export function prepareDatabaseFolder(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new FlowError('store_unavailable', `Cannot make the folder for the database \`${file}\`: ${(cause as Error).message}. Name another one with --db`, { cause });
  }
}

/** Tells whether anything was ever stored there. */
export function hasDatabase(file: string): boolean {
  return existsSync(file);
}

/** Insists on a database that exists. */
export function requireDatabaseFile(file: string): void {
  if (!hasDatabase(file)) {
    throw new FlowError('execution_not_found', `Expected a database at \`${file}\`, found none. Nothing was run with it yet; name another one with --db`);
  }
}
