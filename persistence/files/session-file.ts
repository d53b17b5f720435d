import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionRecord } from '../records.ts';
import type { RecordReader } from '../store.ts';
import { writeAtomically } from './write-atomically.ts';

const sessionFormat = 'flowstone.session';
const sessionVersion = 1;
const noItem = -1;

/** Names the session file of an execution. Ids are UUIDs, with step ids behind them; anything else is written as `%xx`. */
export function toSessionFile(folder: string, executionId: string): string {
  return join(folder, `session_${encodeURIComponent(executionId).replaceAll('*', '%2A')}.json`);
}

const parse = (text: string | null): unknown => (text === null ? null : JSON.parse(text));

const withoutKey = <Row extends { readonly executionKey: number }>({ executionKey: _key, ...row }: Row): Omit<Row, 'executionKey'> => row;

/** Everything an execution came to, for whoever reads the file without Flowstone. Steps stand in the definition's order. */
function toSession(reader: SessionSource, record: ExecutionRecord): object {
  const { key, executionId, flowId, flowVersion, digest, status, passed, score, failure, createdAt, startedAt, settledAt } = record;
  const attempts = reader.listAttempts(key);
  const consolidated = reader.getConsolidated(key);
  const steps = reader.listSteps(key).map(step => {
    const own = attempts.filter(({ position, item }) => position === step.position && item === step.item);
    return {
      index: step.position,
      stepId: step.stepId,
      sessionId: `${executionId}_step_${step.position}`,
      ...(step.item !== noItem && { item: step.item }),
      status: step.status,
      attempts: step.attempt,
      interruptions: step.interruptions,
      startedAt: step.startedAt,
      settledAt: step.settledAt,
      failure: step.failure,
      output: parse(own.findLast(attempt => attempt.status === 'completed')?.output ?? null),
      runs: own.map(({ run, attempt, status: ended, startedAt: from, endedAt, failure: why }) => ({ run, attempt, status: ended, startedAt: from, endedAt, failure: why })),
    };
  });
  return {
    format: sessionFormat, formatVersion: sessionVersion,
    executionId, flowId, flowVersion, digest, status, passed, score, failure,
    input: JSON.parse(record.input), createdAt, startedAt, settledAt, durationMs: (settledAt ?? createdAt) - createdAt,
    steps,
    consolidated: consolidated ? { ...withoutKey(consolidated), content: parse(consolidated.content) } : null,
  };
}

/** What a session is read from: a store that answers at once. */
export interface SessionSource {
  listSteps(executionKey: number): Awaited<ReturnType<RecordReader['listSteps']>>;
  listAttempts(executionKey: number): Awaited<ReturnType<RecordReader['listAttempts']>>;
  getConsolidated(executionKey: number): Awaited<ReturnType<RecordReader['getConsolidated']>>;
}

/** Writes the session file of a settled execution, whole or not at all. */
export function writeSession(reader: SessionSource, record: ExecutionRecord, folder: string): void {
  writeAtomically(toSessionFile(folder, record.executionId), `${JSON.stringify(toSession(reader, record), null, 2)}\n`);
}

export const hasSession = (folder: string, executionId: string): boolean => existsSync(toSessionFile(folder, executionId));

export function removeSession(folder: string, executionId: string): void {
  rmSync(toSessionFile(folder, executionId), { force: true });
}
