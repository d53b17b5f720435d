import { assert, constantFrom, property, record as recordOf } from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../persistence/sqlite/driver.ts';
import { attemptRecord, executionRecord, stepRecord } from '../../../persistence/records.ts';
import { openSqliteStore } from '../../../src/open-records.ts';
import { failure, makeAttempt, makeBatch, makeExecution, makeStep, owner, start } from '../conformance/fixtures.ts';

const at = constantFrom(null, 0, start);
const failures = constantFrom(null, failure);

/** Any combination of what the lifecycle ties together, most of them forbidden. */
const executions = recordOf({
  status: constantFrom('pending', 'stepping', 'consolidating', 'scored', 'failed', 'settled'),
  wakeAt: constantFrom(null, 0, start, -1),
  startedAt: at,
  settledAt: at,
  score: constantFrom(null, 0, 0.5, 1),
  passed: constantFrom(null, true, false),
  failure: failures,
  seq: constantFrom(0, 1, -1),
});

const steps = recordOf({
  status: constantFrom('pending', 'running', 'retrying', 'waiting', 'completed', 'failed', 'skipped', 'cancelled', 'done'),
  dueAt: at,
  runAt: at,
  startedAt: at,
  settledAt: at,
  failure: failures,
  run: constantFrom(0, 1, -1),
  attempt: constantFrom(0, 1, -1),
  interruptions: constantFrom(0, -1),
  item: constantFrom(-1, 0, -2),
});

const attempts = recordOf({
  status: constantFrom('completed', 'failed', 'interrupted', 'released', 'cancelled', 'running'),
  run: constantFrom(0, 1),
  attempt: constantFrom(0, 1),
  item: constantFrom(-1, 0, -2),
  endedAt: constantFrom(start, -1),
  failure: failures,
  output: constantFrom(null, '1'),
});

describe('the schema', () => {
  const database = openDatabase('better-sqlite3', ':memory:', { busyTimeoutMs: 0 });
  const store = openSqliteStore({ database });
  store.acquire(owner);
  let key = 0;
  const accepts = (batch: Parameters<typeof store.commit>[0]): boolean => {
    try {
      store.commit(batch);
      return true;
    } catch {
      return false;
    }
  };
  afterAll(() => store.close());

  it('takes exactly the executions that the records describe', () => {
    assert(
      property(executions, parts => {
        const record = makeExecution(++key, parts);
        expect(accepts(makeBatch({ executions: [record] }))).toBe(executionRecord.safeParse(record).success);
      }),
      { numRuns: 1500 },
    );
  });

  it('takes exactly the steps that the records describe', () => {
    assert(
      property(steps, parts => {
        const record = makeStep(++key, 0, parts);
        expect(accepts(makeBatch({ steps: [record] }))).toBe(stepRecord.safeParse(record).success);
      }),
      { numRuns: 1500 },
    );
  });

  it('takes exactly the attempts that the records describe', () => {
    assert(
      property(attempts, parts => {
        const record = makeAttempt(++key, 0, parts);
        expect(accepts(makeBatch({ attempts: [record] }))).toBe(attemptRecord.safeParse(record).success);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses the same from anybody else who writes', () => {
    store.commit(makeBatch({ executions: [makeExecution(++key)], steps: [makeStep(key, 0)] }));
    for (const change of [
      `UPDATE executions SET settled_at = 1`,
      `UPDATE executions SET status = 'scored'`,
      `UPDATE executions SET started_at = 'yesterday'`,
      `UPDATE steps SET status = 'completed'`,
      `UPDATE steps SET status = NULL`,
      `UPDATE steps SET settled_at = 1`,
      `UPDATE steps SET run = 1.5`,
      `UPDATE meta SET epoch = NULL`,
      `INSERT INTO meta (id, epoch) VALUES (2, 1)`,
    ]) {
      expect(() => database.exec(change), change).toThrow(/constraint|cannot store|cannot modify/i);
    }
  });
});
