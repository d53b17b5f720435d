import type { MessageRecord, OutboxRecord } from '../../../persistence/queue-records.ts';
import type { MessageDetails, OutboxMessage } from './queue-api.ts';
import { readStored, readStoredFailure, tryStored } from '../../core/stored-value.ts';

/** A message as people see it. */
export function toMessageDetails(row: MessageRecord): MessageDetails {
  const { messageId, queue, status, priority, version, attempt, maxAttempts, interruptions, generation, instance, correlationId, partitionKey } = row;
  const { idempotencyKey, source, publishedAt, dueAt, claimedBy, claimedAt, leaseUntil, settledAt, failure } = row;
  const read = tryStored(() => ({
    payload: readStored('messages.payload', messageId, row.payload),
    history: readStored<[number, string, string | null, unknown?][]>('messages.history', messageId, row.history),
  }));
  const { payload, history: entries } = 'value' in read ? read.value : { payload: null, history: [] };
  const history = entries.map(([at, event, state, detail]) => ({ at, event, state, ...(detail !== undefined && { detail }) }));
  return {
    messageId, queue, status, priority, version, payload, attempt, maxAttempts, interruptions, generation, instance, correlationId,
    partitionKey, idempotencyKey, source, publishedAt, dueAt, claimedBy, claimedAt, leaseUntil, settledAt, reason: 'damage' in read ? read.damage : failure, history,
  };
}

export function toOutboxMessage({ key, messageId, target, request, createdAt, refusals, dueAt, failure }: OutboxRecord): OutboxMessage {
  const read = tryStored(() => readStored<{ queue: string }>('outbox.request', key, request).queue);
  return { messageId, at: target, queue: 'value' in read ? read.value : '', createdAt, refusals, dueAt, reason: 'damage' in read ? read.damage : readStoredFailure('outbox.failure', key, failure) };
}
