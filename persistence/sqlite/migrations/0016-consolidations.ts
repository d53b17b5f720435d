/** What a session says that the execution, its definition or its steps say, too. */
const derived = [
  'consolidatedSessionId', 'executionId', 'generation', 'status', 'flowId', 'flowVersion', 'flowType', 'mode', 'input', 'stepsKept', 'originalSessionIds', 'passed', 'minScore',
  'earned', 'possible', 'zeroedBy', 'notEvaluated', 'consolidator', 'score', 'successRate', 'totalTools', 'executionDurationMs', 'error', 'createdAt',
];
const without = (names: readonly string[]): string => `json_remove(c.content, ${names.map(name => `'$.${name}'`).join(', ')})`;

/**
 * What an execution came to, without what is stored of it elsewhere: a session repeated the outputs of its steps.
 *
 * Steps of imported runs stay in it, since their calls have no rows. The old name is a view.
 */
export const consolidations = `
CREATE TABLE consolidations (
  execution_key INTEGER PRIMARY KEY,
  status TEXT NOT NULL,
  success_rate REAL NOT NULL CHECK (success_rate >= 0 AND success_rate <= 1),
  total_tools INTEGER NOT NULL CHECK (total_tools >= 0),
  execution_duration_ms INTEGER NOT NULL CHECK (execution_duration_ms >= 0),
  created_at INTEGER NOT NULL CHECK (created_at >= 0),
  error TEXT,
  content TEXT,
  CONSTRAINT consolidation_lifecycle CHECK (CASE status
    WHEN 'completed' THEN error IS NULL
    WHEN 'failed' THEN error IS NOT NULL
    WHEN 'timeout' THEN error IS NOT NULL
    ELSE 0 END)
) STRICT;

INSERT INTO consolidations (execution_key, status, success_rate, total_tools, execution_duration_ms, created_at, error, content)
SELECT e.key, c.status, c.success_rate, c.total_tools, c.execution_duration_ms, c.created_at, c.error,
  nullif(nullif(CASE WHEN e.idempotency_key GLOB 'import:*' THEN ${without(derived)} ELSE ${without([...derived, 'steps'])} END, '{"assertions":[]}'), '{}')
FROM consolidated_sessions AS c JOIN executions AS e ON e.execution_id = c.execution_id AND e.generation = c.generation
WHERE json_valid(c.content)
ORDER BY e.key;

DROP TABLE consolidated_sessions;

CREATE VIEW consolidated_sessions AS
SELECT e.execution_id || '_consolidated_' || e.generation AS consolidated_session_id, e.execution_id, e.generation, c.status, c.content,
  (SELECT json_group_array(e.execution_id || '_step_' || s.position) FROM steps AS s
    WHERE s.execution_key = e.key AND s.item = -1 AND s.started_at IS NOT NULL) AS original_session_ids,
  e.score, c.success_rate, c.total_tools, c.execution_duration_ms, c.error, c.created_at
FROM consolidations AS c JOIN executions AS e ON e.key = c.execution_key;
`;
