/** Requests of clients, by which one that is repeated is recognised. */
export const requests = `
CREATE TABLE requests (key TEXT NOT NULL PRIMARY KEY, answer TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX requests_at ON requests (at);
`;
