/** What an execution came to: one row per generation, written with its move to `scored`. */
export const consolidatedSessions = `
CREATE TABLE consolidated_sessions (
  consolidated_session_id TEXT PRIMARY KEY,
  execution_id TEXT NOT NULL,
  generation INTEGER NOT NULL CHECK (generation >= 1),
  status TEXT NOT NULL,
  content TEXT NOT NULL,
  original_session_ids TEXT NOT NULL,
  score REAL NOT NULL CHECK (score >= 0 AND score <= 1),
  success_rate REAL NOT NULL CHECK (success_rate >= 0 AND success_rate <= 1),
  total_tools INTEGER NOT NULL CHECK (total_tools >= 0),
  execution_duration_ms INTEGER NOT NULL CHECK (execution_duration_ms >= 0),
  error TEXT,
  created_at INTEGER NOT NULL CHECK (created_at >= 0),
  UNIQUE (execution_id, generation),
  CONSTRAINT consolidation_lifecycle CHECK (CASE status
    WHEN 'completed' THEN error IS NULL
    WHEN 'failed' THEN error IS NOT NULL AND score = 0
    WHEN 'timeout' THEN error IS NOT NULL AND score = 0
    ELSE 0 END)
) STRICT;
`;
