import type { MessageContext } from '../../../machines/message.ts';
import type { MessageChange, MessageRecord, MessageStatus } from '../../../persistence/queue-records.ts';
import type { OpenMessage } from '../../../persistence/queue-store.ts';
import type { Snapshot } from '../../core/machine-runner.ts';
import type { Waiting } from './backlog.ts';
import type { ClaimedMessage, Receipt } from './queue-commands.ts';

/** A message that has not settled, in memory. */
export interface Entry extends Waiting {
  readonly messageId: string;
  readonly queue: string;
  readonly instance: string | null;
  readonly source: string | null;
  readonly version: number;
  readonly correlationId: string | null;
  readonly idempotencyKey: string | null;
  readonly publishedAt: number;
  readonly visibleAt: number;
  snapshot: Snapshot<MessageContext>;
  claimedBy: string | null;
  claimedAt: number | null;
  /** When the present claim runs out, in process time. */
  leaseEndsAt: number;
  /** JSON text, while it is short and there is room; undefined: it has to be read. */
  payload: string | undefined;
  /** Changes of state so far, roughly; a history is not added to without end. */
  changes: number;
}

/** Changes of state after which only failures and ends are added to the history. */
export const maxChanges = 500;

/** One entry of a history, JSON text. `state` null: refused. */
export function toHistoryEntry(at: number, event: string, state: string | null, detail?: string): string {
  return `[${at},"${event}",${state === null ? 'null' : `"${state}"`}${detail === undefined ? '' : `,${detail}`}]`;
}

export function toReceipt({ key, messageId, snapshot }: Entry): Receipt {
  return { key, messageId, claim: snapshot.context.claim };
}

export function toClaimedMessage(entry: Entry, payload: string): ClaimedMessage {
  const { key, messageId, queue, version, priority, partitionKey, correlationId, source, publishedAt } = entry;
  const { claim, attempt, interruptions, generation, leaseUntil } = entry.snapshot.context;
  return { key, messageId, queue, version, priority, partitionKey, correlationId, source, publishedAt, payload, claim, attempt, interruptions, generation, leaseUntil: leaseUntil ?? 0 };
}

/** A clock that was set back must not make it end before it began. */
const toSettledAt = (status: MessageStatus, { publishedAt }: Entry, now: number): number | null => (status === 'completed' || status === 'dead' ? Math.max(now, publishedAt) : null);

// Both list every column: an object that is spread into another one costs more than the rest of a row.

export function toChange(entry: Entry, entries: string, now: number): MessageChange {
  const { claim, attempt, interruptions, generation, dueAt, leaseUntil, failure } = entry.snapshot.context;
  const status = entry.snapshot.value as MessageStatus;
  return {
    key: entry.key, queue: entry.queue, messageId: entry.messageId, status, claim, attempt, interruptions, generation, visibleAt: entry.visibleAt, dueAt, leaseUntil, claimedBy: entry.claimedBy, claimedAt: entry.claimedAt,
    failure: failure as MessageChange['failure'], settledAt: toSettledAt(status, entry, now), entries,
  };
}

export function toRecord(entry: Entry, payload: string, entries: string, now: number): MessageRecord {
  const { key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, claimedBy, claimedAt } = entry;
  const { maxAttempts, maxInterruptions, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure } = entry.snapshot.context;
  const status = entry.snapshot.value as MessageStatus;
  return {
    key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, maxAttempts, maxInterruptions,
    status, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure, claimedBy, claimedAt, settledAt: toSettledAt(status, entry, now), payload, history: `[${entries}]`,
  } as MessageRecord;
}

/** The inverse: reads a message back into memory. */
export function toEntry(row: OpenMessage, rank: number, restore: (value: string, context: MessageContext) => Snapshot<MessageContext>): Entry {
  const { key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, claimedBy, claimedAt } = row;
  const { status, maxAttempts, maxInterruptions, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure } = row;
  return {
    key, messageId, queue, instance, source, version, priority, rank, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, claimedBy, claimedAt,
    snapshot: restore(status, { maxAttempts, maxInterruptions, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure }),
    leaseEndsAt: 0,
    payload: undefined,
    changes: 1 + 2 * claim,
  };
}
