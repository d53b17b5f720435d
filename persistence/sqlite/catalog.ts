import type { CatalogReader, CatalogWrites, FlowRecord, LabelRecord } from '../catalog-store.ts';
import type { SqliteReads } from './artifacts.ts';
import type { SqliteConnection } from './connection.ts';

const selectFlows = 'SELECT flow_id AS flowId, digest, file, synced_at AS syncedAt FROM flows';
const toFlow = (row: unknown): FlowRecord => ({ ...(row as FlowRecord) });
const toLabel = (row: unknown): LabelRecord => ({ ...(row as LabelRecord) });
const toId = (row: unknown): string => (row as { executionId: string }).executionId;

export class SqliteCatalog implements CatalogReader {
  readonly #reads: SqliteReads;

  constructor(reads: SqliteReads) {
    this.#reads = reads;
  }

  listLabels(executionId: string): LabelRecord[] {
    return this.#reads.all('SELECT execution_id AS executionId, name, value FROM labels WHERE execution_id = ? ORDER BY name', toLabel, executionId);
  }

  listLabelled({ name, value, limit, before }: Parameters<CatalogReader['listLabelled']>[0]): string[] {
    const below = before === undefined ? '' : 'AND execution_id < ?';
    const sql = `SELECT execution_id AS executionId FROM labels WHERE name = ? AND value = ? ${below} ORDER BY execution_id DESC LIMIT ?`;
    return this.#reads.all(sql, toId, name, value, ...(before === undefined ? [] : [before]), limit);
  }

  getFlow(flowId: string): FlowRecord | undefined {
    return this.#reads.get(`${selectFlows} WHERE flow_id = ?`, toFlow, flowId);
  }

  listFlows(after: string, limit: number): FlowRecord[] {
    return this.#reads.all(`${selectFlows} WHERE flow_id > ? ORDER BY flow_id LIMIT ?`, toFlow, after, limit);
  }
}

const insertLabel = 'INSERT INTO labels (execution_id, name, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
const putFlow = `
  INSERT INTO flows (flow_id, digest, file, synced_at) VALUES (?, ?, ?, ?)
  ON CONFLICT (flow_id) DO UPDATE SET digest = excluded.digest, file = excluded.file, synced_at = excluded.synced_at`;

/** Writes inside the open transaction. */
export function writeCatalog(connection: SqliteConnection, { labels = [], flows = [] }: CatalogWrites): void {
  for (const { executionId, name, value } of labels) connection.prepare(insertLabel).run(executionId, name, value);
  for (const { flowId, digest, file, syncedAt } of flows) connection.prepare(putFlow).run(flowId, digest, file, syncedAt);
}
