/**
 * Steps and their attempts.
 *
 * Plain tables with a unique index, not WITHOUT ROWID: rows that many flows write in one commit then lie together, on
 * few pages, which makes commits a quarter faster and leaves outputs of 1 to 4 KB without pages of their own.
 */
export const steps = `
CREATE TABLE steps (
  execution_key INTEGER NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  item INTEGER NOT NULL CHECK (item >= -1),
  status TEXT NOT NULL,
  run INTEGER NOT NULL CHECK (run >= 0),
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  interruptions INTEGER NOT NULL CHECK (interruptions >= 0),
  due_at INTEGER,
  run_at INTEGER,
  started_at INTEGER,
  settled_at INTEGER,
  step_id TEXT NOT NULL,
  counters TEXT,
  failure TEXT,
  UNIQUE (execution_key, position, item),
  CONSTRAINT step_lifecycle CHECK (CASE status
    WHEN 'completed' THEN started_at IS NOT NULL AND settled_at IS NOT NULL AND due_at IS NULL AND failure IS NULL
    WHEN 'running' THEN started_at IS NOT NULL AND settled_at IS NULL AND due_at IS NULL
    WHEN 'waiting' THEN started_at IS NOT NULL AND settled_at IS NULL
    WHEN 'retrying' THEN started_at IS NOT NULL AND settled_at IS NULL AND due_at IS NOT NULL AND failure IS NOT NULL
    WHEN 'pending' THEN settled_at IS NULL AND due_at IS NULL
    WHEN 'failed' THEN settled_at IS NOT NULL AND due_at IS NULL AND failure IS NOT NULL
    WHEN 'skipped' THEN settled_at IS NOT NULL AND due_at IS NULL AND failure IS NOT NULL
    WHEN 'cancelled' THEN settled_at IS NOT NULL AND due_at IS NULL AND failure IS NOT NULL
    ELSE 0 END)
) STRICT;

CREATE TABLE attempts (
  execution_key INTEGER NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  item INTEGER NOT NULL CHECK (item >= -1),
  run INTEGER NOT NULL CHECK (run >= 1),
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  status TEXT NOT NULL CONSTRAINT attempt_status CHECK (
    status = 'completed' OR status = 'failed' OR status = 'interrupted' OR status = 'released' OR status = 'cancelled'),
  started_at INTEGER NOT NULL CHECK (started_at >= 0),
  ended_at INTEGER NOT NULL CHECK (ended_at >= 0),
  failure TEXT,
  output TEXT,
  UNIQUE (execution_key, position, item, run)
) STRICT;
`;
