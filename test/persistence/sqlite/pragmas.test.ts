import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SqliteRecords } from '../../../src/open-records.ts';
import { openSqliteStore } from '../../../src/open-records.ts';
import { completed, makeAttempt, makeBatch, makeExecution, makeStep, owner, scored, start } from '../conformance/fixtures.ts';
import { useTemporaryFiles } from './temporary-file.ts';

const toFile = useTemporaryFiles();

/** What SQLite itself says, inside a transaction after the first write. */
function readPragma(store: SqliteRecords, name: string): unknown {
  let value: unknown;
  store.commitWith(attempt => {
    attempt(({ handle }) => {
      value = Object.values(handle.prepare(`PRAGMA ${name}`).get() as object)[0];
    });
    return makeBatch({});
  });
  return value;
}

describe.each(['better-sqlite3', 'node:sqlite'] as const)('a file opened with %s', driver => {
  it.each([['power', 2, 1], ['process', 1, 0]] as const)('syncs as durability %s asks for, also after the first write', (durability, synchronous, fullfsync) => {
    const store = openSqliteStore({ file: toFile(), driver, durability });
    store.acquire(owner);
    store.commit(makeBatch({ executions: [makeExecution(1)] }));
    expect(readPragma(store, 'journal_mode')).toBe('wal');
    expect(readPragma(store, 'synchronous')).toBe(synchronous);
    expect(readPragma(store, 'fullfsync')).toBe(fullfsync);
    expect(readPragma(store, 'checkpoint_fullfsync')).toBe(fullfsync);
    store.close();
  });

  it('is durable against power cuts unless told otherwise', () => {
    const store = openSqliteStore({ file: toFile(), driver });
    store.acquire(owner);
    expect(readPragma(store, 'synchronous')).toBe(2);
    store.close();
  });

  it('gives space back after a prune', () => {
    const file = toFile();
    const store = openSqliteStore({ file, driver, durability: 'process' });
    store.acquire(owner);
    expect(readPragma(store, 'auto_vacuum')).toBe(2);
    const output = JSON.stringify('x'.repeat(20_000));
    const keys = Array.from({ length: 200 }, (_, index) => index + 1);
    store.commit(makeBatch({ executions: keys.map(key => makeExecution(key, scored)), attempts: keys.map(key => makeAttempt(key, 0, { output })) }));
    const before = store.getSize();
    expect(before.bytes).toBeGreaterThan(4_000_000);
    expect(store.prune({ settledBefore: start + 5000 })).toBe(200);
    expect(store.getSize().freeBytes).toBe(0);
    store.close();
    expect(statSync(file).size).toBeLessThan(340_000);
  });

  it('gives back what commits have deleted when it is told to', () => {
    const store = openSqliteStore({ file: toFile(), driver, durability: 'process' });
    store.acquire(owner);
    const actor = { actorId: 'a', machineId: 'm', machineVersion: '', machineDigest: 'd', status: 'done', wakeAt: null, tree: `"${'x'.repeat(2_000_000)}"`, seq: 1, createdAt: start, settledAt: start } as const;
    store.commit(makeBatch({ actors: { put: [actor] } }));
    store.commit(makeBatch({ actors: { removed: ['a'] } }));
    expect(store.getSize().freeBytes).toBeGreaterThan(1_900_000);
    store.compact();
    expect(store.getSize().freeBytes).toBe(0);
    store.close();
  });

  it('keeps a trivial step with its history in 400 bytes', () => {
    const file = toFile();
    const store = openSqliteStore({ file, driver, durability: 'process' });
    store.acquire(owner);
    store.close();
    const empty = statSync(file).size;
    const again = openSqliteStore({ file, driver, durability: 'process' });
    again.acquire(owner);
    const keys = Array.from({ length: 64 }, (_, index) => index + 1);
    again.commit(makeBatch({ executions: keys.map(key => makeExecution(key, { context: `"${'c'.repeat(330)}"` })) }));
    const entries = `[["fetch-balance",{"type":"attempt.completed","run":1},"completed"],["","${'e'.repeat(85)}","stepping"]]`;
    expect(entries.length).toBeGreaterThanOrEqual(150);
    for (let position = 0; position < 60; position++) {
      // As a chain does it: one step ends, the next one begins.
      const at = start + 100;
      again.commit(
        makeBatch({
          progress: keys.map(key => ({ key, executionId: `execution-${key}`, context: JSON.stringify({ granted: position, released: position, settled: position, completed: position }), seq: position * 2 + 2 })),
          steps: keys.flatMap(key => [
            makeStep(key, position, { stepId: 'fetch-balance', ...completed, startedAt: at - 20, runAt: at - 20, settledAt: at }), makeStep(key, position + 1, { stepId: 'fetch-balance', runAt: at, startedAt: at }),
          ]),
          attempts: keys.map(key => makeAttempt(key, position, { startedAt: at - 20, endedAt: at })),
          journal: keys.map(executionKey => ({ executionKey, seq: position * 2 + 1, at, entries })),
        }),
      );
    }
    again.close();
    expect((statSync(file).size - empty) / (64 * 60)).toBeLessThan(400);
  });
});
