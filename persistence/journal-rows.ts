import type { JournalRow } from './feed-store.ts';
import type { InteractionRecord } from './interaction-store.ts';
import type { QueueBatch } from './queue-store.ts';
import type { CommitBatch } from './store.ts';

/** The rows of the journal that a commit makes beside those of flows, which come first: in the order of their numbers. */
export function* listOtherRows(batch: CommitBatch): Iterable<JournalRow> {
  if (batch.catalog?.labels) yield* listLabels(batch);
  for (const { executionKey, createdAt, name, version, stepId, item, attempt, kind, size } of batch.artifacts?.stored ?? []) {
    yield toMade(executionKey, createdAt, 'artifact.stored', { stepId, ...(item >= 0 && { item }), name, version, attempt, kind, size });
  }
  for (const row of batch.interactions ?? []) yield toInteraction(row);
  if (batch.actors) {
    const { journal = [], removed = [], removedAt = 0 } = batch.actors;
    for (const { actorId, seq, at, entries } of journal) yield { kind: 'actor', instance: actorId, seq, at, entries };
    for (const actorId of removed) yield toDeleted('actor', actorId, removedAt);
  }
  if (batch.kinds) {
    yield* batch.kinds.journal;
    for (const { kind, id } of batch.kinds.removed) yield toDeleted(kind, id, batch.kinds.at);
  }
  if (batch.queues) yield* listQueues(batch.queues);
}

/** An entry that stays when what it names is gone. @param at epoch ms */
export const toDeleted = (what: string, id: string, at: number): JournalRow => ({
  kind: 'deleted', instance: id, seq: null, at, entries: JSON.stringify([[`${what}.deleted`, {}]]),
});

const toMade = (executionKey: number, at: number, type: string, details: object): JournalRow => ({
  kind: 'made', instance: executionKey, seq: null, at, entries: JSON.stringify([[type, details]]),
});

function toInteraction({ executionKey, number, stepId, item, attempt, stage, model, status, startedAt, settledAt, inputTokens, outputTokens, totalTokens, cost, failure }: InteractionRecord): JournalRow {
  const place = { stepId, ...(item >= 0 && { item }), number, attempt, stage, model };
  if (status === 'pending') return toMade(executionKey, startedAt, 'interaction.started', place);
  return toMade(executionKey, settledAt, `interaction.${status}`, { ...place, inputTokens, outputTokens, totalTokens, cost, ...(failure && { failure }) });
}

/** Labels come with the row of their execution. */
function* listLabels({ catalog, executions }: CommitBatch): Iterable<JournalRow> {
  const byId = Map.groupBy(catalog?.labels ?? [], ({ executionId }) => executionId);
  for (const { key, executionId, createdAt } of executions) {
    const labels = byId.get(executionId);
    if (labels) yield toMade(key, createdAt, 'labels.set', Object.fromEntries(labels.map(({ name, value }) => [name, value])));
  }
}

/** One row per queue: of each message its id and what was added to its history, as that is written. A late answer changes nothing. */
function* listQueues({ at, published, redriven, moved }: QueueBatch): Iterable<JournalRow> {
  const texts = new Map<string, string>();
  const add = (queue: string, messageId: string, history: string): void => {
    // Lines that 0.3.0 wrote to a folder do not name the queue.
    if (history === '' || !queue) return;
    const before = texts.get(queue);
    texts.set(queue, `${before === undefined ? '' : `${before},`}[${JSON.stringify(messageId)},${history}]`);
  };
  for (const { queue, messageId, history } of published) add(queue, messageId, history.slice(1, -1));
  for (const { queue, messageId, entries } of redriven) add(queue, messageId, entries);
  for (const { queue, messageId, entries } of moved) add(queue, messageId, entries);
  for (const [queue, text] of texts) yield { kind: 'queue', instance: queue, seq: null, at, entries: `[${text}]` };
}
