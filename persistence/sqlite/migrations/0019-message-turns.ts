/**
 * Where each message stands that has not settled, so that the next ones are found without reading all.
 *
 * `turn`: 1 free, 2 claimed, 3 away until its time, 4 behind another of its partition, 5 delayed in its partition. `lane` is
 * the partition of a message until it settles. Both are null once it has.
 */
export const messageTurns = `
ALTER TABLE messages ADD COLUMN turn INTEGER;
ALTER TABLE messages ADD COLUMN lane TEXT;

UPDATE messages SET lane = partition_key, turn = CASE
  WHEN status = 'processing' THEN 2
  WHEN status = 'retrying' OR (due_at IS NOT NULL AND claimed_at >= visible_at) THEN 3
  WHEN partition_key IS NULL OR claimed_at >= visible_at THEN 1
  WHEN due_at IS NOT NULL THEN 5
  ELSE 4 END
WHERE settled_at IS NULL;

UPDATE messages SET turn = 1 WHERE key IN (
  SELECT key FROM (
    SELECT key, turn, row_number() OVER (PARTITION BY queue, instance, lane, priority ORDER BY turn < 4 DESC, visible_at, key) AS place
    FROM messages WHERE lane IS NOT NULL AND turn < 5)
  WHERE place = 1 AND turn = 4);

CREATE INDEX messages_open ON messages (queue, turn, instance, priority, visible_at) WHERE turn IS NOT NULL;
CREATE INDEX messages_due ON messages (turn, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX messages_lane ON messages (queue, lane, instance, turn, priority, visible_at) WHERE lane IS NOT NULL;
CREATE INDEX messages_correlated ON messages (queue, correlation_id, turn, instance, priority, visible_at) WHERE correlation_id IS NOT NULL;
`;
