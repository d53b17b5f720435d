import { createExecutionId } from '../../core/ids.ts';

const pattern = /^cli:[0-9a-f-]{36}:(.*)$/s;

/**
 * Makes the key that `run` starts an execution under when it is given none: unlike any other, and it names the folder.
 *
 * Relative paths in a flow mean that folder, so only an execution begun in the same one is gone on with there.
 */
export function createRunKey(now: number, cwd: string): string {
  return `cli:${createExecutionId(now)}:${cwd}`;
}

/** Reads the folder an execution was started in; undefined: it was not started by `run`, or under a key of the user's. */
export function readStartFolder(idempotencyKey: string | null): string | undefined {
  return idempotencyKey === null ? undefined : pattern.exec(idempotencyKey)?.[1];
}
