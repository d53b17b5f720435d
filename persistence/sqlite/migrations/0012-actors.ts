/** Machines of people's own: all actors of one tree in one row, and what they took. */
export const actors = `
CREATE TABLE actors (
  actor_id TEXT PRIMARY KEY CHECK (actor_id <> ''),
  status TEXT NOT NULL,
  wake_at INTEGER CHECK (wake_at IS NULL OR wake_at >= 0),
  settled_at INTEGER,
  seq INTEGER NOT NULL CHECK (seq >= 0),
  created_at INTEGER NOT NULL CHECK (created_at >= 0),
  machine_id TEXT NOT NULL,
  machine_version TEXT NOT NULL,
  machine_digest TEXT NOT NULL,
  tree TEXT NOT NULL,
  CONSTRAINT actor_lifecycle CHECK (CASE status
    WHEN 'active' THEN settled_at IS NULL
    WHEN 'done' THEN settled_at IS NOT NULL
    WHEN 'error' THEN settled_at IS NOT NULL
    WHEN 'stopped' THEN settled_at IS NOT NULL
    ELSE 0 END)
) STRICT;

CREATE INDEX actors_wake ON actors (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX actors_settled ON actors (settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE actor_journal (
  actor_id TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  at INTEGER NOT NULL,
  entries TEXT NOT NULL,
  PRIMARY KEY (actor_id, seq)
) STRICT;
`;
