import { readStoredFailure } from '../../src/core/stored-value.ts';
import type { Answer } from '../answer.ts';
import type { Request, StoreReader } from '../contract.ts';
import type { InstanceRecord, MessageRecord, MessageStatus, MessageWaiterRecord, OutboxRecord } from '../queue-records.ts';
import type { ListMessagesParams, MessageCount, MessageRequest, MessageTimes, OpenMessage } from '../queue-store.ts';
import type { Row } from '../table.ts';
import { blockOf, blocksAtOnce, toKeyRange } from './message-blocks.ts';
import { asRecord, chain, none, readOne, readRows } from './reading.ts';
import { instances, messageBlocks, messageKeys, messagePayloads, messages, messageWaiters, outbox } from './tables.ts';

/** Columns of a message but its history, and what is only kept to find it. */
const openColumns = Object.keys(messages.columns).filter(column => column !== 'lane' && column !== 'history');

const failureOf = (row: Row): unknown => readStoredFailure('messages.failure', row['messageId'] as string, row['failure'] as string | null);

/** The row itself, which is nobody else's: to copy it takes as long as to read it. */
const toOpenMessage = (row: Row): OpenMessage => Object.assign(row, { failure: failureOf(row) }) as unknown as OpenMessage;

const withoutLane = ({ lane: _, ...row }: Row): Row => row;

/** Messages with their payloads, wherever these are kept. */
function withPayloads(store: StoreReader, rows: readonly Row[]): Answer<MessageRecord[]> {
  const keys = rows.filter(row => row['payload'] === null).map(row => [row['key'] as number]);
  const toMessage = (row: Row, payload: unknown): MessageRecord =>
    ({ ...withoutLane(row), payload, history: `[${String(row['history'])}]`, failure: failureOf(row) }) as unknown as MessageRecord;
  if (keys.length === 0) return rows.map(row => toMessage(row, row['payload']));
  return chain(store.read([{ table: messagePayloads, keys }]), ([found = []]) => {
    const byKey = new Map(found.map(row => [row['key'], row['payload']]));
    return rows.map(row => toMessage(row, row['payload'] ?? byKey.get(row['key'] as number)));
  });
}

export const getMessage = (store: StoreReader, messageId: string): Answer<MessageRecord | undefined> =>
  chain(store.read([{ table: messages, index: 'messages_id', keys: [[messageId]] }]), ([rows = []]) => chain(withPayloads(store, rows), ([message]) => message));

export function getMessagePayload(store: StoreReader, key: number): Answer<string | undefined> {
  const requests = [{ table: messages, keys: [[key]], columns: ['payload'] }, { table: messagePayloads, keys: [[key]], columns: ['payload'] }];
  return chain(store.read(requests), ([[own] = none, [apart] = none]) => (own?.['payload'] ?? apart?.['payload'] ?? undefined) as string | undefined);
}

/**
 * Rows of messages that have not settled, by key, above `after`: from block to block, since no index has them.
 *
 * @param select those that are wanted
 */
function collectOpen<T>(store: StoreReader, after: number, limit: number, columns: readonly string[], select: (rows: Row[]) => T[]): Answer<T[]> {
  const found: T[] = [];
  const turn = (from: number): Answer<T[]> =>
    chain(store.read([{ table: messageBlocks, from, limit: blocksAtOnce }]), ([blocks = []]) => {
      if (blocks.length === 0) return found;
      const requests = blocks.map((row): Request => {
        const range = toKeyRange(row['block'] as number);
        return { table: messages, from: Math.max(range.from, after + 1), to: range.to, columns };
      });
      return chain(store.read(requests), answers => {
        found.push(...select(answers.flat().filter(row => row['settledAt'] === null)).slice(0, limit - found.length));
        return found.length >= limit || blocks.length < blocksAtOnce ? found : turn((blocks.at(-1)?.['block'] as number) + 1);
      });
    });
  return turn(blockOf(after));
}

export const readMessages = (store: StoreReader, requests: readonly MessageRequest[]): Answer<OpenMessage[][]> =>
  chain(store.read(requests.map(request => ({ table: messages, columns: openColumns, ...request }))), answers => answers.map(rows => rows.map(toOpenMessage)));

export function listMessages(store: StoreReader, { queue, status, limit = 100, after }: ListMessagesParams): Answer<MessageRecord[]> {
  if (status === 'completed' || status === 'dead') return listSettled(store, queue, status, limit, after);
  const columns = Object.keys(messages.columns);
  const rows = collectOpen(store, after ?? 0, limit, columns, found => found.filter(row => row['queue'] === queue && row['status'] === status));
  return chain(rows, found => withPayloads(store, found));
}

/** By key, the newest first: the index has them by the time at which they settled, so their keys are read before they are. */
function listSettled(store: StoreReader, queue: string, status: MessageStatus, limit: number, after: number | undefined): Answer<MessageRecord[]> {
  const all: Request = { table: messages, index: 'messages_settled', prefix: [queue, status], columns: ['key'] };
  return chain(readRows(store, all, row => row['key'] as number), keys => {
    const wanted = keys.filter(key => after === undefined || key < after).sort((a, b) => b - a).slice(0, limit);
    if (wanted.length === 0) return [];
    return chain(store.read([{ table: messages, keys: wanted.map(key => [key]) }]), ([rows = []]) => withPayloads(store, rows));
  });
}

