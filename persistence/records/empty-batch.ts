import type { CommitBatch } from '../store.ts';

/** A commit of nothing. */
export const createBatch = (): CommitBatch => ({
  definitions: [], executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [], signals: { received: [], consumed: [] },
});
