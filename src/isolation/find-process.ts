import type { ExecutionRecord } from '../../persistence/records.ts';
import type { RecordReader } from '../../persistence/store.ts';
import { RunnerProcess } from './runner-process.ts';

/** What a process of its own has to do with an execution. */
export interface FoundProcess {
  /** Undefined: none lives. */
  readonly pid: number | undefined;
}

/** Finds the process that runs an execution; undefined: it is not one that has a process of its own. */
export async function findProcess(reader: RecordReader, { key, settledAt }: ExecutionRecord): Promise<FoundProcess | undefined> {
  const isolation = settledAt === null ? await reader.isolations?.get(key) : undefined;
  return isolation?.status === 'open' ? { pid: RunnerProcess.find(isolation.folder)?.pid } : undefined;
}
