/**
 * What steps made beside their outputs, and their calls of language models.
 *
 * Contents lie in pieces in a table of their own: listing artifacts reads none of them, and a large one is written and
 * read a piece at a time.
 */
export const artifacts = `
CREATE TABLE artifacts (
  execution_key INTEGER NOT NULL,
  execution_id TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  position INTEGER NOT NULL CHECK (position >= 0),
  item INTEGER NOT NULL CHECK (item >= -1),
  step_id TEXT NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  run INTEGER NOT NULL CHECK (run >= 1),
  kind TEXT NOT NULL,
  content_type TEXT NOT NULL,
  file TEXT,
  size INTEGER NOT NULL CHECK (size >= 0),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  content INTEGER NOT NULL CHECK (content >= 1),
  pieces INTEGER NOT NULL CHECK (pieces >= 0),
  created_at INTEGER NOT NULL CHECK (created_at >= 0),
  UNIQUE (execution_id, name, version)
) STRICT;

CREATE INDEX artifacts_execution ON artifacts (execution_key);

CREATE TABLE contents (
  execution_key INTEGER NOT NULL,
  content INTEGER NOT NULL,
  number INTEGER NOT NULL CHECK (number >= 0),
  bytes BLOB NOT NULL,
  UNIQUE (execution_key, content, number)
) STRICT;

CREATE TABLE output_folders (
  execution_id TEXT PRIMARY KEY,
  execution_key INTEGER NOT NULL,
  folder TEXT NOT NULL
) STRICT;

CREATE INDEX output_folders_execution ON output_folders (execution_key);

CREATE TABLE interactions (
  execution_key INTEGER NOT NULL,
  execution_id TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number >= 1),
  position INTEGER NOT NULL CHECK (position >= 0),
  item INTEGER NOT NULL CHECK (item >= -1),
  step_id TEXT NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  run INTEGER NOT NULL CHECK (run >= 1),
  stage TEXT NOT NULL,
  model TEXT NOT NULL,
  status TEXT NOT NULL,
  input_tokens INTEGER CHECK (input_tokens >= 0),
  output_tokens INTEGER CHECK (output_tokens >= 0),
  total_tokens INTEGER CHECK (total_tokens >= 0),
  cost REAL CHECK (cost >= 0),
  started_at INTEGER NOT NULL CHECK (started_at >= 0),
  settled_at INTEGER CHECK (settled_at >= 0),
  failure TEXT,
  prompt TEXT NOT NULL,
  response TEXT,
  UNIQUE (execution_id, number),
  CONSTRAINT interaction_lifecycle CHECK (CASE status
    WHEN 'pending' THEN settled_at IS NULL AND response IS NULL AND failure IS NULL
    WHEN 'completed' THEN settled_at IS NOT NULL AND response IS NOT NULL AND failure IS NULL
    WHEN 'failed' THEN settled_at IS NOT NULL AND failure IS NOT NULL
    WHEN 'cancelled' THEN settled_at IS NOT NULL AND failure IS NOT NULL
    ELSE 0 END)
) STRICT;

CREATE INDEX interactions_execution ON interactions (execution_key);
CREATE INDEX interactions_pending ON interactions (execution_key, number) WHERE status = 'pending';
`;
