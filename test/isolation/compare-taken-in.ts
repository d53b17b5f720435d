import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RecordReader } from '../../persistence/store.ts';
import { loadSession } from '../../src/kinds/flows/consolidation/read-session.ts';
import { openFilesReader } from '../../src/files.ts';
import { openSqliteReader } from '../../src/open-records.ts';
import { replayJournal } from '../../src/testing/replay.ts';

const own = <Row extends { executionKey: number }>(rows: readonly Row[]): object[] => rows.map(({ executionKey: _key, ...row }) => row);

async function readAll(reader: RecordReader, executionId: string): Promise<Record<string, unknown>> {
  const record = await reader.getExecution(executionId);
  if (!record) return { execution: 'missing' };
  const { key, status, startedAt, settledAt, score, passed, failure, context, seq, digest, input } = record;
  const consolidated = await reader.getConsolidated(key);
  return {
    execution: { executionId, status, startedAt, settledAt, score, passed, failure, context, seq, digest, input },
    steps: own(await reader.listSteps(key)), attempts: own(await reader.listAttempts(key)), journal: own(await reader.readJournal(key, 0, 100_000)),
    consolidated: consolidated && { ...own([consolidated])[0], content: await loadSession(reader, record, consolidated) }, signals: own(await reader.listSignals(key)),
  };
}

/** Compares what the owner of a database stored with what the process wrote into its folder, and replays it through the machines. */
export async function compareTakenIn(file: string, processes: string, executionId: string): Promise<string[]> {
  const reader = openSqliteReader({ file });
  try {
    const stored = await readAll(reader, executionId);
    const written = await readAll(openFilesReader({ folder: join(processes, executionId.split('.', 1)[0] ?? '') }), executionId);
    const differing = Object.keys(stored).filter(part => !isDeepStrictEqual(stored[part], written[part]));
    const { mismatches } = await replayJournal(reader, executionId);
    return [
      ...differing.map(part => `${executionId}: ${part} in the database ${JSON.stringify(stored[part]).slice(0, 2_000)}, in the folder ${JSON.stringify(written[part]).slice(0, 2_000)}`),
      ...mismatches.map(mismatch => `${executionId}: ${JSON.stringify(mismatch)}`),
    ];
  } finally {
    reader.close();
  }
}
