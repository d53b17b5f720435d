import type { StoreReader, Write } from '../contract.ts';
import type { CommitBatch } from '../store.ts';
import { listBatchWrites } from './batch-writes.ts';
import { attempts, steps } from './flow-tables.ts';
import { KnownExecutions, toValues } from './flow-writes.ts';
import { insertInto } from './shapes.ts';
import { JournalNumbers } from './journal-numbers.ts';
import { MessageBlocks } from './message-blocks.ts';
import { toBlockChanges } from './queue-writes.ts';
import { toJson } from './reading.ts';

const insertStep = insertInto(steps);
const insertAttempt = insertInto(attempts);

/**
 * The writes of records that an older version kept, into tables that are empty and answer at once.
 *
 * Of what it kept only transitions are in the journal: there was none of anything else. Steps and attempts go to the tables of
 * earlier versions.
 */
export function listOlderWrites(tables: StoreReader, batch: CommitBatch): Write[] {
  const blocks = new MessageBlocks(tables);
  if (batch.queues) void blocks.prepare(toBlockChanges(batch.queues));
  const writes = listBatchWrites(batch, new KnownExecutions(), blocks);
  for (const row of batch.steps) writes.push({ shape: insertStep, values: toValues(insertStep, { ...row, stale: Number(row.stale), failure: toJson(row.failure) }) });
  for (const row of batch.attempts) writes.push({ shape: insertAttempt, values: toValues(insertAttempt, { ...row, failure: toJson(row.failure) }) });
  const numbers = new JournalNumbers();
  for (const { executionKey, seq, at, entries } of batch.journal) writes.push(numbers.toWrite({ kind: 'flow', instance: executionKey, seq, at, entries }));
  for (const { actorId, seq, at, entries } of batch.actors?.journal ?? []) writes.push(numbers.toWrite({ kind: 'actor', instance: actorId, seq, at, entries }));
  return writes;
}
