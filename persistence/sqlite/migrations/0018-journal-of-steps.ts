/**
 * Steps and their attempts are told by the journal, with what they produced, in the row of the commit that changed them.
 *
 * What was stored of them before stays in tables of its own, and nothing is copied. The old names are views of both.
 */
export const journalOfSteps = `
DROP VIEW consolidated_sessions;

ALTER TABLE steps RENAME TO older_steps;
ALTER TABLE attempts RENAME TO older_attempts;

ALTER TABLE journal ADD COLUMN changes TEXT;
ALTER TABLE journal ADD COLUMN outputs TEXT;

-- Where reading an execution back begins: rows of the journal below \`number\` are in it.
CREATE TABLE checkpoints (
  execution_key INTEGER NOT NULL CHECK (execution_key > 0),
  number INTEGER NOT NULL CHECK (number > 0),
  seq INTEGER NOT NULL CHECK (seq >= 0),
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  outputs TEXT NOT NULL,
  PRIMARY KEY (execution_key, number)
) STRICT;

CREATE VIEW steps AS
WITH told AS (
  SELECT j.instance AS execution_key, j.number, j.at, v.value ->> 1 AS position, coalesce(v.value ->> 2, -1) AS item, v.value ->> 0 AS step_id, 'running' AS status,
    1 AS run, 1 AS attempt, 0 AS interruptions, NULL AS due_at, j.at AS run_at, j.at AS started_at, NULL AS settled_at, NULL AS more
  FROM journal AS j, json_each(j.changes, '$.b') AS v WHERE j.kind = 1
  UNION ALL
  SELECT j.instance, j.number, j.at, v.value ->> 1, coalesce(v.value ->> 3, -1), v.value ->> 0, 'completed', 1, 1, 0, NULL, j.at + (v.value ->> 2), j.at + (v.value ->> 2), j.at, NULL
  FROM journal AS j, json_each(j.changes, '$.d') AS v WHERE j.kind = 1
  UNION ALL
  SELECT j.instance, j.number, j.at, v.value ->> 'position', coalesce(v.value ->> 'item', -1), v.value ->> 'stepId', v.value ->> 'status', coalesce(v.value ->> 'run', 0),
    coalesce(v.value ->> 'attempt', 0), coalesce(v.value ->> 'interruptions', 0), j.at + (v.value ->> 'dueAt'), j.at + (v.value ->> 'runAt'), j.at + (v.value ->> 'startedAt'),
    j.at + (v.value ->> 'settledAt'), v.value
  FROM journal AS j, json_each(j.changes, '$.s') AS v WHERE j.kind = 1
), known AS (
  SELECT execution_key, number, position, item, status, run, attempt, interruptions, due_at, run_at, started_at, settled_at, step_id, more ->> 'counters' AS counters,
    more -> 'failure' AS failure, coalesce(more ->> 'stale', 0) AS stale, more ->> 'originPosition' AS origin_position, more ->> 'originKey' AS origin_key, more ->> 'recovery' AS recovery
  FROM told
  UNION ALL
  SELECT execution_key, 0, position, item, status, run, attempt, interruptions, due_at, run_at, started_at, settled_at, step_id, counters, failure, stale, origin_position,
    origin_key, recovery
  FROM older_steps
)
SELECT execution_key, position, item, status, run, attempt, interruptions, due_at, run_at, started_at, settled_at, step_id, counters, failure, stale, origin_position, origin_key,
  recovery
FROM (SELECT *, row_number() OVER (PARTITION BY execution_key, position, item ORDER BY number DESC) AS newest FROM known) WHERE newest = 1;

CREATE VIEW attempts AS
SELECT j.instance AS execution_key, v.value ->> 1 AS position, coalesce(v.value ->> 3, -1) AS item, 1 AS run, 1 AS attempt, 'completed' AS status,
  j.at + (v.value ->> 2) AS started_at, j.at AS ended_at, NULL AS failure,
  ('[' || replace(j.outputs, char(10), ',') || ']') -> ('$[' || v.key || ']') AS output
FROM journal AS j, json_each(j.changes, '$.d') AS v WHERE j.kind = 1
UNION ALL
SELECT j.instance, v.value ->> 'position', coalesce(v.value ->> 'item', -1), v.value ->> 'run', v.value ->> 'attempt', v.value ->> 'status', j.at + (v.value ->> 'startedAt'),
  j.at + (v.value ->> 'endedAt'), v.value -> 'failure', ('[' || replace(j.outputs, char(10), ',') || ']') -> ('$[' || (v.value ->> 'output') || ']')
FROM journal AS j, json_each(j.changes, '$.a') AS v WHERE j.kind = 1
UNION ALL
SELECT execution_key, position, item, run, attempt, status, started_at, ended_at, failure, output FROM older_attempts;

CREATE VIEW consolidated_sessions AS
SELECT e.execution_id || '_consolidated_' || e.generation AS consolidated_session_id, e.execution_id, e.generation, c.status, c.content,
  (SELECT json_group_array(e.execution_id || '_step_' || s.position) FROM steps AS s
    WHERE s.execution_key = e.key AND s.item = -1 AND s.started_at IS NOT NULL) AS original_session_ids,
  e.score, c.success_rate, c.total_tools, c.execution_duration_ms, c.error, c.created_at
FROM consolidations AS c JOIN executions AS e ON e.key = c.execution_key;
`;
