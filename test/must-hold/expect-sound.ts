import { expect } from 'vitest';
import type { RecordReader } from '../../persistence/store.ts';
import { replayJournal } from '../../src/testing/replay.ts';
import { expectSameTree } from './expect-same-tree.ts';

/** What holds for every stored execution at any time: no gap in its journal, its replay ends where its rows are, runs are counted. */
export async function expectSound(reader: RecordReader, maxInterruptions = 5): Promise<void> {
  for (const execution of await reader.listExecutions({ limit: 100_000 })) {
    const { executionId, key, seq, status, settledAt } = execution;
    let next = 1;
    for (const row of await reader.readJournal(key, 0, 1_000_000)) {
      expect(row.seq).toBe(next);
      next += (JSON.parse(row.entries) as unknown[]).length;
    }
    if (settledAt === null) expect(next - 1).toBe(seq);
    else expect(next - 1).toBeGreaterThanOrEqual(seq);
    for (const from of ['start', 'checkpoint'] as const) expect(await replayJournal(reader, executionId, { maxInterruptions, from })).toMatchObject({ mismatches: [] });
    if (settledAt === null) await expectSameTree(reader, execution);
    // What 0.1.0 scored has no verdict; nothing but what is scored has one.
    if (await reader.getConsolidated(key)) expect([executionId, status]).toEqual([executionId, 'scored']);
    const attempts = await reader.listAttempts(key);
    for (const { position, item, run, status: reached, interruptions, stepId, originKey } of await reader.listSteps(key)) {
      if (originKey !== null) {
        // Kept: it ran in an earlier generation, and not once more.
        expect([stepId, attempts.filter(attempt => attempt.position === position && attempt.item === item)]).toEqual([stepId, []]);
        continue;
      }
      const own = attempts.filter(attempt => attempt.position === position && attempt.item === item);
      const count = (wanted: string): number => own.filter(attempt => attempt.status === wanted).length;
      const isOver = settledAt !== null || reached === 'completed' || reached === 'failed';
      if (isOver) expect([stepId, own.map(attempt => attempt.run)]).toEqual([stepId, Array.from({ length: run }, (_, index) => index + 1)]);
      expect([stepId, count('interrupted')]).toEqual([stepId, interruptions]);
      expect(count('completed')).toBeLessThanOrEqual(1);
    }
  }
}
