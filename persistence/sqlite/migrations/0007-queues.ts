/**
 * Queues: one row per message for life, and what goes with them.
 *
 * The history is a column, since the row is written at every change anyway. A payload above 1 KB has a row of its own, so
 * that it is written once. `messages_open` is what recovery reads; `messages_settled` serves retention and statistics.
 */
export const queues = `
CREATE TABLE messages (
  key INTEGER PRIMARY KEY CHECK (key > 0),
  status TEXT NOT NULL,
  claim INTEGER NOT NULL CHECK (claim >= 0),
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  interruptions INTEGER NOT NULL CHECK (interruptions >= 0),
  generation INTEGER NOT NULL CHECK (generation >= 1),
  priority INTEGER NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  max_attempts INTEGER NOT NULL CHECK (max_attempts >= 1),
  max_interruptions INTEGER NOT NULL CHECK (max_interruptions >= 1),
  published_at INTEGER NOT NULL CHECK (published_at >= 0),
  visible_at INTEGER NOT NULL CHECK (visible_at >= 0),
  due_at INTEGER,
  lease_until INTEGER,
  claimed_at INTEGER,
  settled_at INTEGER,
  message_id TEXT NOT NULL UNIQUE,
  queue TEXT NOT NULL,
  instance TEXT,
  source TEXT,
  partition_key TEXT,
  correlation_id TEXT,
  idempotency_key TEXT,
  claimed_by TEXT,
  failure TEXT,
  history TEXT NOT NULL,
  payload TEXT,
  CONSTRAINT message_lifecycle CHECK (CASE status
    WHEN 'pending' THEN lease_until IS NULL AND settled_at IS NULL
    WHEN 'processing' THEN due_at IS NULL AND lease_until IS NOT NULL AND claimed_at IS NOT NULL AND claim >= 1 AND settled_at IS NULL
    WHEN 'retrying' THEN due_at IS NOT NULL AND lease_until IS NULL AND settled_at IS NULL AND failure IS NOT NULL
    WHEN 'completed' THEN due_at IS NULL AND lease_until IS NULL AND settled_at IS NOT NULL AND claimed_at IS NOT NULL AND failure IS NULL
    WHEN 'dead' THEN due_at IS NULL AND lease_until IS NULL AND settled_at IS NOT NULL AND failure IS NOT NULL
    ELSE 0 END)
) STRICT;

CREATE INDEX messages_open ON messages (key) WHERE settled_at IS NULL;
CREATE INDEX messages_settled ON messages (queue, status, settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE message_payloads (
  key INTEGER PRIMARY KEY,
  payload TEXT NOT NULL
) STRICT;

CREATE TABLE message_keys (
  queue TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  message_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (queue, idempotency_key)
) WITHOUT ROWID, STRICT;

CREATE INDEX message_keys_expiry ON message_keys (expires_at);

CREATE TABLE instances (
  queue TEXT NOT NULL,
  instance TEXT NOT NULL,
  registered_at INTEGER NOT NULL,
  PRIMARY KEY (queue, instance)
) WITHOUT ROWID, STRICT;

CREATE TABLE outbox (
  key INTEGER PRIMARY KEY CHECK (key > 0),
  target TEXT NOT NULL,
  message_id TEXT NOT NULL,
  request TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  refusals INTEGER NOT NULL CHECK (refusals >= 0),
  due_at INTEGER,
  failure TEXT,
  CONSTRAINT outbox_lifecycle CHECK (due_at IS NOT NULL OR failure IS NOT NULL)
) STRICT;

CREATE TABLE message_waiters (
  execution_id TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  item INTEGER NOT NULL CHECK (item >= -1),
  queue TEXT NOT NULL,
  correlation_id TEXT,
  signal TEXT NOT NULL,
  PRIMARY KEY (execution_id, position, item)
) WITHOUT ROWID, STRICT;
`;
