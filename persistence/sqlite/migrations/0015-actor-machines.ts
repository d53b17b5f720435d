/** The structure of each machine that actors were stored with, so that a refusal can say what has changed. */
export const actorMachines = `
CREATE TABLE actor_machines (
  machine_digest TEXT PRIMARY KEY NOT NULL CHECK (machine_digest <> ''),
  machine_id TEXT NOT NULL,
  machine_version TEXT NOT NULL,
  structure TEXT NOT NULL
) STRICT;
`;
