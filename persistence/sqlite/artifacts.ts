import type { ArtifactReader, ArtifactRecord, ArtifactWrites, ListArtifactsParams } from '../artifact-store.ts';
import type { SqliteConnection } from './connection.ts';
import type { SqliteValue } from './driver.ts';

const selectArtifacts = `
  SELECT a.execution_key AS executionKey, a.execution_id AS executionId, a.name, a.version, a.position, a.item, a.step_id AS stepId, a.attempt, a.run,
    a.kind, a.content_type AS contentType, a.file, a.size, a.sha256, a.content, a.pieces, a.created_at AS createdAt
  FROM artifacts AS a`;

const isNewest = 'NOT EXISTS (SELECT 1 FROM artifacts AS b WHERE b.execution_id = a.execution_id AND b.name = a.name AND b.version > a.version)';
// The plus keeps SQLite from going through all that was ever made by their keys.
const isNewestUpTo = isNewest.replace(/\)$/, ' AND +b.execution_key <= ?)');

/** What a reader lends to its parts. */
export interface SqliteReads {
  get<T>(sql: string, toRecord: (row: unknown) => T, ...values: SqliteValue[]): T | undefined;
  all<T>(sql: string, toRecord: (row: unknown) => T, ...values: SqliteValue[]): T[];
}

const toArtifact = (row: unknown): ArtifactRecord => ({ ...(row as ArtifactRecord) });

export class SqliteArtifacts implements ArtifactReader {
  readonly #reads: SqliteReads;

  constructor(reads: SqliteReads) {
    this.#reads = reads;
  }

  list({ executionId, name, versions = 'newest', upToKey, after, limit = 1000 }: ListArtifactsParams): ArtifactRecord[] {
    const conditions = [
      'a.execution_id = ?',
      ...(name === undefined ? [] : ['a.name = ?']),
      ...(after === undefined ? [] : ['(a.name, a.version) > (?, ?)']),
      ...(upToKey === undefined ? [] : ['+a.execution_key <= ?']),
      ...(versions === 'all' ? [] : [upToKey === undefined ? isNewest : isNewestUpTo]),
    ];
    const keys = upToKey === undefined ? [] : versions === 'all' ? [upToKey] : [upToKey, upToKey];
    const values = [executionId, ...(name === undefined ? [] : [name]), ...(after === undefined ? [] : [after.name, after.version]), ...keys, limit];
    return this.#reads.all(`${selectArtifacts} WHERE ${conditions.join(' AND ')} ORDER BY a.name, a.version LIMIT ?`, toArtifact, ...values);
  }

  get({ executionId, name, version }: { readonly executionId: string; readonly name: string; readonly version?: number }): ArtifactRecord | undefined {
    const one = `${selectArtifacts} WHERE a.execution_id = ? AND a.name = ?`;
    if (version !== undefined) return this.#reads.get(`${one} AND a.version = ?`, toArtifact, executionId, name, version);
    return this.#reads.get(`${one} ORDER BY a.version DESC LIMIT 1`, toArtifact, executionId, name);
  }

  count(executionId: string, upToKey?: number): { count: number; bytes: number } {
    const condition = upToKey === undefined ? isNewest : `+a.execution_key <= ? AND ${isNewestUpTo}`;
    const sql = `SELECT count(*) AS count, coalesce(sum(a.size), 0) AS bytes FROM artifacts AS a WHERE a.execution_id = ? AND ${condition}`;
    const values = [executionId, ...(upToKey === undefined ? [] : [upToKey, upToKey])];
    return this.#reads.get(sql, row => ({ ...(row as { count: number; bytes: number }) }), ...values) ?? { count: 0, bytes: 0 };
  }

  readPiece(executionKey: number, content: number, number: number): Uint8Array | undefined {
    const sql = 'SELECT bytes FROM contents WHERE execution_key = ? AND content = ? AND number = ?';
    return this.#reads.get(sql, row => toPlainBytes((row as { bytes: Uint8Array }).bytes), executionKey, content, number);
  }

  listContents(executionKey: number): number[] {
    const sql = 'SELECT content FROM contents WHERE execution_key = ? AND number = 0 ORDER BY content';
    return this.#reads.all(sql, row => (row as { content: number }).content, executionKey);
  }

  getFolder(executionId: string): string | undefined {
    return this.#reads.get('SELECT folder FROM output_folders WHERE execution_id = ?', row => (row as { folder: string }).folder, executionId);
  }
}

/** Not the driver's own class of bytes. */
const toPlainBytes = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

const insertArtifact = `
  INSERT INTO artifacts (execution_key, execution_id, name, version, position, item, step_id, attempt, run, kind, content_type, file, size, sha256,
    content, pieces, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const insertFolder = `
  INSERT INTO output_folders (execution_id, execution_key, folder) VALUES (?, ?, ?)
  ON CONFLICT (execution_id) DO UPDATE SET execution_key = excluded.execution_key, folder = excluded.folder`;
const updateRun = 'UPDATE artifacts SET run = ? WHERE execution_id = ? AND name = ? AND version = ?';
const deleteArtifact = 'DELETE FROM artifacts WHERE execution_id = ? AND name = ? AND version = ?';
const deleteContent = 'DELETE FROM contents WHERE execution_key = ? AND content = ?';

/** Writes inside the open transaction. */
export function writeArtifacts(connection: SqliteConnection, { stored, pieces, adopted, removed, discarded, folders }: ArtifactWrites): void {
  const run = (sql: string, ...values: SqliteValue[]): void => void connection.prepare(sql).run(...values);
  for (const { executionId, name, version, executionKey, content } of removed) {
    run(deleteArtifact, executionId, name, version);
    run(deleteContent, executionKey, content);
  }
  for (const { executionKey, content } of discarded) run(deleteContent, executionKey, content);
  for (const { executionKey, content, number, bytes } of pieces) run('INSERT INTO contents (execution_key, content, number, bytes) VALUES (?, ?, ?, ?)', executionKey, content, number, bytes);
  for (const row of stored) {
    run(
      insertArtifact, row.executionKey, row.executionId, row.name, row.version, row.position, row.item, row.stepId, row.attempt, row.run, row.kind,
      row.contentType, row.file, row.size, row.sha256, row.content, row.pieces, row.createdAt,
    );
  }
  for (const { executionId, name, version, run: by } of adopted) run(updateRun, by, executionId, name, version);
  for (const { executionId, executionKey, folder } of folders) run(insertFolder, executionId, executionKey, folder);
}
