import type { Answer } from './answer.ts';

/**
 * How far what a process of its own has done for an execution was taken in.
 *
 * `taken` moves in the commit that stores what the journal's lines say, so that each is taken in once.
 */
export interface IsolationRecord {
  readonly executionKey: number;
  /** `ended`: nothing more is to come. */
  readonly status: 'open' | 'ended';
  /** Where the process keeps its files. */
  readonly folder: string;
  /** Commits of its journal that are taken in, counted from the first. */
  readonly taken: number;
  /** SHA-256 of the session file it left, hex; null: none, or not yet. */
  readonly session: string | null;
}

export interface IsolationReader {
  get(executionKey: number): Answer<IsolationRecord | undefined>;
  /** Those that have not ended, by key, above `afterKey`. */
  listOpen(afterKey: number, limit: number): Answer<IsolationRecord[]>;
}
