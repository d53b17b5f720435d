/**
 * Executions with several lives.
 *
 * A retry is a new row with the same `execution_id`, so that column is unique no longer: the table is made anew. What there was
 * is the first generation. A step that a later generation keeps names where its output is.
 */
export const generations = `
CREATE TABLE executions_of_generations (
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
  execution_id TEXT NOT NULL,
  generation INTEGER NOT NULL CHECK (generation >= 1),
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

INSERT INTO executions_of_generations (key, status, wake_at, started_at, settled_at, score, passed, priority, seq, created_at, execution_id,
  generation, flow_id, flow_version, digest, idempotency_key, parent_id, parent_step, failure, context)
SELECT key, status, wake_at, started_at, settled_at, score, passed, priority, seq, created_at, execution_id,
  1, flow_id, flow_version, digest, idempotency_key, parent_id, parent_step, failure, context
FROM executions;

DROP TABLE executions;
ALTER TABLE executions_of_generations RENAME TO executions;

CREATE UNIQUE INDEX executions_generation ON executions (execution_id, generation);
CREATE UNIQUE INDEX executions_idempotency ON executions (idempotency_key) WHERE idempotency_key IS NOT NULL AND generation = 1;
CREATE INDEX executions_retried ON executions (execution_id) WHERE generation > 1;
CREATE INDEX executions_status ON executions (status);
CREATE INDEX executions_flow ON executions (flow_id);
CREATE INDEX executions_pending ON executions (priority DESC, key) WHERE status = 'pending';
CREATE INDEX executions_wake ON executions (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX executions_settled ON executions (settled_at) WHERE settled_at IS NOT NULL;

ALTER TABLE steps ADD COLUMN stale INTEGER NOT NULL DEFAULT 0 CHECK (stale = 0 OR stale = 1);
ALTER TABLE steps ADD COLUMN origin_position INTEGER;
ALTER TABLE steps ADD COLUMN origin_key INTEGER CONSTRAINT step_origin CHECK (
  CASE WHEN origin_key IS NULL THEN origin_position IS NULL AND stale = 0 ELSE origin_position IS NOT NULL AND settled_at IS NOT NULL END);
`;
