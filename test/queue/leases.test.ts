import { describe, expect, it } from 'vitest';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { createGate, settleTicks, until } from '../runtime/open-runtime.ts';
import { openQueues } from './open-queues.ts';

const jobs = defineQueue({ name: 'jobs', visibilityTimeoutMs: 10_000, backoff: { initialInterval: 100, jitter: 'none' } });

describe('a handler that hangs', () => {
  it('loses its message after the visibility timeout; its late answer is refused and noted', async () => {
    const { runtime, clock } = await openQueues({ queues: [jobs] });
    const gate = createGate();
    const signals: AbortSignal[] = [];
    await runtime.consume(jobs, ({ signal, attempt }) => {
      signals.push(signal);
      return attempt === 1 ? gate.promise : undefined;
    }, { workers: 2 });
    const { messageId } = await runtime.publish(jobs, 1);
    await until(() => signals.length === 1);
    clock.advance(9_999);
    await settleTicks();
    expect(signals[0]?.aborted).toBe(false);
    clock.advance(1);
    await settleTicks();
    expect(signals[0]).toMatchObject({ aborted: true, reason: { code: 'visibility_timeout' } });
    expect(await runtime.queues.get(messageId)).toMatchObject({ status: 'retrying', reason: { code: 'visibility_timeout' } });
    clock.advance(100);
    await until(() => signals.length === 2);
    await settleTicks();
    expect(await runtime.queues.get(messageId)).toMatchObject({ status: 'completed', attempt: 2 });
    gate.open();
    await settleTicks();
    const { history, status } = await runtime.queues.get(messageId);
    expect(status).toBe('completed');
    expect(history.at(-1)).toMatchObject({ event: 'message.ack', state: null, detail: { claim: 1 } });
    await runtime.stop();
  });

  it('keeps its message as long as it says that it works on', async () => {
    const { runtime, clock } = await openQueues({ queues: [jobs] });
    const gate = createGate();
    let extended = 0;
    await runtime.consume(jobs, async call => {
      for (; extended < 3; extended++) {
        await gate.promise;
        await call.extend();
        clock.advance(9_000);
      }
    });
    const { messageId } = await runtime.publish(jobs, 1);
    await settleTicks();
    gate.open();
    await until(() => extended === 3);
    await settleTicks();
    expect(await runtime.queues.get(messageId)).toMatchObject({ status: 'completed', attempt: 1 });
    await runtime.stop();
  });

  it('is told when it extends too late', async () => {
    const { runtime, clock } = await openQueues({ queues: [jobs] });
    const gate = createGate();
    let refusal: unknown;
    await runtime.consume(jobs, async call => {
      if (call.attempt > 1) return;
      await gate.promise;
      await call.extend().catch(error => (refusal = error));
    });
    await runtime.publish(jobs, 1);
    await settleTicks();
    clock.advance(10_000);
    await settleTicks();
    gate.open();
    await until(() => refusal !== undefined);
    expect(refusal).toMatchObject({ code: 'claim_lost' });
    await runtime.stop();
  });

  it('makes its consumer begin anew, later, when all its places hang; the queue goes on', async () => {
    const { runtime, clock } = await openQueues({ queues: [jobs] });
    const hang = new Promise(() => {});
    let calls = 0;
    const consumer = await runtime.consume(jobs, () => (++calls <= 1 ? hang : undefined));
    await runtime.publish(jobs, 1);
    await until(() => calls === 1);
    clock.advance(10_000);
    await settleTicks();
    expect(consumer.status).toBe('backing off');
    clock.advance(1_000);
    await until(() => calls === 2);
    await settleTicks();
    expect(consumer.status).toBe('running');
    expect(await runtime.queues.stats('jobs')).toMatchObject([{ depth: 0, completed: 1, retries: 1 }]);
    await runtime.stop();
  });
});

describe('a process that dies', () => {
  it('gives its claims back at once when it begins again, as the same attempt', async () => {
    const first = await openQueues({ queues: [jobs] });
    const hang = new Promise(() => {});
    await first.runtime.consume(jobs, () => hang, { workers: 3 });
    for (let index = 0; index < 5; index++) await first.runtime.publish(jobs, index);
    await settleTicks();
    expect(await first.runtime.queues.stats('jobs')).toMatchObject([{ inFlight: 3, pending: 2 }]);

    const { runtime } = await openQueues({ queues: [jobs], store: first.crash(), clock: first.clock });
    const seen: [unknown, number, number][] = [];
    await runtime.consume(jobs, ({ payload, attempt, interruptions }) => void seen.push([payload, attempt, interruptions]));
    await until(() => seen.length === 5);
    expect(seen.toSorted()).toEqual([[0, 1, 1], [1, 1, 1], [2, 1, 1], [3, 1, 0], [4, 1, 0]]);
    await settleTicks();
    expect(await runtime.queues.stats('jobs')).toMatchObject([{ depth: 0, completed: 5 }]);
    await runtime.stop();
  });

  it('loses a message for good that kills it every time', async () => {
    const poison = defineQueue({ name: 'poison', maxInterruptions: 3 });
    let opened = await openQueues({ queues: [poison] });
    const { messageId } = await opened.runtime.publish(poison, 1);
    for (let death = 1; death <= 3; death++) {
      let began = false;
      await opened.runtime.consume(poison, () => {
        began = true;
        return new Promise(() => {});
      });
      await until(() => began);
      opened = await openQueues({ queues: [poison], store: opened.crash(), clock: opened.clock });
      await settleTicks();
    }
    expect(await opened.runtime.queues.get(messageId)).toMatchObject({ status: 'dead', interruptions: 3, reason: { code: 'interrupted' } });
    await opened.runtime.stop();
  });

  it('gives back at a stop what has not ended, and counts nothing', async () => {
    const { runtime, store } = await openQueues({ queues: [jobs] });
    let aborted = false;
    await runtime.consume(jobs, ({ signal }) => new Promise(() => signal.addEventListener('abort', () => (aborted = true))), { batchSize: 3 });
    const published = await runtime.publishMany(jobs, [{ payload: 1 }, { payload: 2 }]);
    await settleTicks();
    await runtime.stop({ timeoutMs: 0 });
    expect(aborted).toBe(true);
    const again = (store as never as { reopen(): typeof store }).reopen();
    for (const { messageId } of published) expect(await again.getMessage(messageId)).toMatchObject({ status: 'pending', attempt: 0, interruptions: 0 });
  });
});

describe('the clock', () => {
  it('may jump back: nothing is lost, and the order stays', async () => {
    const { runtime, clock } = await openQueues({ queues: [jobs] });
    const seen: unknown[] = [];
    await runtime.publish(jobs, 1);
    clock.jump(clock.now() - 3_600_000);
    await runtime.publish(jobs, 2);
    clock.jump(clock.now() - 3_600_000);
    await runtime.publish(jobs, 3, { delay: 1_000 });
    await runtime.consume(jobs, ({ payload, attempt }) => {
      seen.push(payload);
      if (payload === 2 && attempt === 1) throw new Error('again');
    });
    await settleTicks();
    expect(seen).toEqual([1, 2]);
    clock.jump(clock.now() - 60_000);
    for (let minute = 0; minute < 3; minute++) {
      clock.advance(60_000);
      await settleTicks();
    }
    expect(seen).toEqual([1, 2, 2, 3]);
    const [stats] = await runtime.queues.stats('jobs');
    expect(stats).toMatchObject({ depth: 0, completed: 3, dead: 0 });
    await runtime.stop();
  });
});
