import type { Write, WriteShape } from '../contract.ts';
import type { CommitBatch } from '../store.ts';
import { journalKinds } from './journal-kinds.ts';
import type { KnownExecutions } from './flow-writes.ts';
import { listFlowWrites } from './flow-writes.ts';
import { listActorWrites, listArtifactWrites, listCatalogWrites, listInteractionWrites, listIsolationWrites, removeJournal } from './made-writes.ts';
import type { MessageBlocks } from './message-blocks.ts';
import { listQueueWrites, toBlockChanges } from './queue-writes.ts';
import { requests } from './tables.ts';

const insertRequest: WriteShape = { table: requests, kind: 'insert', columns: ['key', 'answer', 'at'], keep: true };

/**
 * The writes of a batch but for its steps and its journal.
 *
 * @param blocks prepared for the messages of the batch
 */
export function listBatchWrites(batch: CommitBatch, known: KnownExecutions, blocks: MessageBlocks): Write[] {
  const writes: Write[] = [];
  listFlowWrites(batch, known, writes);
  if (batch.artifacts) listArtifactWrites(batch.artifacts, writes);
  if (batch.interactions) listInteractionWrites(batch.interactions, writes);
  if (batch.queues) {
    listQueueWrites(batch.queues, writes);
    writes.push(...blocks.change(toBlockChanges(batch.queues)));
  }
  if (batch.isolations) listIsolationWrites(batch.isolations, writes);
  if (batch.catalog) listCatalogWrites(batch.catalog, writes);
  for (const { key, answer, at } of batch.requests ?? []) writes.push({ shape: insertRequest, values: [key, answer, at] });
  if (batch.actors) listActorWrites(batch.actors, writes);
  if (batch.kinds) {
    writes.push(...batch.kinds.writes);
    for (const { kind, id } of batch.kinds.removed) writes.push({ shape: removeJournal, values: [journalKinds.kind, `${kind}/${id}`] });
  }
  return writes;
}