/** What has settled is counted by its index; what has not, by looking at it. */
export function countMessages(store: StoreReader): Answer<MessageCount[]> {
  const counts = new Map<string, { queue: string; status: MessageStatus; count: number; oldestAt: number }>();
  const open = collectOpen(store, 0, Number.POSITIVE_INFINITY, ['queue', 'status', 'visibleAt', 'settledAt'], rows => {
    for (const row of rows) {
      const [queue, status, visibleAt] = [row['queue'] as string, row['status'] as MessageStatus, row['visibleAt'] as number];
      const known = counts.get(`${status} ${queue}`);
      if (known) Object.assign(known, { count: known.count + 1, oldestAt: Math.min(known.oldestAt, visibleAt) });
      else counts.set(`${status} ${queue}`, { queue, status, count: 1, oldestAt: visibleAt });
    }
    return [];
  });
  return chain(open, () =>
    chain(countSettled(store), settled => [...counts.values(), ...settled].toSorted((a, b) => compare(a.queue, b.queue) || compare(a.status, b.status))),
  );
}

/** From one queue to the next, in both indexes. */
export function countQueues(store: StoreReader): Answer<{ queue: string; unsettled: number; dead: number }[]> {
  const found: { queue: string; unsettled: number; dead: number }[] = [];
  const next = (after: string | undefined): Answer<typeof found> => {
    const request = { table: messages, ...(after !== undefined && { after: [after] }), limit: 1, columns: ['queue'] };
    return chain(store.read([{ ...request, index: 'messages_open' }, { ...request, index: 'messages_settled' }]), answers => {
      const [queue] = answers.flat().map(row => row['queue'] as string).toSorted(compare);
      if (queue === undefined) return found;
      const counts: Request[] = [{ table: messages, index: 'messages_open', prefix: [queue], count: true }, { table: messages, index: 'messages_settled', prefix: [queue, 'dead'], count: true }];
      return chain(store.read(counts), ([[open] = none, [dead] = none]) => {
        found.push({ queue, unsettled: Number(open?.['count'] ?? 0), dead: Number(dead?.['count'] ?? 0) });
        return next(queue);
      });
    });
  };
  return next(undefined);
}

/** From one queue and status to the next in the index. */
function countSettled(store: StoreReader): Answer<MessageCount[]> {
  const found: MessageCount[] = [];
  const next = (after: readonly string[] | undefined): Answer<MessageCount[]> =>
    chain(
      readOne(store, { table: messages, index: 'messages_settled', ...(after && { after }), limit: 1, columns: ['queue', 'status', 'settledAt'] }, row => row),
      first => {
        if (first === undefined) return found;
        const place = [first['queue'] as string, first['status'] as string];
        return chain(store.read([{ table: messages, index: 'messages_settled', prefix: place, count: true }]), ([[row] = none]) => {
          const [queue = '', status] = place;
          found.push({ queue, status: status as MessageStatus, count: Number(row?.['count'] ?? 0), oldestAt: first['settledAt'] as number });
          return next(place);
        });
      },
    );
  return next(undefined);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const listMessageTimes = (store: StoreReader, queue: string, since: number, limit: number): Answer<MessageTimes[]> =>
  readRows(
    store,
    { table: messages, index: 'messages_settled', prefix: [queue, 'completed'], from: since, order: 'falling', limit, columns: ['publishedAt', 'visibleAt', 'claimedAt', 'settledAt', 'attempt'] },
    asRecord<MessageTimes>,
  );

export const findMessageByKey = (store: StoreReader, queue: string, idempotencyKey: string, now: number): Answer<string | undefined> =>
  chain(readOne(store, { table: messageKeys, keys: [[queue, idempotencyKey]] }, row => row), row =>
    row !== undefined && (row['expiresAt'] as number) > now ? (row['messageId'] as string) : undefined,
  );

export const listInstances = (store: StoreReader): Answer<InstanceRecord[]> => readRows(store, { table: instances }, asRecord<InstanceRecord>);

export const listOutbox = (store: StoreReader, afterKey: number, limit: number): Answer<OutboxRecord[]> =>
  readRows(store, { table: outbox, after: [afterKey], limit }, asRecord<OutboxRecord>);

type WaiterPlace = Pick<MessageWaiterRecord, 'executionId' | 'position' | 'item'>;

export function listMessageWaiters(store: StoreReader, after: WaiterPlace | undefined, limit: number): Answer<MessageWaiterRecord[]> {
  const place = after === undefined ? {} : { after: [after.executionId, after.position, after.item] };
  return readRows(store, { table: messageWaiters, ...place, limit }, asRecord<MessageWaiterRecord>);
}

export function getQueueMarks(store: StoreReader): Answer<{ messageKey: number; outboxKey: number; publishedAt: number }> {
  const last = { order: 'falling', limit: 1 } as const;
  return chain(store.read([{ table: messages, ...last, columns: ['key', 'publishedAt'] }, { table: outbox, ...last, columns: ['key'] }]), ([[message] = none, [sent] = none]) => ({
    messageKey: Number(message?.['key'] ?? 0),
    outboxKey: Number(sent?.['key'] ?? 0),
    publishedAt: Number(message?.['publishedAt'] ?? 0),
  }));
}
