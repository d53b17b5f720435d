import type { ArtifactWrites } from '../../persistence/artifact-store.ts';
import type { ExecutionRecord } from '../../persistence/records.ts';
import type { CommitBatch } from '../../persistence/store.ts';
import type { MutableBatch } from '../../persistence/records/empty-batch.ts';

type Progress = CommitBatch['progress'][number];

/**
 * What commits of other processes become in a commit of the owner.
 *
 * Several commits become one: of an execution's row only the last state is written, everything else in its order.
 */
export class OwnerRows {
  readonly #executions = new Map<number, ExecutionRecord>();
  readonly #progress = new Map<number, Progress>();
  readonly #batches: CommitBatch[] = [];

  /** @param toKey the owner's key of one of the other process's keys */
  add(batch: CommitBatch, toKey: (key: number) => number): void {
    for (const row of batch.executions) {
      const key = toKey(row.key);
      this.#progress.delete(key);
      // The owner has nothing to do for it at any time: it is the other process that wakes it.
      this.#executions.set(key, { ...row, key, wakeAt: null } as ExecutionRecord);
    }
    for (const row of batch.progress) {
      const key = toKey(row.key);
      const whole = this.#executions.get(key);
      if (whole) this.#executions.set(key, { ...whole, context: row.context, seq: row.seq });
      else this.#progress.set(key, { ...row, key });
    }
    const own = <Row extends { readonly executionKey: number }>(rows: readonly Row[] | undefined): Row[] => (rows ?? []).map(row => ({ ...row, executionKey: toKey(row.executionKey) }));
    const { steps, attempts, inputs, journal, signals, consolidated, artifacts, interactions, requests } = batch;
    this.#batches.push({
      definitions: [], executions: [], progress: [],
      steps: own(steps).map(step => ({ ...step, originKey: step.originKey === null ? null : toKey(step.originKey) })) as CommitBatch['steps'],
      attempts: own(attempts), inputs: own(inputs), journal: own(journal),
      signals: { received: own(signals.received), consumed: own(signals.consumed) },
      consolidated: own(consolidated),
      ...(artifacts && { artifacts: { stored: own(artifacts.stored), pieces: own(artifacts.pieces), adopted: artifacts.adopted, removed: own(artifacts.removed), discarded: own(artifacts.discarded), folders: own(artifacts.folders) } }),
      ...(interactions && { interactions: own(interactions) }),
      ...(requests && { requests }),
    });
  }

  /** Executions that have moved, by the owner's key. */
  get executions(): ReadonlyMap<number, ExecutionRecord> {
    return this.#executions;
  }

  writeTo(batch: MutableBatch): void {
    batch.executions.push(...this.#executions.values());
    batch.progress.push(...this.#progress.values());
    for (const { steps, attempts, inputs, journal, signals, consolidated, artifacts, interactions, requests } of this.#batches) {
      batch.steps.push(...steps);
      batch.attempts.push(...attempts);
      batch.inputs.push(...inputs);
      batch.journal.push(...journal);
      batch.signals.received.push(...signals.received);
      batch.signals.consumed.push(...signals.consumed);
      if (consolidated) batch.consolidated = [...(batch.consolidated ?? []), ...consolidated];
      if (artifacts) batch.artifacts = join(batch.artifacts, artifacts);
      if (requests) batch.requests = [...(batch.requests ?? []), ...requests];
      if (interactions) batch.interactions = [...(batch.interactions ?? []), ...interactions];
    }
  }
}

/** Writes of different executions in one: their order among each other does not matter. */
function join(one: ArtifactWrites | undefined, other: ArtifactWrites): ArtifactWrites {
  if (!one) return other;
  return {
    stored: [...one.stored, ...other.stored], pieces: [...one.pieces, ...other.pieces], adopted: [...one.adopted, ...other.adopted],
    removed: [...one.removed, ...other.removed], discarded: [...one.discarded, ...other.discarded], folders: [...one.folders, ...other.folders],
  };
}
