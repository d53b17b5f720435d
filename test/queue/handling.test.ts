import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { MessageCall } from '../../src/kinds/queues/queue-api.ts';
import { createGate, settleTicks, until } from '../runtime/open-runtime.ts';
import { openQueues } from './open-queues.ts';

const mails = defineQueue({ name: 'mails', schema: z.object({ to: z.string() }), backoff: { jitter: 'none' } });
const numbers = defineQueue({ name: 'numbers', schema: z.number() });

describe('a message', () => {
  it('is stored when publish answers, and handled once', async () => {
    const { runtime, store } = await openQueues({ queues: [mails] });
    const { messageId, duplicate, copies } = await runtime.publish(mails, { to: 'a' }, { correlationId: 'c', partitionKey: 'p', priority: 'high' });
    expect({ duplicate, copies }).toEqual({ duplicate: false, copies: 1 });
    expect(await store.getMessage(messageId)).toMatchObject({ status: 'pending', payload: '{"to":"a"}', priority: 10 });
    const calls: MessageCall<{ to: string }>[] = [];
    await runtime.consume(mails, call => void calls.push(call));
    await until(() => calls.length === 1);
    await settleTicks();
    expect(calls[0]).toMatchObject({ payload: { to: 'a' }, messageId, attempt: 1, interruptions: 0, correlationId: 'c', partitionKey: 'p', idempotencyKey: `${messageId}#1` });
    const message = await runtime.queues.get(messageId);
    expect(message).toMatchObject({ status: 'completed', attempt: 1, reason: null });
    expect(message.history.map(({ event, state }) => [event, state])).toEqual([['message.publish', 'pending'], ['message.claim', 'processing'], ['message.ack', 'completed']]);
    await settleTicks();
    expect(calls).toHaveLength(1);
    await runtime.stop();
  });

  it('is tried again after a backoff, and dead with its whole story when no attempt is left', async () => {
    const { runtime, clock } = await openQueues({ queues: [mails] });
    let calls = 0;
    await runtime.consume(mails, () => {
      calls++;
      throw Object.assign(new Error(`no ${calls}`), { code: 'mail_refused' });
    });
    const { messageId } = await runtime.publish(mails, { to: 'a' });
    await until(() => calls === 1);
    await settleTicks();
    expect(await runtime.queues.get(messageId)).toMatchObject({ status: 'retrying', attempt: 1, reason: { code: 'mail_refused' }, dueAt: clock.now() + 1_000 });
    clock.advance(999);
    await settleTicks();
    expect(calls).toBe(1);
    clock.advance(1);
    await until(() => calls === 2);
    await settleTicks();
    clock.advance(2_000);
    await until(() => calls === 3);
    await settleTicks();
    const message = await runtime.queues.get(messageId);
    expect(message).toMatchObject({ status: 'dead', attempt: 3, reason: { code: 'mail_refused', message: 'no 3' } });
    expect(message.history.map(({ event }) => event)).toEqual(['message.publish', 'message.claim', 'message.fail', 'message.claim', 'message.fail', 'message.claim', 'message.fail']);
    expect(await runtime.queues.redrive('mails', messageId)).toBe(1);
    await until(() => calls === 4);
    await settleTicks();
    expect(await runtime.queues.get(messageId)).toMatchObject({ status: 'retrying', generation: 2, attempt: 1 });
    await runtime.stop();
  });

  it('goes to the dead letters at once when its handler says so, and waits uncounted when it snoozes', async () => {
    const { runtime, clock } = await openQueues({ queues: [mails] });
    const attempts: number[] = [];
    await runtime.consume(mails, call => {
      attempts.push(call.attempt);
      if (attempts.length === 1) call.snooze(500);
      else call.deadLetter('not wanted');
    });
    const { messageId } = await runtime.publish(mails, { to: 'a' });
    await until(() => attempts.length === 1);
    await settleTicks();
    expect(await runtime.queues.get(messageId)).toMatchObject({ status: 'pending', attempt: 0, dueAt: clock.now() + 500 });
    clock.advance(500);
    await until(() => attempts.length === 2);
    await settleTicks();
    expect(attempts).toEqual([1, 1]);
    expect(await runtime.queues.get(messageId)).toMatchObject({ status: 'dead', reason: { code: 'dead_lettered', message: 'not wanted' } });
    await runtime.stop();
  });

  it('waits as long as its publisher asked for', async () => {
    const { runtime, clock } = await openQueues({ queues: [numbers] });
    const seen: number[] = [];
    await runtime.consume(numbers, ({ payload }) => void seen.push(payload));
    await runtime.publish(numbers, 1, { delay: '5m' });
    await runtime.publish(numbers, 2);
    await settleTicks();
    expect(seen).toEqual([2]);
    for (let minute = 0; minute < 5; minute++) {
      clock.advance(60_000);
      await settleTicks();
    }
    expect(seen).toEqual([2, 1]);
    await runtime.stop();
  });

  it('is the same message when it is published again with its idempotency key', async () => {
    const { runtime } = await openQueues({ queues: [numbers] });
    const seen: number[] = [];
    await runtime.consume(numbers, ({ payload }) => void seen.push(payload));
    const published = await Promise.all(Array.from({ length: 50 }, (_, index) => runtime.publish(numbers, index, { idempotencyKey: 'decision-7' })));
    await settleTicks();
    const again = await runtime.publish(numbers, 99, { idempotencyKey: 'decision-7' });
    expect(published.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set([...published, again].map(({ messageId }) => messageId)).size).toBe(1);
    expect(again).toMatchObject({ duplicate: true, copies: 0 });
    const many = await runtime.publishMany(numbers, [{ payload: 1, idempotencyKey: 'x' }, { payload: 2, idempotencyKey: 'x' }]);
    expect(many.map(({ duplicate }) => duplicate)).toEqual([false, true]);
    await settleTicks();
    expect(seen).toEqual([0, 1]);
    await runtime.stop();
  });

  it('that is urgent overtakes ten thousand that are not', async () => {
    const { runtime } = await openQueues({ queues: [numbers] });
    for (let batch = 0; batch < 10; batch++) await runtime.publishMany(numbers, Array.from({ length: 1_000 }, (_, index) => ({ payload: batch * 1_000 + index })));
    await runtime.publish(numbers, -1, { priority: 'high' });
    const seen: number[] = [];
    const gate = createGate();
    await runtime.consume(numbers, ({ payload }) => (seen.push(payload) === 3 ? gate.promise : undefined));
    await until(() => seen.length === 3);
    expect(seen).toEqual([-1, 0, 1]);
    gate.open();
    await runtime.stop({ timeoutMs: 0 });
  });

  it('of a partition waits for the one before it, also while that backs off', async () => {
    const { runtime, clock } = await openQueues({ queues: [numbers] });
    const seen: number[] = [];
    await runtime.consume(numbers, ({ payload, attempt }) => {
      seen.push(payload);
      if (payload === 1 && attempt === 1) throw new Error('not yet');
    }, { workers: 4, concurrency: 2 });
    await runtime.publishMany(numbers, [1, 2, 3].map(payload => ({ payload, partitionKey: 'a' })));
    await runtime.publish(numbers, 10, { partitionKey: 'b' });
    await settleTicks();
    expect(seen).toEqual([1, 10]);
    clock.advance(1_000);
    await until(() => seen.length === 5);
    expect(seen).toEqual([1, 10, 1, 2, 3]);
    await runtime.stop();
  });
});

