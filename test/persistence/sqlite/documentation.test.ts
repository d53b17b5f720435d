import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../persistence/sqlite/driver.ts';
import { openSqliteStore } from '../../../src/open-records.ts';

const text = readFileSync(new URL('../../../docs/reference/storage.md', import.meta.url), 'utf8');

describe('docs/reference/storage.md', () => {
  const database = openDatabase('node:sqlite', ':memory:', { busyTimeoutMs: 0 });
  openSqliteStore({ database });

  const queries = (/```sql\n(.*?)```/s.exec(text)?.[1] ?? '').split(';').map(sql => sql.trim()).filter(sql => sql !== '');

  it('has questions to ask by hand', () => {
    expect(queries.length).toBeGreaterThan(4);
  });

  it.each(queries)('has a question that SQLite understands: %s', sql => {
    expect(database.prepare(sql).all()).toEqual([]);
  });

  it('names every column of every table', () => {
    const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'flowstone_migrations'`).all() as { name: string }[];
    expect(tables.length).toBeGreaterThan(6);
    for (const { name } of tables) {
      const columns = database.prepare('SELECT name FROM pragma_table_info(?)').all(name) as { name: string }[];
      const [, cell = ''] = new RegExp(`^\\| \`${name}\` \\| [^|]+ \\| (.*) \\|$`, 'm').exec(text) ?? [];
      for (const column of columns) {
        if (name !== 'meta' || column.name !== 'id') expect(cell, `${name}.${column.name}`).toContain(`\`${column.name}\``);
      }
    }
  });
});
