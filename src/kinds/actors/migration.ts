/** The snapshot of a stored actor, as JSON. */
export interface StoredSnapshot {
  readonly status: string;
  readonly value: unknown;
  readonly context: unknown;
  readonly historyValue: unknown;
}

/** One step from a version of a machine to another. */
export interface Migration {
  readonly from: string;
  readonly to: string;
  /** Takes a stored snapshot and returns one that the later version can go on with. */
  readonly migrate: (snapshot: StoredSnapshot) => StoredSnapshot;
}
