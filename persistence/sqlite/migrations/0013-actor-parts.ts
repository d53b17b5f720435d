/** Children and delayed events of hosted machines, each in a row: an event costs what it touches, not the whole tree. */
export const actorParts = `
CREATE TABLE actor_parts (
  actor_id TEXT NOT NULL,
  part TEXT NOT NULL CHECK (part <> ''),
  body TEXT NOT NULL,
  PRIMARY KEY (actor_id, part)
) STRICT;

-- Many fall due at the same time: pages of them go by id within it.
DROP INDEX actors_wake;
CREATE INDEX actors_wake ON actors (wake_at, actor_id) WHERE wake_at IS NOT NULL;
`;
