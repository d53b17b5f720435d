import { isFlowError } from '../../src/core/errors.ts';
import { readStored, storedColumns } from '../../src/core/stored-value.ts';
import type { StoredColumn } from '../../src/core/stored-value.ts';
import type { SqliteConnection } from './connection.ts';

/** How a row of each table is named. */
const keys: { readonly [table: string]: string } = {
  executions: 'key', steps: `execution_key || '/' || position || '/' || item`, attempts: `execution_key || '/' || position || '/' || item`,
  inputs: `execution_key || '/' || position || '/' || item`, signals: `execution_key || '/' || number`, journal: 'number', checkpoints: `execution_key || '/' || number`, definitions: 'digest', consolidations: 'execution_key',
  interactions: `execution_id || '/' || number`, messages: 'message_id', message_payloads: 'key', outbox: 'key', actors: 'actor_id', actor_parts: `actor_id || '/' || part`, actor_machines: 'machine_digest',
};

/** Tables of earlier versions; their names are views now. */
const olderTables: { readonly [table: string]: string } = { steps: 'older_steps', attempts: 'older_attempts' };

/** Looks at the JSON of every row. @returns what is damaged, at most so many */
export function findDamagedRows(connection: SqliteConnection, limit: number): string[] {
  const found: string[] = [];
  for (const column of Object.keys(storedColumns) as StoredColumn[]) {
    const [table, name] = column.split('.') as [string, string];
    // Brackets are not stored, and outputs lie in lines.
    const text = column === 'messages.history' ? `'[' || ${name} || ']'` : column === 'journal.outputs' ? `'[' || replace(${name}, char(10), ',') || ']'` : name;
    const source = olderTables[table] ?? table;
    for (const row of connection.prepare(`SELECT ${keys[table]} AS key, ${text} AS text FROM ${source} WHERE ${name} IS NOT NULL`).iterate()) {
      if (found.length === limit) return found;
      const { key, text: json } = row as { readonly key: string | number; readonly text: string };
      try {
        readStored(column, key, json);
      } catch (error) {
        if (!isFlowError(error)) throw error;
        found.push(error.message);
      }
    }
  }
  return found;
}
