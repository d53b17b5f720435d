import { expect } from 'vitest';
import type { StoreReader } from '../../persistence/store.ts';
import { compileStored } from '../../src/definition/compile-stored.ts';
import { gatherWork } from '../../src/runtime/consolidation/gather.ts';
import { writeSteps } from '../../src/runtime/consolidation/steps-text.ts';
import { replayJournal } from '../../src/testing/replay.ts';

/** What holds for every stored execution at any time: no gap in its journal, its replay ends where its rows are, runs are counted. */
export async function expectSound(reader: StoreReader, maxInterruptions = 5): Promise<void> {
  for (const { executionId, generation, digest, key, seq, settledAt } of await reader.listExecutions({ limit: 100_000 })) {
    let next = 1;
    for (const row of await reader.readJournal(key, 0, 1_000_000)) {
      expect(row.seq).toBe(next);
      next += (JSON.parse(row.entries) as unknown[]).length;
    }
    if (settledAt === null) expect(next - 1).toBe(seq);
    else expect(next - 1).toBeGreaterThanOrEqual(seq);
    expect(await replayJournal(reader, executionId, { maxInterruptions })).toMatchObject({ mismatches: [] });
    const consolidated = await reader.getConsolidated(executionId, generation);
    if (consolidated) expect(await rebuild(reader, digest, key, consolidated.content)).toBe(true);
    const attempts = await reader.listAttempts(key);
    for (const { position, item, run, status, interruptions, stepId, originKey } of await reader.listSteps(key)) {
      if (originKey !== null) {
        // Kept: it ran in an earlier generation, and not once more.
        expect([stepId, attempts.filter(attempt => attempt.position === position && attempt.item === item)]).toEqual([stepId, []]);
        continue;
      }
      const own = attempts.filter(attempt => attempt.position === position && attempt.item === item);
      const count = (wanted: string): number => own.filter(attempt => attempt.status === wanted).length;
      const isOver = settledAt !== null || status === 'completed' || status === 'failed';
      if (isOver) expect([stepId, own.map(attempt => attempt.run)]).toEqual([stepId, Array.from({ length: run }, (_, index) => index + 1)]);
      expect([stepId, count('interrupted')]).toEqual([stepId, interruptions]);
      expect(count('completed')).toBeLessThanOrEqual(1);
    }
  }
}

/** Whether the steps of a session are what the rows say, also when they were written from memory. */
async function rebuild(reader: StoreReader, digest: string, key: number, content: string): Promise<boolean> {
  const { steps, executionId } = JSON.parse(content) as { readonly steps?: unknown; readonly executionId: string };
  const definition = await reader.getDefinition(digest);
  if (steps === undefined || !definition) return true;
  const plan = compileStored(definition);
  const work = await gatherWork(reader, key, plan, await reader.listSteps(key));
  expect(steps).toEqual(JSON.parse(writeSteps(executionId, plan, work)));
  return true;
}
