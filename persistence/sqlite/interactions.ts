import type { InteractionReader, InteractionRecord, InteractionTotal, ListInteractionsParams } from '../interaction-store.ts';
import type { CountedInteraction } from '../interaction-totals.ts';
import { addUp } from '../interaction-totals.ts';
import { createSettledError } from '../store-errors.ts';
import type { SqliteReads } from './artifacts.ts';
import type { SqliteConnection } from './connection.ts';
import { readStoredFailure } from '../../src/core/stored-value.ts';

const selectInteractions = `
  SELECT execution_key AS executionKey, execution_id AS executionId, number, position, item, step_id AS stepId, attempt, run, stage, model, status,
    prompt, response, input_tokens AS inputTokens, output_tokens AS outputTokens, total_tokens AS totalTokens, cost, started_at AS startedAt,
    settled_at AS settledAt, failure
  FROM interactions`;

function toInteraction(row: unknown): InteractionRecord {
  const { failure, ...rest } = row as Omit<InteractionRecord, 'failure'> & { readonly failure: string | null };
  return { ...rest, failure: readStoredFailure('interactions.failure', `${rest.executionId}/${rest.number}`, failure) } as InteractionRecord;
}

export class SqliteInteractions implements InteractionReader {
  readonly #reads: SqliteReads;

  constructor(reads: SqliteReads) {
    this.#reads = reads;
  }

  list({ executionId, position, after = 0, limit = 100 }: ListInteractionsParams): InteractionRecord[] {
    const where = `WHERE execution_id = ? AND number > ?${position === undefined ? '' : ' AND position = ?'}`;
    const values = [executionId, after, ...(position === undefined ? [] : [position]), limit];
    return this.#reads.all(`${selectInteractions} ${where} ORDER BY number LIMIT ?`, toInteraction, ...values);
  }

  total(executionId: string, executionKey?: number): InteractionTotal[] {
    const sql = `SELECT position, step_id AS stepId, model, status, input_tokens AS inputTokens, output_tokens AS outputTokens,
      total_tokens AS totalTokens, cost, started_at AS startedAt, settled_at AS settledAt FROM interactions WHERE execution_id = ?${executionKey === undefined ? '' : ' AND execution_key = ?'}`;
    return addUp(this.#reads.all(sql, row => row as CountedInteraction, executionId, ...(executionKey === undefined ? [] : [executionKey])));
  }

  listPending(limit: number): InteractionRecord[] {
    return this.#reads.all(`${selectInteractions} WHERE status = 'pending' ORDER BY execution_key, number LIMIT ?`, toInteraction, limit);
  }

  last(executionId: string): number {
    const sql = 'SELECT number FROM interactions WHERE execution_id = ? ORDER BY number DESC LIMIT 1';
    return this.#reads.get(sql, row => (row as { number: number }).number, executionId) ?? 0;
  }
}

const insertInteraction = `
  INSERT INTO interactions (execution_key, execution_id, number, position, item, step_id, attempt, run, stage, model, status, prompt, response,
    input_tokens, output_tokens, total_tokens, cost, started_at, settled_at, failure)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

// Says again only what can change: the prompt may be long.
const settleInteraction = `
  UPDATE interactions SET status = ?, model = ?, response = ?, input_tokens = ?, output_tokens = ?, total_tokens = ?, cost = ?, settled_at = ?, failure = ?
  WHERE execution_id = ? AND number = ? AND settled_at IS NULL`;

/** Writes inside the open transaction. */
export function writeInteractions(connection: SqliteConnection, rows: readonly InteractionRecord[]): void {
  for (const row of rows) {
    const failure = row.failure === null ? null : JSON.stringify(row.failure);
    const { changes } = connection
      .prepare(settleInteraction)
      .run(row.status, row.model, row.response, row.inputTokens, row.outputTokens, row.totalTokens, row.cost, row.settledAt, failure, row.executionId, row.number);
    if (Number(changes) > 0) continue;
    if (connection.prepare('SELECT 1 FROM interactions WHERE execution_id = ? AND number = ?').get(row.executionId, row.number) !== undefined) {
      throw createSettledError('interaction', `${row.executionId}/${row.number}`);
    }
    connection
      .prepare(insertInteraction)
      .run(
        row.executionKey, row.executionId, row.number, row.position, row.item, row.stepId, row.attempt, row.run, row.stage, row.model, row.status, row.prompt,
        row.response, row.inputTokens, row.outputTokens, row.totalTokens, row.cost, row.startedAt, row.settledAt, failure,
      );
  }
}
