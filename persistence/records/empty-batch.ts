import type { CommitBatch } from '../store.ts';

/** A batch while it is being gathered. */
export type MutableBatch = {
  -readonly [Key in keyof CommitBatch]: CommitBatch[Key] extends readonly (infer Row)[] ? Row[] : CommitBatch[Key];
} & { signals: { received: CommitBatch['signals']['received'][number][]; consumed: CommitBatch['signals']['consumed'][number][] } };

/** A commit of nothing. */
export const createBatch = (): MutableBatch => ({
  definitions: [], executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [], signals: { received: [], consumed: [] },
});
