import type { MessageContext, MessageEvent } from '../../../machines/message.ts';
import type { MessageChange, MessageRecord, MessageStatus, Turn } from '../../../persistence/queue-records.ts';
import { turns } from '../../../persistence/queue-records.ts';
import type { OpenMessage } from '../../../persistence/queue-store.ts';
import type { Snapshot } from '../../core/machine-runner.ts';
import type { ClaimedMessage, Receipt, Outcome } from './queue-commands.ts';
import type { StepFailure } from '../../core/failure.ts';

/** A message that has not settled, in memory. */
export interface QueuedMessage {
  /** Number of the message; the lower one goes first among equals. */
  readonly key: number;
  readonly messageId: string;
  readonly queue: string;
  readonly instance: string | null;
  readonly source: string | null;
  readonly version: number;
  readonly priority: number;
  /** Messages of one partition are handled one after the other; null: it has none. */
  readonly partitionKey: string | null;
  readonly correlationId: string | null;
  readonly idempotencyKey: string | null;
  readonly publishedAt: number;
  readonly visibleAt: number;
  /** Where it stands. */
  turn: Turn;
  /** Whether it is in the window of its priority. */
  listed: boolean;
  snapshot: Snapshot<MessageContext>;
  claimedBy: string | null;
  claimedAt: number | null;
  /** When the present claim runs out, in process time. */
  leaseEndsAt: number;
  /** JSON text, while it is short; undefined: it has to be read. */
  payload: string | undefined;
  /** Changes of state so far, roughly; a history is not added to without end. */
  changes: number;
}

/** What has become due. */
export interface DueMessages {
  /** Process time, ms: claims that end up to then run out. */
  readonly passed: number;
  /** Those that come back, and those whose delay in their partition is over. */
  readonly messages: readonly QueuedMessage[];
  /** When the next one may be due, epoch ms. */
  readonly nextAt: number;
}

/** Changes of state after which only failures and ends are added to the history. */
export const maxChanges = 500;

/** Whether one goes before another of its priority. */
export const isBefore = (a: Pick<QueuedMessage, 'visibleAt' | 'key'>, b: Pick<QueuedMessage, 'visibleAt' | 'key'>): boolean =>
  a.visibleAt < b.visibleAt || (a.visibleAt === b.visibleAt && a.key < b.key);

/** Whether it was handed out since it took its place: then nobody of its partition gets in front of it. */
export const keepsPlace = ({ claimedAt, visibleAt }: QueuedMessage): boolean => claimedAt !== null && claimedAt >= visibleAt;

/** Whether its delay is over. */
export const isDue = ({ snapshot: { context: { dueAt } } }: QueuedMessage, now: number): boolean => dueAt === null || dueAt <= now;

/** One entry of a history, JSON text. `state` null: refused. */
export function toHistoryEntry(at: number, event: string, state: string | null, detail?: string): string {
  return `[${at},"${event}",${state === null ? 'null' : `"${state}"`}${detail === undefined ? '' : `,${detail}`}]`;
}

export function toReceipt({ key, messageId, snapshot }: QueuedMessage): Receipt {
  return { key, messageId, claim: snapshot.context.claim };
}

export function toClaimedMessage(message: QueuedMessage, payload: string): ClaimedMessage {
  const { key, messageId, queue, version, priority, partitionKey, correlationId, source, publishedAt } = message;
  const { claim, attempt, interruptions, generation, leaseUntil } = message.snapshot.context;
  return { key, messageId, queue, version, priority, partitionKey, correlationId, source, publishedAt, payload, claim, attempt, interruptions, generation, leaseUntil: leaseUntil ?? 0 };
}

/** A clock that was set back must not make it end before it began. */
const toSettledAt = (status: MessageStatus, { publishedAt }: QueuedMessage, now: number): number | null =>
  (status === 'completed' || status === 'dead' ? Math.max(now, publishedAt) : null);

// Both list every column: an object that is spread into another one costs more than the rest of a row.

export function toChange(message: QueuedMessage, entries: string, now: number): MessageChange {
  const { key, queue, messageId, partitionKey, turn, visibleAt, claimedBy, claimedAt } = message;
  const { claim, attempt, interruptions, generation, dueAt, leaseUntil, failure } = message.snapshot.context;
  const status = message.snapshot.value as MessageStatus;
  const settledAt = toSettledAt(status, message, now);
  return {
    key, queue, messageId, partitionKey, status, claim, attempt, interruptions, generation, visibleAt, dueAt, leaseUntil, claimedBy, claimedAt,
    failure: failure as MessageChange['failure'], turn: settledAt === null ? turn : null, settledAt, entries,
  };
}

export function toRecord(message: QueuedMessage, payload: string, entries: string, now: number): MessageRecord {
  const { key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, claimedBy, claimedAt, turn } = message;
  const { maxAttempts, maxInterruptions, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure } = message.snapshot.context;
  const status = message.snapshot.value as MessageStatus;
  const settledAt = toSettledAt(status, message, now);
  return {
    key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, maxAttempts, maxInterruptions,
    status, turn: settledAt === null ? turn : null, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure, claimedBy, claimedAt, settledAt, payload, history: `[${entries}]`,
  } as MessageRecord;
}

/** The inverse: reads a message back into memory. */
export function toQueuedMessage(row: Omit<OpenMessage, 'payload'> & { readonly payload: string | null }, restore: (value: string, context: MessageContext) => Snapshot<MessageContext>): QueuedMessage {
  const { key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, claimedBy, claimedAt } = row;
  const { status, maxAttempts, maxInterruptions, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure } = row;
  return {
    key, messageId, queue, instance, source, version, priority, partitionKey, correlationId, idempotencyKey, publishedAt, visibleAt, claimedBy, claimedAt,
    turn: row.turn ?? turns.free,
    listed: false,
    snapshot: restore(status, { maxAttempts, maxInterruptions, claim, attempt, interruptions, generation, dueAt, leaseUntil, failure }),
    leaseEndsAt: 0,
    payload: row.payload ?? undefined,
    changes: 1 + 2 * claim,
  };
}

/** What a worker says of a message, as its machine takes it. */
export function toEvent(outcome: Outcome, claim: number, now: number): MessageEvent {
  switch (outcome.type) {
    case 'ack':
      return { type: 'message.ack', claim };
    case 'fail':
      return { type: 'message.fail', claim, failure: outcome.failure, retryAt: now + outcome.retryAfterMs };
    case 'bury':
      return { type: 'message.bury', claim, failure: outcome.failure };
    case 'snooze':
      return { type: 'message.snooze', claim, dueAt: now + outcome.ms };
    case 'extend':
      return { type: 'lease.extend', claim, leaseUntil: now + outcome.ms };
    default:
      return { type: 'claim.released', claim };
  }
}

/** Why, as a history keeps it. */
export const toReason = ({ code, message }: StepFailure): string => JSON.stringify({ code, message: message.slice(0, 300) });
export const toDetail = (outcome: Outcome): string | undefined => ('failure' in outcome ? toReason(outcome.failure) : undefined);
