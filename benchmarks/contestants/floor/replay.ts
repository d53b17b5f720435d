import Database from 'better-sqlite3';
import { openSqliteStore } from 'flowstone/sqlite';
import type { Durability } from '../../harness/trial.ts';
import type { Tick, Write } from './record-ticks.ts';

interface Prepared {
  readonly statement: Database.Statement;
  readonly values: unknown[];
  readonly keyAt: readonly number[];
  readonly idAt: Write['idAt'];
  readonly isNumbered: boolean;
}

/** Writes recorded ticks again, under new keys, on a database with Flowstone's schema and settings. */
export class Replay {
  readonly database: Database.Database;
  readonly #ticks: readonly (readonly Prepared[])[];
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  #number = 0;

  constructor(file: string, durability: Durability, ticks: readonly Tick[]) {
    openSqliteStore({ file }).close();
    this.database = new Database(file);
    // Adopting the handle sets what Flowstone sets: write-ahead log, synchronous, cache.
    openSqliteStore({ database: this.database, ...(durability === 'default' ? {} : { durability }) }).close();
    const statements = new Map<string, Database.Statement>();
    const prepare = (sql: string): Database.Statement => {
      const statement = statements.get(sql) ?? this.database.prepare(sql);
      statements.set(sql, statement);
      return statement;
    };
    this.#ticks = ticks.map(tick => tick.map(({ sql, ...write }) => ({ ...write, statement: prepare(sql), values: [...write.values] })));
    this.#begin = prepare('BEGIN IMMEDIATE');
    this.#commit = prepare('COMMIT');
  }

  get ticks(): number {
    return this.#ticks.length;
  }

  /** Writes one tick of the flows with keys from `from` on, in one transaction. */
  write(tick: number, from: number, count: number): void {
    this.writeAll([{ tick, from, count }]);
  }

  /** The same of several ticks, all in one transaction. */
  writeAll(parts: readonly { readonly tick: number; readonly from: number; readonly count: number }[]): void {
    this.#begin.run();
    for (const { tick, from, count } of parts) this.#writePart(this.#ticks[tick] ?? [], from, count);
    this.#commit.run();
  }

  #writePart(writes: readonly Prepared[], from: number, count: number): void {
    for (let key = from; key < from + count; key++) {
      const id = `0199b000-0000-7000-8000-${String(key).padStart(12, '0')}`;
      for (const { statement, values, keyAt, idAt, isNumbered } of writes) {
        if (isNumbered) values[0] = this.#number += 1;
        for (const index of keyAt) values[index] = key;
        for (const { index, suffix } of idAt) values[index] = `${id}${suffix}`;
        statement.run(...values);
      }
    }
  }
}
