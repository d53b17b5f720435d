import type { MessageRecord } from '../queue-records.ts';
import type { OpenMessage } from '../queue-store.ts';
import { readStoredFailure } from '../../src/core/stored-value.ts';

export const openColumns = `key, message_id AS messageId, queue, instance, source, version, priority, partition_key AS partitionKey, correlation_id AS correlationId,
  idempotency_key AS idempotencyKey, max_attempts AS maxAttempts, max_interruptions AS maxInterruptions, published_at AS publishedAt,
  visible_at AS visibleAt, status, claim, attempt, interruptions, generation, due_at AS dueAt, lease_until AS leaseUntil, claimed_by AS claimedBy,
  claimed_at AS claimedAt, failure, settled_at AS settledAt`;

export const selectPayload = 'SELECT coalesce(m.payload, (SELECT p.payload FROM message_payloads AS p WHERE p.key = m.key)) AS payload FROM messages AS m WHERE m.key = ?';

export const messageColumns = `${openColumns}, '[' || history || ']' AS history,
  coalesce(payload, (SELECT p.payload FROM message_payloads AS p WHERE p.key = messages.key)) AS payload`;

export const selectMessages = `SELECT ${messageColumns} FROM messages`;

// The CHECK of the schema holds what the union says, so a row is a record.

export function toMessage(row: unknown): MessageRecord {
  const { failure, ...rest } = row as Omit<MessageRecord, 'failure'> & { readonly failure: string | null };
  return { ...rest, failure: readStoredFailure('messages.failure', rest.messageId, failure) } as MessageRecord;
}

export const toOpenMessage = (row: unknown): OpenMessage => toMessage(row);
