/** Executions that run in processes of their own, and how far their journals have been taken in. */
export const isolations = `
CREATE TABLE isolations (
  execution_key INTEGER PRIMARY KEY,
  status TEXT NOT NULL CONSTRAINT isolation_status CHECK (status = 'open' OR status = 'ended'),
  folder TEXT NOT NULL,
  taken INTEGER NOT NULL CHECK (taken >= 0),
  session TEXT
) STRICT;

CREATE INDEX isolations_open ON isolations (execution_key) WHERE status = 'open';
`;