describe('a payload', () => {
  it('that does not fit the schema is refused, and nothing is stored', async () => {
    const { runtime, store } = await openQueues({ queues: [mails] });
    await expect(runtime.publish(mails, { to: 5 } as never)).rejects.toMatchObject({ code: 'payload_invalid' });
    await expect(runtime.publish('mail', {})).rejects.toMatchObject({ code: 'queue_unknown', message: expect.stringContaining('did you mean `mails`') });
    expect(await store.countMessages()).toEqual([]);
    await runtime.stop();
  });

  it('of five megabytes is refused with its size, and taken where the queue allows it', async () => {
    const large = defineQueue({ name: 'large', maxPayloadBytes: 8_000_000 });
    const { runtime } = await openQueues({ queues: [numbers, large], maxOutputBytes: 8_000_000 });
    const text = 'x'.repeat(5_000_000);
    await expect(runtime.publish(numbers, text as never)).rejects.toMatchObject({ code: 'value_too_large' });
    let length = 0;
    await runtime.consume(large, ({ payload }) => void (length = (payload as string).length));
    await runtime.publish(large, text);
    await until(() => length > 0);
    expect(length).toBe(5_000_000);
    await runtime.stop();
  });

  it('of an older version is lifted; one that cannot be is dead with the reason', async () => {
    const old = defineQueue({ name: 'people' });
    const { runtime, store } = await openQueues({ queues: [old] });
    for (const version of [1, 2, 3, 9]) await runtime.publish(old, version === 1 ? 'Ada' : { name: 'Bob', wrong: version === 3 }, { version });
    await runtime.stop();
    const people = defineQueue({ name: 'people', version: 3, schema: z.object({ name: z.string(), wrong: z.literal(false) }), upgrades: { 1: (name: string) => ({ name }), 2: (person: object) => ({ ...person, wrong: false }) } });
    const { runtime: next } = await openQueues({ queues: [people], store: (store as never as { reopen(): typeof store }).reopen() });
    const seen: unknown[] = [];
    await next.consume(people, ({ payload }) => void seen.push(payload));
    await settleTicks();
    expect(seen).toEqual([{ name: 'Ada', wrong: false }, { name: 'Bob', wrong: false }]);
    const dead = await next.queues.peek('people', { status: 'dead' });
    expect(dead.map(({ version, reason }) => [version, reason?.code])).toEqual([[9, 'payload_version_unknown'], [3, 'payload_invalid']]);
    await next.stop();
  });
});
