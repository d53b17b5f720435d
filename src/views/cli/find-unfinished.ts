import { isDeepStrictEqual } from 'node:util';
import type { ExecutionRecord, ExecutionStatus } from '../../../persistence/records.ts';
import type { RecordReader } from '../../../persistence/store.ts';
import { findProcess } from '../../isolation/find-process.ts';
import { requireSameFlow } from '../../kinds/flows/starter.ts';
import { readStartFolder } from './start-folder.ts';
import { readStored } from '../../core/stored-value.ts';

/** Statuses of executions that have not settled. */
export const unfinishedStatuses: readonly ExecutionStatus[] = ['pending', 'stepping', 'consolidating'];

/** Everything that has not settled, newest first. */
export async function listUnfinished(reader: RecordReader): Promise<ExecutionRecord[]> {
  const found: ExecutionRecord[] = [];
  const page = 1_000;
  for (let after: number | undefined; ;) {
    const records = await reader.listExecutions({ status: unfinishedStatuses, limit: page, ...(after !== undefined && { after }) });
    found.push(...records);
    if (records.length < page) return found;
    after = records.at(-1)?.key;
  }
}

export interface RunAgain {
  readonly flowId: string;
  readonly digest: string;
  readonly input: unknown;
  readonly cwd: string;
  readonly idempotencyKey: string | undefined;
}

/** Finds the execution that a second `run` goes on with: same definition, same input, same folder (or the same key). */
export function findSameRun(unfinished: readonly ExecutionRecord[], { flowId, digest, input, cwd, idempotencyKey }: RunAgain): ExecutionRecord | undefined {
  if (idempotencyKey !== undefined) {
    const found = unfinished.find(record => record.idempotencyKey === idempotencyKey);
    if (found) requireSameFlow(idempotencyKey, flowId, found.flowId, found.executionId);
    return found;
  }
  return unfinished.find(record =>
    record.flowId === flowId
    && record.digest === digest
    && record.parentId === null
    && readStartFolder(record.idempotencyKey) === cwd
    && isDeepStrictEqual(readStored('inputs.input', record.key, record.input), input));
}

/** The ids given, and those of every unfinished execution that they started, at any depth. */
export function withDescendants(unfinished: readonly ExecutionRecord[], ids: Iterable<string>): Set<string> {
  const all = new Set(ids);
  for (let grown = true; grown;) {
    grown = false;
    for (const { executionId, parentId } of unfinished) {
      if (parentId === null || all.has(executionId) || !all.has(parentId)) continue;
      all.add(executionId);
      grown = true;
    }
  }
  return all;
}

/** How far an execution had come before it was resumed. */
export async function countProgress(reader: RecordReader, record: ExecutionRecord): Promise<{ completed: number; cutOff: number }> {
  let completed = 0;
  let cutOff = 0;
  for (const { status, item, counters } of await reader.listSteps(record.key)) {
    if (item === -1 && status === 'completed') completed += 1;
    if (status === 'running' && counters === null) cutOff += 1;
  }
  // What a process of its own runs was not cut off with its owner.
  if (cutOff > 0 && (await findProcess(reader, record))?.pid !== undefined) cutOff = 0;
  return { completed, cutOff };
}

/** Says what a resumed execution brings along: `Resumed <id>: 4 of 9 steps were already completed, 1 run was cut off`. */
export function describeResumed(executionId: string, steps: number, { completed, cutOff }: { completed: number; cutOff: number }): string {
  const done = `${completed} of ${steps} steps ${completed === 1 ? 'was' : 'were'} already completed`;
  return `Resumed ${executionId}: ${done}${cutOff > 0 ? `, ${cutOff} ${cutOff === 1 ? 'run was' : 'runs were'} cut off` : ''}`;
}
