import { messageRecord } from '../queue-records.ts';
import type { InstanceRecord, MessageChange, MessageRecord, MessageWaiterRecord, OutboxRecord } from '../queue-records.ts';
import type { ListMessagesParams, MessageCount, MessageTimes, OpenMessage, PruneMessagesParams, QueueBatch } from '../queue-store.ts';
import { createSettledError } from '../store-errors.ts';
import { toInstancePlace, toKeyPlace, toWaiterPlace } from './queue-state.ts';
import type { QueueState } from './queue-state.ts';
import type { UndoLog } from './undo-log.ts';

/** Writes what a tick did to the queues, in the order in which a database would. */
export function applyQueueBatch(state: QueueState, log: UndoLog, batch: QueueBatch): void {
  for (const row of batch.published) {
    if (state.messageKeysById.has(row.messageId) || state.messages.has(row.key)) throw new TypeError(`The message ${row.messageId} (${row.key}) is stored already, and is published once`);
    put(state, log, requireValid(row));
    log.set(state.messageKeysById, row.messageId, row.key);
  }
  for (const change of batch.redriven) {
    const before = state.messages.get(change.key);
    if (before?.status !== 'dead') throw createSettledError('message', String(change.key));
    put(state, log, merge(before, change));
  }
  for (const change of batch.moved) {
    const before = state.messages.get(change.key);
    if (!before || before.settledAt !== null) throw createSettledError('message', String(change.key));
    const { generation, visibleAt } = before;
    put(state, log, merge(before, { ...change, generation, visibleAt }));
  }
  for (const { key, entries } of batch.noted) {
    const before = state.messages.get(key);
    if (before) put(state, log, Object.freeze({ ...before, history: addEntries(before.history, entries) }));
  }
  for (const row of batch.messageKeys) log.set(state.messageKeys, toKeyPlace(row), Object.freeze({ ...row }));
  for (const row of batch.instances.registered) if (!state.instances.has(toInstancePlace(row))) log.set(state.instances, toInstancePlace(row), Object.freeze({ ...row }));
  for (const row of batch.instances.forgotten) log.delete(state.instances, toInstancePlace(row));
  for (const row of batch.outbox.put) {
    if (row.dueAt === null && row.failure === null) throw new TypeError(`The outbox row ${row.key} is neither due nor refused`);
    const before = state.outbox.get(row.key);
    const { refusals, dueAt, failure } = row;
    log.set(state.outbox, row.key, Object.freeze(before ? { ...before, refusals, dueAt, failure } : { ...row }));
  }
  for (const key of batch.outbox.sent) log.delete(state.outbox, key);
  for (const row of batch.waiters.put) log.set(state.waiters, toWaiterPlace(row), Object.freeze({ ...row }));
  for (const row of batch.waiters.gone) log.delete(state.waiters, toWaiterPlace(row));
}

const addEntries = (history: string, entries: string): string => (entries === '' ? history : `${history.slice(0, -1)},${entries}]`);

function merge(before: MessageRecord, { entries, ...change }: MessageChange): MessageRecord {
  return requireValid({ ...before, ...change, history: addEntries(before.history, entries) } as MessageRecord);
}

function requireValid(row: MessageRecord): MessageRecord {
  const result = messageRecord.safeParse(row);
  if (result.success) return Object.freeze({ ...result.data, failure: JSON.parse(JSON.stringify(result.data.failure)) });
  const [issue] = result.error.issues;
  throw new TypeError(`The message breaks the lifecycle at \`${issue?.path.join('.') ?? ''}\`: ${issue?.message ?? 'not valid'}`);
}

function put(state: QueueState, log: UndoLog, row: MessageRecord): void {
  log.set(state.messages, row.key, row);
  if (row.settledAt === null) log.set(state.open, row.key, true);
  else log.delete(state.open, row.key);
}

const copy = (row: MessageRecord): MessageRecord => ({ ...row, failure: structuredClone(row.failure) }) as MessageRecord;

export function getMessage(state: QueueState, messageId: string): MessageRecord | undefined {
  const row = state.messages.get(state.messageKeysById.get(messageId) ?? 0);
  return row && copy(row);
}

export function listMessages(state: QueueState, { queue, status, limit = 100, after }: ListMessagesParams): MessageRecord[] {
  const sign = status === 'completed' || status === 'dead' ? -1 : 1;
  return [...state.messages.values()]
    .filter(row => row.queue === queue && row.status === status && (after === undefined || (row.key - after) * sign > 0))
    .toSorted((a, b) => (a.key - b.key) * sign)
    .slice(0, limit)
    .map(copy);
}

