import type { CommitBatch } from '../../persistence/store.ts';

/** A batch while it is being gathered. */
export type MutableBatch = {
  -readonly [Key in keyof CommitBatch]: CommitBatch[Key] extends readonly (infer Row)[] ? Row[] : CommitBatch[Key];
} & { signals: { received: CommitBatch['signals']['received'][number][]; consumed: CommitBatch['signals']['consumed'][number][] } };

export function createBatch(): MutableBatch {
  return { definitions: [], executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [], signals: { received: [], consumed: [] } };
}

/** Whether the flows have anything to store in it. */
export const hasFlowRows = ({ journal, executions, signals }: CommitBatch): boolean =>
  journal.length > 0 || executions.length > 0 || signals.received.length > 0;
