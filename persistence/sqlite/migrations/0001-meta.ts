/** Who may write: the epoch rises with every owner. */
export const meta = `
CREATE TABLE meta (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL CHECK (epoch >= 0)
) STRICT;

INSERT INTO meta (id, epoch) VALUES (1, 0);
`;
