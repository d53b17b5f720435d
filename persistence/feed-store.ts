import type { Answer } from './answer.ts';

/**
 * What a row of the journal speaks of. `flow`: transitions of an execution; `made`: what its steps made beside their outputs, and
 * its labels; `actor`: events that a machine of somebody's own took; `queue`: what happened to messages; `deleted`: what
 * is not there any more; `kind`: what instances of a kind of somebody's own were told, `<kind>/<id>`.
 */
export type JournalKind = 'flow' | 'actor' | 'queue' | 'made' | 'deleted' | 'kind';

/** One row of the journal, as it is made. */
export interface JournalRow {
  readonly kind: JournalKind;
  /** Of `flow` and `made` the `executionKey`; else the id of the actor, the name of the queue, the id of what was deleted. */
  readonly instance: number | string;
  /** The number of its first transition in its execution, or of its last in its actor; null: none in it. */
  readonly seq: number | null;
  readonly at: number;
  /** JSON text of a list; what is in it depends on the kind. */
  readonly entries: string;
}

/** One row of the journal, as it is read. */
export interface FeedRow extends Omit<JournalRow, 'instance'> {
  /** Given by the owner, rising over everything that it commits; never given twice. Numbers that are missing mean nothing. */
  readonly number: number;
  /** The id of the execution, the actor, or what was deleted; the name of the queue. */
  readonly instance: string;
  /** Of an execution's rows; null: of something else. */
  readonly generation: number | null;
}

/** An owner and the first number that it could give: all up to the next owner's first are its. */
export interface FeedOwner {
  readonly first: number;
  /** Random: no two owners share it, also not after a backup was restored. */
  readonly id: string;
}

export interface FeedState {
  /** The highest number that was given. */
  readonly head: number;
  /** Rows up to this number may be gone without an entry that says so. */
  readonly prunedTo: number;
  /** By `first`. */
  readonly owners: readonly FeedOwner[];
}

export interface FeedReader {
  getFeedState(): Answer<FeedState>;
  /** Rows with numbers above `after`, in order. */
  readFeed(after: number, limit: number): Answer<FeedRow[]>;
}