export function countMessages(state: QueueState): MessageCount[] {
  const counts = new Map<string, { queue: string; status: MessageRecord['status']; count: number; oldestAt: number }>();
  for (const { queue, status, visibleAt, settledAt } of state.messages.values()) {
    const place = `${queue} ${status}`;
    const known = counts.get(place);
    const at = settledAt ?? visibleAt;
    if (!known) counts.set(place, { queue, status, count: 1, oldestAt: at });
    else Object.assign(known, { count: known.count + 1, oldestAt: Math.min(known.oldestAt, at) });
  }
  return [...counts.values()].toSorted((a, b) => compare(a.queue, b.queue) || compare(a.status, b.status));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function listMessageTimes(state: QueueState, queue: string, since: number, limit: number): MessageTimes[] {
  return [...state.messages.values()]
    .filter(row => row.queue === queue && row.status === 'completed' && row.settledAt >= since)
    .toSorted((a, b) => (b.settledAt ?? 0) - (a.settledAt ?? 0))
    .slice(0, limit)
    .map(({ publishedAt, visibleAt, claimedAt, settledAt, attempt }) => ({ publishedAt, visibleAt, claimedAt: claimedAt ?? 0, settledAt: settledAt ?? 0, attempt }));
}

export function findMessageByKey(state: QueueState, queue: string, idempotencyKey: string, now: number): string | undefined {
  const row = state.messageKeys.get(toKeyPlace({ queue, idempotencyKey }));
  return row && row.expiresAt > now ? row.messageId : undefined;
}

export function listInstances(state: QueueState): InstanceRecord[] {
  return [...state.instances.values()].toSorted((a, b) => compare(a.queue, b.queue) || compare(a.instance, b.instance)).map(row => ({ ...row }));
}

export function listOutbox(state: QueueState, afterKey: number, limit: number): OutboxRecord[] {
  return [...state.outbox.values()].filter(({ key }) => key > afterKey).toSorted((a, b) => a.key - b.key).slice(0, limit).map(row => ({ ...row }));
}

type WaiterPlace = Pick<MessageWaiterRecord, 'executionId' | 'position' | 'item'>;
const compareWaiters = (a: WaiterPlace, b: WaiterPlace): number => compare(a.executionId, b.executionId) || a.position - b.position || a.item - b.item;

export function listMessageWaiters(state: QueueState, after: WaiterPlace | undefined, limit: number): MessageWaiterRecord[] {
  return [...state.waiters.values()].filter(row => !after || compareWaiters(row, after) > 0).toSorted(compareWaiters).slice(0, limit).map(row => ({ ...row }));
}

export function getQueueMarks(state: QueueState): { messageKey: number; outboxKey: number; publishedAt: number } {
  let last: MessageRecord | undefined;
  for (const row of state.messages.values()) if (!last || row.key > last.key) last = row;
  let outboxKey = 0;
  for (const key of state.outbox.keys()) outboxKey = Math.max(outboxKey, key);
  return { messageKey: last?.key ?? 0, outboxKey, publishedAt: last?.publishedAt ?? 0 };
}

export function listOpenMessages(state: QueueState, afterKey: number, limit: number): OpenMessage[] {
  const keys = [...state.open.keys()].filter(key => key > afterKey).toSorted((a, b) => a - b).slice(0, limit);
  return keys.map(key => {
    const { payload: _payload, history: _history, ...open } = copy(state.messages.get(key) as MessageRecord);
    return open as OpenMessage;
  });
}

export function pruneMessages(state: QueueState, log: UndoLog, { queue, status, settledBefore, limit = 1000 }: PruneMessagesParams): number {
  const old = [...state.messages.values()]
    .filter(row => row.queue === queue && row.status === status && (row.settledAt ?? settledBefore) < settledBefore)
    .toSorted((a, b) => (a.settledAt ?? 0) - (b.settledAt ?? 0))
    .slice(0, limit);
  for (const { key, messageId } of old) {
    log.delete(state.messages, key);
    log.delete(state.messageKeysById, messageId);
  }
  return old.length;
}

export function pruneMessageKeys(state: QueueState, log: UndoLog, now: number, limit: number): number {
  const old = [...state.messageKeys].filter(([, row]) => row.expiresAt <= now).toSorted(([, a], [, b]) => a.expiresAt - b.expiresAt).slice(0, limit);
  for (const [place] of old) log.delete(state.messageKeys, place);
  return old.length;
}
