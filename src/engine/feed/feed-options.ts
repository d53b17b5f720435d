export interface FeedOptions {
  /** A cursor that a page gave: what came after it. `start`: from the oldest that is kept. Default: what comes from now on. */
  readonly after?: string;
  /** `flows`, `actors`, `queues`, `flow:ID`, `actor:ID`, `queue:NAME`, `kind:NAME`, `kind:NAME/ID`; default: everything. */
  readonly topics?: readonly string[];
  /** Ends the feed. */
  readonly signal?: AbortSignal;
}

export interface FollowOptions extends FeedOptions {
  /** How often the store is looked at, ms; default 100. */
  readonly pollMs?: number;
  /** Texts that must not be told; as of `createRuntime`. */
  readonly secrets?: readonly string[];
}
