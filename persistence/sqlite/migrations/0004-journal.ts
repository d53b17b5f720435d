/** The journal of transitions, and signals nobody waits for yet. */
export const journal = `
CREATE TABLE journal (
  execution_key INTEGER NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  at INTEGER NOT NULL,
  entries TEXT NOT NULL,
  UNIQUE (execution_key, seq)
) STRICT;

CREATE TABLE signals (
  execution_key INTEGER NOT NULL,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  payload TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (execution_key, number)
) WITHOUT ROWID, STRICT;
`;
