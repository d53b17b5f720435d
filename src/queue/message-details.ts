import type { MessageRecord, OutboxRecord } from '../../persistence/queue-records.ts';
import type { MessageDetails, OutboxMessage } from './queue-api.ts';

/** A message as people see it. */
export function toMessageDetails(row: MessageRecord): MessageDetails {
  const { messageId, queue, status, priority, version, attempt, maxAttempts, interruptions, generation, instance, correlationId, partitionKey } = row;
  const { idempotencyKey, source, publishedAt, dueAt, claimedBy, claimedAt, leaseUntil, settledAt, failure } = row;
  const history = (JSON.parse(row.history) as [number, string, string | null, unknown?][]).map(([at, event, state, detail]) => ({ at, event, state, ...(detail !== undefined && { detail }) }));
  return {
    messageId, queue, status, priority, version, payload: JSON.parse(row.payload), attempt, maxAttempts, interruptions, generation, instance, correlationId,
    partitionKey, idempotencyKey, source, publishedAt, dueAt, claimedBy, claimedAt, leaseUntil, settledAt, reason: failure, history,
  };
}

export function toOutboxMessage({ messageId, target, request, createdAt, refusals, dueAt, failure }: OutboxRecord): OutboxMessage {
  const { queue } = JSON.parse(request) as { queue: string };
  return { messageId, at: target, queue, createdAt, refusals, dueAt, reason: failure === null ? null : (JSON.parse(failure) as OutboxMessage['reason']) };
}
