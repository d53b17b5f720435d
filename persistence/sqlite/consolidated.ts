import type { ConsolidatedRecord } from '../consolidation-store.ts';
import type { SqliteConnection } from './connection.ts';
import type { SqliteStatement } from './driver.ts';

type Row = Omit<ConsolidatedRecord, 'error'> & { readonly error: string | null };

const headColumns = `
  consolidated_session_id AS consolidatedSessionId, execution_id AS executionId, generation, status, score, success_rate AS successRate,
  total_tools AS totalTools, execution_duration_ms AS executionDurationMs, error, created_at AS createdAt`;

export const selectHead = `SELECT ${headColumns} FROM consolidated_sessions`;
export const selectConsolidated = `SELECT ${headColumns}, content, original_session_ids AS originalSessionIds FROM consolidated_sessions`;

export const selectInputs = `
  SELECT execution_key AS executionKey, position, item, input FROM inputs WHERE execution_key = ? AND position >= 0`;

export function toConsolidated(row: unknown): ConsolidatedRecord {
  const { error, ...rest } = row as Row;
  return { ...rest, error: error === null ? null : JSON.parse(error) } as ConsolidatedRecord;
}

export function prepareInsertConsolidated(connection: SqliteConnection): SqliteStatement {
  return connection.prepare(`
    INSERT INTO consolidated_sessions (consolidated_session_id, execution_id, generation, status, content, original_session_ids, score, success_rate,
      total_tools, execution_duration_ms, error, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
}

export function writeConsolidated(statement: SqliteStatement, row: ConsolidatedRecord): void {
  statement.run(
    row.consolidatedSessionId, row.executionId, row.generation, row.status, row.content, row.originalSessionIds, row.score, row.successRate,
    row.totalTools, row.executionDurationMs, row.error === null ? null : JSON.stringify(row.error), row.createdAt,
  );
}
