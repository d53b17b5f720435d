import type { MessageContext } from '../../machines/message.ts';
import type { MessageChange, MessageRecord, MessageStatus } from '../../persistence/queue-records.ts';
import type { OpenMessage } from '../../persistence/queue-store.ts';
import type { Snapshot } from '../runtime/machine-runner.ts';
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

/** The part of a message's row that its machine decides. */
function toState(entry: Entry, now: number): Omit<MessageChange, 'key' | 'entries' | 'visibleAt'> {
  const { snapshot, claimedBy, claimedAt, publishedAt } = entry;
  const { claim, attempt, interruptions, generation, dueAt, leaseUntil, failure } = snapshot.context;
  const status = snapshot.value as MessageStatus;
  const isSettled = status === 'completed' || status === 'dead';
  // A clock that was set back must not make it end before it began.
  return { status, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure: failure as MessageChange['failure'], claimedBy, claimedAt, settledAt: isSettled ? Math.max(now, publishedAt) : null };
}

export function toChange(entry: Entry, entries: string, now: number): MessageChange {
  return { key: entry.key, visibleAt: entry.visibleAt, entries, ...toState(entry, now) };
}

export function toRecord(entry: Entry, payload: string, entries: string, now: number): MessageRecord {
  const { key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt } = entry;
  const { maxAttempts, maxInterruptions } = entry.snapshot.context;
  return {
    key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, maxAttempts, maxInterruptions,
    ...toState(entry, now), payload, history: `[${entries}]`,
  } as MessageRecord;
}

/** The inverse: reads a message back into memory. */
export function toEntry(row: OpenMessage, rank: number, restore: (value: string, context: MessageContext) => Snapshot<MessageContext>): Entry {
  const { key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, claimedBy, claimedAt } = row;
  const { status, maxAttempts, maxInterruptions, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure } = row;
  return {
    key, messageId, queue, instance, source, version, priority, rank, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, claimedBy, claimedAt,
    snapshot: restore(status, { maxAttempts, maxInterruptions, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure }),
    payload: undefined,
    changes: 1 + 2 * claim,
  };
}
