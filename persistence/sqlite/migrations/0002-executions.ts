/**
 * Definitions, executions, and what these were given.
 *
 * An execution's input has a row in `inputs` (position -1): its own row is written at every transition and stays short.
 * CASE instead of IN in the CHECKs: SQLite builds an index for every IN list at every row, half the cost of a commit.
 */
export const executions = `
CREATE TABLE definitions (
  digest TEXT PRIMARY KEY,
  flow_id TEXT NOT NULL,
  version TEXT NOT NULL,
  definition TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE executions (
  key INTEGER PRIMARY KEY CHECK (key > 0),
  status TEXT NOT NULL,
  wake_at INTEGER,
  started_at INTEGER,
  settled_at INTEGER,
  score REAL,
  passed INTEGER,
  priority INTEGER NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 0),
  created_at INTEGER NOT NULL CHECK (created_at >= 0),
  execution_id TEXT NOT NULL UNIQUE,
  flow_id TEXT NOT NULL,
  flow_version TEXT NOT NULL,
  digest TEXT NOT NULL,
  idempotency_key TEXT,
  parent_id TEXT,
  parent_step TEXT,
  failure TEXT,
  context TEXT NOT NULL,
  CONSTRAINT execution_times CHECK (wake_at IS NULL OR wake_at >= 0),
  CONSTRAINT execution_lifecycle CHECK (CASE status
    WHEN 'stepping' THEN started_at >= 0 AND started_at IS NOT NULL AND settled_at IS NULL AND score IS NULL AND passed IS NULL AND failure IS NULL
    WHEN 'consolidating' THEN started_at >= 0 AND started_at IS NOT NULL AND settled_at IS NULL AND score IS NULL AND passed IS NULL AND failure IS NULL
    WHEN 'pending' THEN started_at IS NULL AND settled_at IS NULL AND score IS NULL AND passed IS NULL AND failure IS NULL AND wake_at IS NULL
    WHEN 'scored' THEN started_at IS NOT NULL AND settled_at IS NOT NULL AND score IS NOT NULL AND (passed IS 0 OR passed IS 1) AND failure IS NULL AND wake_at IS NULL
    WHEN 'failed' THEN settled_at IS NOT NULL AND score IS NOT NULL AND passed IS 0 AND failure IS NOT NULL AND wake_at IS NULL
    ELSE 0 END)
) STRICT;

CREATE UNIQUE INDEX executions_idempotency ON executions (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX executions_status ON executions (status);
CREATE INDEX executions_flow ON executions (flow_id);
CREATE INDEX executions_pending ON executions (priority DESC, key) WHERE status = 'pending';
CREATE INDEX executions_wake ON executions (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX executions_settled ON executions (settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE inputs (
  execution_key INTEGER NOT NULL,
  position INTEGER NOT NULL,
  item INTEGER NOT NULL,
  input TEXT NOT NULL,
  UNIQUE (execution_key, position, item)
) STRICT;
`;
