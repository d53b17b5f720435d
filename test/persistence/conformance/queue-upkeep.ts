import { describe, expect, it } from 'vitest';
import { owner, start } from './fixtures.ts';
import { dead, done, makeMessage, makeQueueBatch } from './queue-fixtures.ts';
import type { Subject } from './store-suite.ts';

export function testQueueUpkeep(subject: Subject): void {
  describe('what goes with messages', () => {
    it('remembers an idempotency key until it expires, and takes it anew after that', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const put = (queue: string, messageId: string, expiresAt: number) => store.commit(makeQueueBatch({ messageKeys: [{ queue, idempotencyKey: 'k', messageId, expiresAt }] }));
      await put('mails', 'a', start + 10);
      await put('other', 'b', start + 20);
      expect(await store.findMessageByKey('mails', 'k', start + 9)).toBe('a');
      expect(await store.findMessageByKey('mails', 'k', start + 10)).toBeUndefined();
      expect(await store.findMessageByKey('mails', 'x', start)).toBeUndefined();
      await put('mails', 'c', start + 30);
      expect(await store.findMessageByKey('mails', 'k', start + 10)).toBe('c');
      expect(await store.pruneMessageKeys(start + 40, 1)).toBe(1);
      expect(await store.findMessageByKey('other', 'k', start)).toBeUndefined();
      expect(await store.pruneMessageKeys(start + 29, 10)).toBe(0);
      expect(await store.pruneMessageKeys(start + 30, 10)).toBe(1);
      expect(await store.findMessageByKey('mails', 'k', start)).toBeUndefined();
    });

    it('keeps instances once each, until they are forgotten', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const row = (queue: string, instance: string, registeredAt = start) => ({ queue, instance, registeredAt });
      await store.commit(makeQueueBatch({ instances: { registered: [row('q', 'b'), row('q', 'a'), row('p', 'a')], forgotten: [] } }));
      await store.commit(makeQueueBatch({ instances: { registered: [row('q', 'a', start + 5)], forgotten: [{ queue: 'p', instance: 'a' }, { queue: 'x', instance: 'y' }] } }));
      expect(await store.listInstances()).toEqual([row('q', 'a'), row('q', 'b')]);
    });

    it('keeps the outbox in order until its rows are sent', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const row = (key: number, parts: object = {}) => ({ key, target: 'center', messageId: `m${key}`, request: '{}', createdAt: start, refusals: 0, dueAt: start, failure: null, ...parts });
      await store.commit(makeQueueBatch({ outbox: { put: [row(1), row(2), row(3)], sent: [] } }));
      await store.commit(makeQueueBatch({ outbox: { put: [row(2, { refusals: 1, dueAt: null, failure: '{}', request: 'changed' })], sent: [1] } }));
      expect(await store.listOutbox(0, 10)).toEqual([row(2, { refusals: 1, dueAt: null, failure: '{}' }), row(3)]);
      expect(await store.listOutbox(2, 10)).toEqual([row(3)]);
      expect(await store.listOutbox(0, 1)).toHaveLength(1);
      expect((await store.getQueueMarks()).outboxKey).toBe(3);
      await expect(async () => store.commit(makeQueueBatch({ outbox: { put: [row(4, { dueAt: null })], sent: [] } }))).rejects.toMatchObject({ code: 'commit_failed' });
    });

    it('keeps who waits for a message, by step', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const row = (executionId: string, position: number, correlationId: string | null = 'c') => ({ executionId, position, item: -1, queue: 'q', correlationId, signal: `message:${position}` });
      await store.commit(makeQueueBatch({ waiters: { put: [row('b', 1), row('a', 2), row('a', 0, null)], gone: [] } }));
      expect(await store.listMessageWaiters(undefined, 10)).toEqual([row('a', 0, null), row('a', 2), row('b', 1)]);
      expect(await store.listMessageWaiters({ executionId: 'a', position: 0, item: -1 }, 1)).toEqual([row('a', 2)]);
      await store.commit(makeQueueBatch({ waiters: { put: [row('a', 2, 'd')], gone: [{ executionId: 'a', position: 0, item: -1 }] } }));
      expect(await store.listMessageWaiters(undefined, 10)).toEqual([row('a', 2, 'd'), row('b', 1)]);
    });

    it('deletes settled messages, the oldest first and no more than asked for', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const long = 'x'.repeat(3_000);
      const rows = [makeMessage(1, { ...done, settledAt: start + 30, payload: `"${long}"` }), makeMessage(2, { ...done, settledAt: start + 10 }), makeMessage(3, { ...done, settledAt: start + 20, queue: 'other' }), makeMessage(4, { ...dead, settledAt: start + 10 }), makeMessage(5)];
      await store.commit(makeQueueBatch({ published: rows }));
      expect(await store.pruneMessages({ queue: 'mails', status: 'completed', settledBefore: start + 100, limit: 1 })).toBe(1);
      expect(await store.getMessage('message-2')).toBeUndefined();
      expect(await store.pruneMessages({ queue: 'mails', status: 'completed', settledBefore: start + 30 })).toBe(0);
      expect(await store.pruneMessages({ queue: 'mails', status: 'completed', settledBefore: start + 31 })).toBe(1);
      expect(await store.getMessagePayload(1)).toBeUndefined();
      expect(await store.pruneMessages({ queue: 'mails', status: 'dead', settledBefore: start + 31 })).toBe(1);
      expect((await store.countMessages()).map(({ queue, status }) => `${queue} ${status}`)).toEqual(['mails pending', 'other completed']);
      await store.commit(makeQueueBatch({ published: [makeMessage(9, { messageId: 'message-2' })] }));
    });

    it('lets others read while it is owned, and forgets nothing when it is opened again', async () => {
      const { store, read } = subject.current;
      await store.acquire(owner);
      await store.commit(makeQueueBatch({ published: [makeMessage(1), makeMessage(2, dead)], instances: { registered: [{ queue: 'q', instance: 'a', registeredAt: start }], forgotten: [] } }));
      const reader = read();
      expect(await reader.getMessage('message-1')).toEqual(makeMessage(1));
      expect((await reader.listMessages({ queue: 'mails', status: 'dead' })).map(({ key }) => key)).toEqual([2]);
      expect(await reader.listInstances()).toHaveLength(1);
    });
  });
}
