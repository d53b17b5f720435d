import type { InstanceRecord, MessageKeyRecord, MessageRecord, MessageWaiterRecord, OutboxRecord } from '../queue-records.ts';

/** What a memory store holds of queues. Rows are frozen and replaced whole. */
export interface QueueState {
  readonly messages: Map<number, MessageRecord>;
  /** Keys of the messages that have not settled. */
  readonly open: Map<number, true>;
  readonly messageKeysById: Map<string, number>;
  readonly messageKeys: Map<string, MessageKeyRecord>;
  readonly instances: Map<string, InstanceRecord>;
  readonly outbox: Map<number, OutboxRecord>;
  readonly waiters: Map<string, MessageWaiterRecord>;
}

export function createQueueState(): QueueState {
  return { messages: new Map(), open: new Map(), messageKeysById: new Map(), messageKeys: new Map(), instances: new Map(), outbox: new Map(), waiters: new Map() };
}

export function copyQueueState(state: QueueState): QueueState {
  return {
    messages: new Map(state.messages),
    open: new Map(state.open),
    messageKeysById: new Map(state.messageKeysById),
    messageKeys: new Map(state.messageKeys),
    instances: new Map(state.instances),
    outbox: new Map(state.outbox),
    waiters: new Map(state.waiters),
  };
}

export const toKeyPlace = (row: { readonly queue: string; readonly idempotencyKey: string }): string => JSON.stringify([row.queue, row.idempotencyKey]);
export const toInstancePlace = (row: { readonly queue: string; readonly instance: string }): string => JSON.stringify([row.queue, row.instance]);
export const toWaiterPlace = (row: { readonly executionId: string; readonly position: number; readonly item: number }): string =>
  JSON.stringify([row.executionId, row.position, row.item]);

/** The state as plain lists, for text. */
export interface QueueLists {
  readonly messages: readonly MessageRecord[];
  readonly messageKeys: readonly MessageKeyRecord[];
  readonly instances: readonly InstanceRecord[];
  readonly outbox: readonly OutboxRecord[];
  readonly waiters: readonly MessageWaiterRecord[];
}

export function toQueueLists(state: QueueState): QueueLists {
  const { messages, messageKeys, instances, outbox, waiters } = state;
  return { messages: [...messages.values()], messageKeys: [...messageKeys.values()], instances: [...instances.values()], outbox: [...outbox.values()], waiters: [...waiters.values()] };
}

export function fromQueueLists(lists: QueueLists | undefined): QueueState {
  const state = createQueueState();
  for (const row of lists?.messages ?? []) {
    state.messages.set(row.key, Object.freeze(row));
    state.messageKeysById.set(row.messageId, row.key);
    if (row.settledAt === null) state.open.set(row.key, true);
  }
  for (const row of lists?.messageKeys ?? []) state.messageKeys.set(toKeyPlace(row), Object.freeze(row));
  for (const row of lists?.instances ?? []) state.instances.set(toInstancePlace(row), Object.freeze(row));
  for (const row of lists?.outbox ?? []) state.outbox.set(row.key, Object.freeze(row));
  for (const row of lists?.waiters ?? []) state.waiters.set(toWaiterPlace(row), Object.freeze(row));
  return state;
}
