import { describe, expect, it } from 'vitest';
import { failure, owner, start } from './fixtures.ts';
import { dead, done, listOpen, makeChange, makeMessage, makeQueueBatch, processing, retrying } from './queue-fixtures.ts';
import type { MessageRequest } from '../../../persistence/queue-store.ts';
import type { Subject } from './store-suite.ts';

export function testQueues(subject: Subject): void {
  describe('messages', () => {
    it('gives a message back as it was published, with a short payload and a long one', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const full = makeMessage(2, {
        instance: 'a', source: 'execution/step', version: 3, priority: -10, partitionKey: 'p', correlationId: 'c', idempotencyKey: 'i',
        maxAttempts: 9, maxInterruptions: 2, dueAt: start + 5, payload: JSON.stringify({ text: 'ü'.repeat(5_000) }),
      });
      await store.commit(makeQueueBatch({ published: [makeMessage(1), full] }));
      expect(await store.getMessage('message-1')).toEqual(makeMessage(1));
      expect(await store.getMessage('message-2')).toEqual(full);
      expect(await store.getMessage('message-3')).toBeUndefined();
      expect(await store.getMessagePayload(1)).toBe('{"key":1}');
      expect(await store.getMessagePayload(2)).toBe(full.payload);
      expect(await store.getMessagePayload(3)).toBeUndefined();
      const { history: _history, ...open } = full;
      const { history: _other, ...first } = makeMessage(1);
      expect(await listOpen(store)).toEqual([first, { ...open, payload: null }]);
    });

    it('keeps one row through all of its states, and adds every change to its history', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeQueueBatch({ published: [makeMessage(1)] }));
      await store.commit(makeQueueBatch({ moved: [makeChange(1, processing)] }));
      await store.commit(makeQueueBatch({ moved: [makeChange(1, { ...processing, leaseUntil: start + 60_000 }, '')] }));
      expect(await store.getMessage('message-1')).toMatchObject({ status: 'processing', leaseUntil: start + 60_000 });
      await store.commit(makeQueueBatch({ moved: [makeChange(1, retrying, `[${start + 20},"message.fail","retrying",{"code":"x"}]`)] }));
      expect(await store.getMessage('message-1')).toMatchObject({ status: 'retrying', failure, dueAt: start + 1_000 });
      await store.commit(makeQueueBatch({ moved: [makeChange(1, { ...processing, claim: 2, attempt: 2 }), makeChange(1, { ...done, claim: 2, attempt: 2 }, `[${start + 30},"message.ack","completed"]`)] }));
      const settled = await store.getMessage('message-1');
      expect(settled).toMatchObject({ status: 'completed', claim: 2, attempt: 2, failure: null, settledAt: start + 20, payload: '{"key":1}' });
      expect(JSON.parse(settled?.history ?? '').map(([, event, state]: unknown[]) => `${String(event)} ${String(state)}`)).toEqual([
        'message.publish pending', 'message.claim processing', 'message.fail retrying', 'message.claim processing', 'message.ack completed',
      ]);
      expect(await listOpen(store)).toEqual([]);
    });

    it('never moves a message that has settled; only a dead one begins again, when asked to', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeQueueBatch({ published: [makeMessage(1, done), makeMessage(2, dead), makeMessage(3)] }));
      for (const key of [1, 2, 9]) {
        await expect(async () => store.commit(makeQueueBatch({ published: [makeMessage(7)], moved: [makeChange(key, processing)] }))).rejects.toMatchObject({ code: 'record_settled' });
      }
      for (const key of [1, 3]) {
        await expect(async () => store.commit(makeQueueBatch({ redriven: [makeChange(key, { generation: 2 })] }))).rejects.toMatchObject({ code: 'record_settled' });
      }
      expect(await store.getMessage('message-7')).toBeUndefined();
      await store.commit(makeQueueBatch({ redriven: [makeChange(2, { generation: 2, claim: 1, claimedAt: start + 10, visibleAt: start + 99 }, `[${start + 99},"message.redrive","pending"]`)] }));
      expect(await store.getMessage('message-2')).toMatchObject({ status: 'pending', generation: 2, visibleAt: start + 99, publishedAt: start + 2, failure: null, settledAt: null });
    });

    it('adds what came too late to the history of a settled message, and changes nothing else', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeQueueBatch({ published: [makeMessage(1, done)] }));
      await store.commit(makeQueueBatch({ noted: [{ key: 1, entries: `[${start + 40},"message.ack",null]` }, { key: 5, entries: '[1,"x",null]' }] }));
      const { history, ...rest } = (await store.getMessage('message-1')) ?? makeMessage(9);
      const { history: before, ...same } = makeMessage(1, done);
      expect(rest).toEqual(same);
      expect(JSON.parse(history)).toEqual([...JSON.parse(before), [start + 40, 'message.ack', null]]);
    });

    it('refuses a second row under one id, and rows that are in no state', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      await store.commit(makeQueueBatch({ published: [makeMessage(1)] }));
      const wrong = [
        makeMessage(2, { messageId: 'message-1' }), makeMessage(1, { messageId: 'other' }), makeMessage(0),
        makeMessage(3, { settledAt: start }), makeMessage(3, { leaseUntil: start }), makeMessage(3, { status: 'processing' }),
        makeMessage(3, { ...processing, dueAt: start }), makeMessage(3, { ...retrying, dueAt: null }), makeMessage(3, { ...retrying, failure: null }),
        makeMessage(3, { ...done, settledAt: null }), makeMessage(3, { ...done, failure }), makeMessage(3, { ...dead, failure: null }), makeMessage(3, { status: 'gone' }),
      ];
      for (const row of wrong) await expect(async () => store.commit(makeQueueBatch({ published: [row] })), JSON.stringify(row)).rejects.toMatchObject({ code: 'commit_failed' });
      expect(await listOpen(store)).toHaveLength(1);
    });

    it('lists what has a status, a page at a time: the settled newest first', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const rows = [makeMessage(1), makeMessage(2, processing), makeMessage(3), makeMessage(4, dead), makeMessage(5, dead), makeMessage(6, { queue: 'other' }), makeMessage(7, done), makeMessage(8, retrying)];
      await store.commit(makeQueueBatch({ published: rows }));
      const list = async (status: 'pending' | 'processing' | 'dead' | 'completed' | 'retrying', more: object = {}) => (await store.listMessages({ queue: 'mails', status, ...more })).map(({ key }) => key);
      expect(await list('pending')).toEqual([1, 3]);
      expect(await list('pending', { after: 1 })).toEqual([3]);
      expect(await list('processing')).toEqual([2]);
      expect(await list('retrying')).toEqual([8]);
      expect(await list('dead')).toEqual([5, 4]);
      expect(await list('dead', { limit: 1 })).toEqual([5]);
      expect(await list('dead', { after: 5 })).toEqual([4]);
      expect(await list('completed')).toEqual([7]);
      expect((await listOpen(store)).map(({ key }) => key)).toEqual([1, 2, 3, 8]);
      expect(await store.countQueues()).toEqual([{ queue: 'mails', unsettled: 4, dead: 2 }, { queue: 'other', unsettled: 1, dead: 0 }]);
      expect(await store.countMessages()).toEqual([
        { queue: 'mails', status: 'completed', count: 1, oldestAt: start + 20 },
        { queue: 'mails', status: 'dead', count: 2, oldestAt: start + 20 },
        { queue: 'mails', status: 'pending', count: 2, oldestAt: start + 1 },
        { queue: 'mails', status: 'processing', count: 1, oldestAt: start + 2 },
        { queue: 'mails', status: 'retrying', count: 1, oldestAt: start + 8 },
        { queue: 'other', status: 'pending', count: 1, oldestAt: start + 6 },
      ]);
      expect(await store.getQueueMarks()).toEqual({ messageKey: 8, outboxKey: 0, publishedAt: start + 8 });
    });

    it('finds messages by their turn, place, time, partition and correlation id', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const find = async (request: MessageRequest): Promise<number[]> => (await store.readMessages([request]))[0]?.map(({ key }) => key) ?? [];
      const p = { partitionKey: 'p' };
      await store.commit(makeQueueBatch({
        published: [
          makeMessage(1, p), makeMessage(2, { ...p, turn: 4 }), makeMessage(3, { ...p, priority: 5, correlationId: 'c' }), makeMessage(4, retrying),
          makeMessage(5, { instance: 'a', priority: -1 }), makeMessage(6, { priority: 5, visibleAt: start + 1, correlationId: 'c' }), makeMessage(7, { ...p, turn: 5, dueAt: start + 70 }), makeMessage(8, { ...dead, ...p }),
        ],
      }));
      const free = (priority: number, more: object = {}): MessageRequest => ({ index: 'messages_open', prefix: ['mails', 1, null, priority], ...more });
      expect(await find(free(5))).toEqual([6, 3]);
      expect(await find(free(5, { after: [start + 1, 6] }))).toEqual([3]);
      expect(await find(free(0, { limit: 1 }))).toEqual([1]);
      expect(await find({ index: 'messages_open', prefix: ['mails', 1, null], to: 4, order: 'falling', limit: 1 })).toEqual([1]);
      expect(await find({ index: 'messages_open', prefix: ['mails', 1, 'a'] })).toEqual([5]);
      expect(await find({ index: 'messages_due', prefix: [3], from: 0, to: start + 1_000 })).toEqual([4]);
      expect(await find({ index: 'messages_due', prefix: [5], from: 0, to: start + 69 })).toEqual([]);
      expect(await find({ index: 'messages_lane', prefix: ['mails', 'p', null], to: 3 })).toEqual([1, 3]);
      expect(await find({ index: 'messages_lane', prefix: ['mails', 'p', null, 4, 0] })).toEqual([2]);
      expect(await find({ index: 'messages_correlated', prefix: ['mails', 'c', 1, null, 5] })).toEqual([6, 3]);
      await store.commit(makeQueueBatch({ moved: [makeChange(1, { ...p, ...processing }), makeChange(1, { ...p, ...done })], turned: [{ key: 2, turn: 1 }], redriven: [makeChange(8, { ...p, turn: 4, generation: 2, visibleAt: start + 90 })] }));
      expect(await find({ index: 'messages_lane', prefix: ['mails', 'p', null] })).toEqual([2, 3, 8, 7]);
      expect(await find(free(0))).toEqual([2]);
      await expect(async () => store.commit(makeQueueBatch({ turned: [{ key: 1, turn: 1 }] }))).rejects.toMatchObject({ code: 'record_settled' });
    });

    it('tells when messages were done, the newest first', async () => {
      const { store } = subject.current;
      await store.acquire(owner);
      const rows = [10, 30, 20].map((at, index) => makeMessage(index + 1, { ...done, settledAt: start + at }));
      await store.commit(makeQueueBatch({ published: [...rows, makeMessage(4, dead)] }));
      const times = await store.listMessageTimes('mails', start + 15, 10);
      expect(times).toEqual([
        { publishedAt: start + 2, visibleAt: start + 2, claimedAt: start + 10, settledAt: start + 30, attempt: 1 },
        { publishedAt: start + 3, visibleAt: start + 3, claimedAt: start + 10, settledAt: start + 20, attempt: 1 },
      ]);
      expect(await store.listMessageTimes('mails', start, 1)).toHaveLength(1);
    });
  });
}
