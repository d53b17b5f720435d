import type { TableStoreReader, Write } from '../contract.ts';
import type { CommitBatch } from '../store.ts';
import { KnownExecutions, listFlowWrites } from './flow-writes.ts';
import { JournalNumbers } from './journal-numbers.ts';
import { listActorWrites, listArtifactWrites, listCatalogWrites, listInteractionWrites, listIsolationWrites } from './made-writes.ts';
import { MessageBlocks } from './message-blocks.ts';
import { listQueueWrites, toBlockChanges } from './queue-writes.ts';

/**
 * The writes of records that an older version kept, into tables that are empty and answer at once.
 *
 * Of what it kept only transitions are in the journal: there was none of anything else.
 */
export function listBatchWrites(tables: TableStoreReader, batch: CommitBatch): Write[] {
  const writes: Write[] = [];
  listFlowWrites(batch, new KnownExecutions(), writes);
  if (batch.artifacts) listArtifactWrites(batch.artifacts, writes);
  if (batch.interactions) listInteractionWrites(batch.interactions, writes);
  if (batch.isolations) listIsolationWrites(batch.isolations, writes);
  if (batch.catalog) listCatalogWrites(batch.catalog, writes);
  if (batch.actors) listActorWrites(batch.actors, writes);
  if (batch.queues) {
    const blocks = new MessageBlocks(tables);
    void blocks.prepare(toBlockChanges(batch.queues));
    listQueueWrites(batch.queues, writes);
    writes.push(...blocks.change(toBlockChanges(batch.queues)));
  }
  const numbers = new JournalNumbers();
  for (const { executionKey, seq, at, entries } of batch.journal) writes.push(numbers.toWrite({ kind: 'flow', instance: executionKey, seq, at, entries }));
  for (const { actorId, seq, at, entries } of batch.actors?.journal ?? []) writes.push(numbers.toWrite({ kind: 'actor', instance: actorId, seq, at, entries }));
  return writes;
}
