/** What does not pass over a store that answers later. */
export interface Skip {
  /** The end of its path. */
  readonly file: string;
  /** Left out: all of them. */
  readonly tests?: readonly string[];
  readonly reason: string;
}

const machines = 'Machines refuse a store that does not answer at once, until they are a kind of the engine (store_unsupported)';
const queues = 'Queues refuse a store that does not answer at once, until they are a kind of the engine (store_unsupported)';

export const skips: readonly Skip[] = [
  { file: 'test/runtime/machine-steps.test.ts', reason: machines },
  { file: 'test/runtime/machine-step-signals.test.ts', reason: machines },
  { file: 'test/runtime/feed.test.ts', tests: ['says that it begins anew when what follows the cursor was pruned, and tells deletions'], reason: machines },
  { file: 'test/runtime/retention.test.ts', tests: ['deletes nothing by a clock that shows a day far ahead for a minute, while it runs or when it starts'], reason: queues },
];

/** Suites that are not begun at all, with all their files. */
export const leftOut: readonly { readonly folder: string; readonly reason: string }[] = [
  { folder: 'test/machine-host', reason: machines },
  { folder: 'test/queue', reason: queues },
];
