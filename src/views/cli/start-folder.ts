import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { ExecutionRecord } from '../../../persistence/records.ts';
import { createExecutionId } from '../../core/ids.ts';

const pattern = /^cli:[0-9a-f-]{36}(?:;([^:]*))?:(.*)$/s;
/** A longer key is no key. */
const maxToolsLength = 500;

/**
 * Makes the key that `run` starts an execution under when it is given none: unlike any other, and it names the folder and the
 * module of the tools.
 *
 * Relative paths in a flow mean that folder, so only an execution begun in the same one is gone on with there.
 */
export function createRunKey(now: number, cwd: string, tools?: string): string {
  const module = tools === undefined ? '' : encodeURIComponent(tools);
  return `cli:${createExecutionId(now)}${module === '' || module.length > maxToolsLength ? '' : `;${module}`}:${cwd}`;
}

/** Reads the folder an execution was started in; undefined: it was not started by `run`, or under a key of the user's. */
export function readStartFolder(idempotencyKey: string | null): string | undefined {
  return idempotencyKey === null ? undefined : pattern.exec(idempotencyKey)?.[2];
}

type Started = Pick<ExecutionRecord, 'idempotencyKey'>;

/** The tools module that an execution was started with, as it is named from `cwd`; undefined: none, or it is not known or gone. */
export function findStartTools({ idempotencyKey }: Started, cwd: string): string | undefined {
  const [, tools, folder] = (idempotencyKey === null ? null : pattern.exec(idempotencyKey)) ?? [];
  if (tools === undefined || folder === undefined) return undefined;
  const file = resolve(folder, decodeURIComponent(tools));
  if (!existsSync(file)) return undefined;
  return folder === cwd ? relative(cwd, file) || file : file;
}

/** The one tools module that executions were started with; undefined: none, or several, which one process cannot have. */
export function findCommonTools(records: readonly Started[], cwd: string): string | undefined {
  const found = new Set(records.flatMap(record => findStartTools(record, cwd) ?? []));
  return found.size === 1 ? [...found][0] : undefined;
}
