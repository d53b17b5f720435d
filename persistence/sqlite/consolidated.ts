import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { SqliteConnection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';
import { readStoredFailure } from '../../src/core/stored-value.ts';

type Row = Omit<ConsolidatedRecord, 'error'> & { readonly error: string | null };

export const selectConsolidated = `
  SELECT execution_key AS executionKey, status, success_rate AS successRate, total_tools AS totalTools, execution_duration_ms AS executionDurationMs,
    error, created_at AS createdAt, content
  FROM consolidations`;

export const selectInputs = `
  SELECT execution_key AS executionKey, position, item, input FROM inputs WHERE execution_key = ? AND position >= 0`;

export function toConsolidated(row: unknown): ConsolidatedRecord {
  const { error, ...rest } = row as Row;
  return { ...rest, error: readStoredFailure('consolidations.error', rest.executionKey, error) } as ConsolidatedRecord;
}

export function prepareInsertConsolidated(connection: SqliteConnection): SqliteStatement {
  return connection.prepare(`
    INSERT INTO consolidations (execution_key, status, success_rate, total_tools, execution_duration_ms, created_at, error, content)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
}

export function writeConsolidated(statement: SqliteStatement, row: ConsolidatedRecord): void {
  const error = row.error === null ? null : JSON.stringify(row.error);
  statement.run(row.executionKey, row.status, row.successRate, row.totalTools, row.executionDurationMs, row.createdAt, error, row.content);
}
