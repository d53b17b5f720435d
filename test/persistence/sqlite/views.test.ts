import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { toSqlName } from '../../../persistence/table.ts';
import type { SqliteRecords } from '../../../src/open-records.ts';
import { openSqliteStore } from '../../../src/open-records.ts';
import { openRuntime, settleTicks } from '../../runtime/open-runtime.ts';

type Record = { readonly [name: string]: unknown };

/** A record as its view has it. */
const toRow = (record: object): Record =>
  Object.fromEntries(
    Object.entries(record).map(([name, value]) => [toSqlName(name), typeof value === 'boolean' ? Number(value) : name === 'failure' && value !== null ? JSON.stringify(value) : value]),
  );

const read = (database: Database.Database, view: 'steps' | 'attempts', key: number): Record[] =>
  database.prepare(`SELECT * FROM ${view} WHERE execution_key = ? ORDER BY position, item, run`).all(key) as Record[];

function compare(file: string, store: SqliteRecords): number {
  const database = new Database(file, { readonly: true });
  let rows = 0;
  for (const { key } of store.listExecutions({ limit: 100 }).flatMap(({ executionId }) => store.listGenerations(executionId))) {
    const steps = store.listSteps(key).map(toRow);
    expect(read(database, 'steps', key)).toEqual(steps);
    expect(read(database, 'attempts', key)).toEqual(store.listAttempts(key).map(toRow));
    rows += steps.length;
  }
  database.close();
  return rows;
}

describe('the views of steps and attempts', () => {
  it('show every step and attempt after each commit, while it runs, waits, is tried again, and when it is retried', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-views-'));
    const file = join(folder, 'test.db');
    const store = openSqliteStore({ file, durability: 'process' });
    const seen: number[] = [];
    const commit = store.commit.bind(store);
    store.commit = batch => {
      commit(batch);
      seen.push(compare(file, store));
    };
    const flow = {
      id: 'f', concurrency: 3, steps: [
        { id: 'first', uses: 'tool:echo', with: { text: 'zwölf\n"quoted" \u{1f600}' } },
        { id: 'again', uses: 'tool:flaky', retry: { maxAttempts: 3, initialInterval: '1s' }, depends_on: ['first'] },
        { id: 'each', uses: 'tool:echo', for_each: '{% [1,2,3,4] %}', with: '{% item %}', depends_on: ['first'] },
        { id: 'ask', uses: 'signal', with: { name: 'go' }, depends_on: ['each'] },
        { id: 'broken', uses: 'tool:broken', depends_on: ['ask'], critical: false },
        { id: 'never', uses: 'tool:echo', when: '{% false %}', depends_on: ['ask'] },
      ],
    };
    let works = false;
    const { runtime, clock } = await openRuntime(
      flow,
      {
        echo: ({ input }) => input ?? null,
        flaky: ({ attempt }) => {
          if (attempt < 3) throw new Error('not yet\nsecond line');
          return [attempt, null];
        },
        broken: () => {
          if (!works) throw new RangeError('broken');
          return 'mended';
        },
      },
      { store },
    );
    const { executionId } = await runtime.start('f');
    for (let second = 0; second < 30; second++) {
      await settleTicks(20);
      clock.advance(1_000);
    }
    await runtime.signal(executionId, 'go', { by: ['me'] });
    await runtime.settled(executionId);
    works = true;
    await runtime.retry(executionId);
    await runtime.settled(executionId);
    expect(compare(file, store)).toBeGreaterThan(18);
    expect(seen.length).toBeGreaterThan(8);
    await runtime.stop();
    rmSync(folder, { recursive: true });
  });
});
