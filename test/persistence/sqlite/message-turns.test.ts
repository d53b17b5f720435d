import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listTurns } from '../../../persistence/files/older-messages.ts';
import { MemoryState } from '../../../persistence/memory/memory-state.ts';
import { MemoryTables } from '../../../persistence/memory/memory-store.ts';
import { messages } from '../../../persistence/records/tables.ts';
import { SqliteConnection } from '../../../persistence/sqlite/connection.ts';
import { openDatabase } from '../../../persistence/sqlite/driver.ts';
import { migrations } from '../../../persistence/sqlite/migrations/migrations.ts';
import { migrate } from '../../../persistence/sqlite/schema.ts';
import { toWriteSql } from '../../../persistence/sqlite/table-sql.ts';
import type { Row } from '../../../persistence/table.ts';
import { start } from '../conformance/fixtures.ts';
import { dead, makeMessage, processing, retrying } from '../conformance/queue-fixtures.ts';

const columns = Object.keys(messages.columns).filter(column => column !== 'turn' && column !== 'lane');
const claimed = { claim: 1, attempt: 0, claimedBy: 'worker' };
const states = {
  waits: {}, delayed: { dueAt: start + 500, visibleAt: start + 500 }, handled: processing, failed: retrying, dead,
  slept: { ...claimed, claimedAt: start + 50, dueAt: start + 90 }, released: { ...claimed, claimedAt: start + 50 }, redriven: { ...claimed, claimedAt: start + 10, visibleAt: start + 60 },
} as const;
const message = fc.record({
  state: fc.constantFrom(...(Object.keys(states) as (keyof typeof states)[])), partitionKey: fc.constantFrom(null, 'p', 'q'), priority: fc.integer({ min: 0, max: 1 }),
  instance: fc.constantFrom(null, 'a'), at: fc.nat(9),
});

/** Rows as 0.3.0 wrote them. */
const toRow = (key: number, { state, at, ...parts }: typeof message extends fc.Arbitrary<infer Value> ? Value : never): Row => {
  const { failure, history, turn: _, ...row } = makeMessage(key, { publishedAt: start + at, visibleAt: start + at, ...states[state], ...parts });
  return { ...row, failure: failure === null ? null : JSON.stringify(failure), history: history.slice(1, -1) };
};

function migrateRows(rows: readonly Row[]): Row[] {
  const database = openDatabase('better-sqlite3', ':memory:', { busyTimeoutMs: 0 });
  const connection = new SqliteConnection(database, 'better-sqlite3');
  const before = migrations.findIndex(({ name }) => name === 'message-turns');
  migrate(connection, migrations.slice(0, before), ':memory:');
  const insert = database.prepare(toWriteSql({ table: messages, kind: 'insert', columns }));
  for (const row of rows) insert.run(...columns.map(column => row[column] ?? null));
  migrate(connection, migrations, ':memory:');
  const found = database.prepare('SELECT key, turn, lane FROM messages ORDER BY key').all() as Row[];
  database.close();
  return found;
}

function upgradeRows(rows: readonly Row[]): Row[] {
  const state = new MemoryState();
  for (const row of rows) state.open(messages).write({ shape: { table: messages, kind: 'insert', columns }, values: columns.map(column => row[column] ?? null) }, () => {});
  const tables = new MemoryTables(state);
  for (const write of listTurns(tables)) state.open(messages).write(write, () => {});
  expect(listTurns(tables)).toEqual([]);
  return tables.read([{ table: messages, columns: ['key', 'turn', 'lane'] }])[0] ?? [];
}

describe('messages of an earlier version', () => {
  it('take their turns when they are opened: in a database as in a folder, and one of a partition and priority first', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 25 }), list => {
        const rows = list.map((parts, index) => toRow(index + 1, parts));
        const found = migrateRows(rows);
        expect(upgradeRows(rows)).toEqual(found.map(row => ({ ...row })));
        const turnOf = (row: Row): number => Number(found.find(({ key }) => key === row['key'])?.['turn'] ?? 0);
        for (const [index, { state, partitionKey, instance, priority }] of list.entries()) {
          const row = rows[index] as Row;
          if (partitionKey === null) expect(turnOf(row)).toBe({ waits: 1, delayed: 1, handled: 2, failed: 3, dead: 0, slept: 3, released: 1, redriven: 1 }[state]);
          const lane = rows.filter(other => other['partitionKey'] === partitionKey && other['instance'] === instance && other['priority'] === priority);
          const hasHead = lane.some(other => turnOf(other) >= 1 && turnOf(other) <= 3);
          if (turnOf(row) === 4) expect(hasHead).toBe(true);
          const isFirst = !lane.some(other => turnOf(other) === 4 && ((other['visibleAt'] as number) < (row['visibleAt'] as number)));
          if (partitionKey !== null && turnOf(row) === 1 && (state === 'waits' || state === 'redriven')) expect(isFirst).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
