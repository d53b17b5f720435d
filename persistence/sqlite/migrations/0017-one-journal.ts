/**
 * One journal for everything, numbered by its owner: what readers follow.
 *
 * `kind`: 1 flow, 2 actor, 3 queue, 4 made, 5 deleted. `instance` is the key of an execution (1, 4), else an id or a name.
 * What there was of flows comes first, then what there was of actors: each in its order.
 */
export const oneJournal = `
ALTER TABLE journal RENAME TO flow_journal;

CREATE TABLE journal (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 6),
  instance ANY NOT NULL,
  seq INTEGER CHECK (seq >= 1),
  at INTEGER NOT NULL,
  entries TEXT NOT NULL
) STRICT;

INSERT INTO journal (kind, instance, seq, at, entries) SELECT 1, execution_key, seq, at, entries FROM flow_journal ORDER BY rowid;
INSERT INTO journal (kind, instance, seq, at, entries) SELECT 2, actor_id, seq, at, entries FROM actor_journal ORDER BY rowid;

DROP TABLE flow_journal;
DROP TABLE actor_journal;

-- Rows of an instance lie in the order of their numbers.
CREATE INDEX journal_instance ON journal (kind, instance);
-- What goes by its age alone, in the order in which it was written.
CREATE INDEX journal_aged ON journal (number) WHERE kind > 1;

CREATE VIEW actor_journal AS SELECT instance AS actor_id, seq, at, entries FROM journal WHERE kind = 2;

CREATE TABLE owners (
  first INTEGER PRIMARY KEY,
  id TEXT NOT NULL
) STRICT;

-- Whoever wrote what is there already.
INSERT INTO owners (first, id) VALUES (1, lower(hex(randomblob(16))));

ALTER TABLE meta ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN pruned_to INTEGER NOT NULL DEFAULT 0;
`;
