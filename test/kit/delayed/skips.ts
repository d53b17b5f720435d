/** A test that does not pass over a store that answers later. */
export interface Skip {
  /** The end of its file's path. */
  readonly file: string;
  /** Left out: all of them. */
  readonly tests?: readonly string[];
  readonly reason: string;
}

/** There are none, and there are to be none. */
export const skips: readonly Skip[] = [];
