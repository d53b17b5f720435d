/**
 * Which stretches of 32 keys hold messages that have not settled, in place of an index of these messages.
 *
 * An index entry for each message is a page more to write in every publish, and one more when it settles; a block is
 * written once in 32 messages. What reads unsettled messages looks at the rows of these blocks.
 */
export const messageBlocks = `
CREATE TABLE message_blocks (
  block INTEGER PRIMARY KEY CHECK (block >= 0)
) STRICT;

INSERT INTO message_blocks (block) SELECT DISTINCT key >> 5 FROM messages WHERE settled_at IS NULL;

DROP INDEX messages_open;
`;
