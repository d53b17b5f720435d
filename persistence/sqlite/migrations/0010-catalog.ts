/** What executions are marked with, and the definitions that flows have now. */
export const catalog = `
CREATE TABLE labels (
  execution_id TEXT NOT NULL,
  name TEXT NOT NULL CHECK (name <> ''),
  value TEXT NOT NULL,
  PRIMARY KEY (execution_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX labels_by_value ON labels (name, value, execution_id);

CREATE TABLE flows (
  flow_id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  file TEXT NOT NULL,
  synced_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
