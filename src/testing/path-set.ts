import type { PathStrategy } from './strategies.ts';

/** Something that could be covered and that no path takes. */
export interface Uncovered {
  readonly item: string;
  /** `proven unreachable: …`, `bound: …`, `needs values`, or `not found within N …`. */
  readonly reason: string;
}

/** Paths, what they cover, and what they do not: nothing is dropped in silence. */
export interface PathSet<Path> {
  readonly strategy: PathStrategy;
  readonly paths: readonly Path[];
  /** Transitions and guard outcomes that some path takes. */
  readonly covered: readonly string[];
  /** Those that no path takes, each with the reason. */
  readonly uncovered: readonly Uncovered[];
  /** Whether a bound ended the search before it had seen everything. */
  readonly truncated: boolean;
}
