import { describe, expect, it } from 'vitest';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { QueueAlert } from '../../src/kinds/queues/queue-api.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { useTemporaryFiles } from '../persistence/sqlite/temporary-file.ts';
import { openQueues } from './open-queues.ts';

const toFile = useTemporaryFiles();

const jobs = defineQueue({ name: 'jobs', maxAttempts: 1, retention: { completed: '1h', dead: '2h' } });

describe('looking after a queue', () => {
  it('tells depth, ages, throughput and latencies', async () => {
    const { runtime, clock } = await openQueues({ queues: [jobs] });
    await runtime.publishMany(jobs, Array.from({ length: 20 }, (_, payload) => ({ payload })));
    clock.advance(500);
    const consumer = await runtime.consume(jobs, ({ payload }) => {
      if ((payload as number) % 10 === 9) throw new Error('no');
    });
    await settleTicks(200);
    await consumer.stop();
    await runtime.publish(jobs, 1, { delay: 10_000 });
    await runtime.publish(jobs, 2);
    clock.advance(2_000);
    const [stats] = await runtime.queues.stats('jobs');
    expect(stats).toEqual({ queue: 'jobs', depth: 2, pending: 2, inFlight: 0, retrying: 0, dead: 2, completed: 18, oldestAt: clock.now() - 2_000, oldestAgeMs: 2_000, retries: 0, throughput: 18 / 60, latencyMs: { p50: 500, p95: 500, p99: 500 } });
    expect(await runtime.queues.stats()).toHaveLength(1);
    await runtime.stop();
  });

  it('redrives one or all, in the order of publishing, and purges the dead', async () => {
    const { runtime } = await openQueues({ queues: [jobs] });
    let broken = true;
    const seen: unknown[] = [];
    await runtime.consume(jobs, ({ payload }) => {
      if (broken) throw new Error('no');
      seen.push(payload);
    });
    const published = await runtime.publishMany(jobs, [0, 1, 2, 3].map(payload => ({ payload })));
    await settleTicks(50);
    expect(await runtime.queues.peek('jobs', { status: 'dead' })).toHaveLength(4);
    broken = false;
    expect(await runtime.queues.redrive('jobs', published[3]?.messageId)).toBe(1);
    expect(await runtime.queues.redrive('jobs', 'nobody')).toBe(0);
    expect(await runtime.queues.redrive('jobs')).toBe(3);
    await settleTicks(50);
    expect(seen).toEqual([3, 0, 1, 2]);
    expect(await runtime.queues.redrive('jobs')).toBe(0);
    expect(await runtime.queues.purge('jobs', 'completed')).toBe(4);
    expect(await runtime.queues.stats('jobs')).toMatchObject([{ completed: 0, dead: 0, depth: 0 }]);
    await expect(runtime.queues.get('nobody')).rejects.toMatchObject({ code: 'message_not_found' });
    await runtime.stop();
  });

  it('lets settled messages go when their time is over, and idempotency keys', async () => {
    const { runtime, clock, store } = await openQueues({ queues: [jobs] });
    await runtime.consume(jobs, ({ payload }) => {
      if (payload === 'bad') throw new Error('no');
    });
    await runtime.publish(jobs, 'good', { idempotencyKey: 'k' });
    await runtime.publish(jobs, 'bad');
    await settleTicks();
    const pass = async (minutes: number): Promise<void> => {
      for (let minute = 0; minute < minutes; minute++) {
        clock.advance(60_000);
        await settleTicks(4);
      }
    };
    await pass(59);
    expect(await store.countMessages()).toHaveLength(2);
    await pass(3);
    expect(await store.countMessages()).toMatchObject([{ status: 'dead' }]);
    expect((await runtime.publish(jobs, 'good', { idempotencyKey: 'k' })).duplicate).toBe(true);
    await pass(60);
    expect(await store.countMessages()).toEqual([]);
    await pass(24 * 60);
    expect((await runtime.publish(jobs, 'good', { idempotencyKey: 'k' })).duplicate).toBe(false);
    await runtime.stop();
  });

  it('stops as soon as a round of deleting is over', async () => {
    const { runtime, clock } = await openQueues({ queues: [jobs] });
    await runtime.publish(jobs, 1);
    clock.advance(60_000);
    // The clock stands still now: what waited for a time limit would wait for ever.
    await runtime.stop();
    await expect(runtime.publish(jobs, 2)).rejects.toMatchObject({ code: 'runtime_stopped' });
  });

  it('says when too many are dead and when nothing moves, once and not every second', async () => {
    const alerts: QueueAlert[] = [];
    const { runtime, clock } = await openQueues({ queues: [jobs], onQueueAlert: alert => alerts.push(alert) });
    await runtime.publishMany(jobs, Array.from({ length: 11 }, (_, payload) => ({ payload })));
    for (let second = 0; second < 5; second++) {
      clock.advance(1_000);
      await settleTicks(2);
    }
    expect(alerts).toEqual([]);
    clock.advance(1_000);
    await settleTicks(2);
    expect(alerts).toMatchObject([{ type: 'queue.stalled', queue: 'jobs', oldestAgeMs: 6_000, threshold: 5_000 }]);
    await runtime.consume(jobs, () => {
      throw new Error('no');
    });
    await settleTicks(100);
    for (let second = 0; second < 30; second++) clock.advance(1_000);
    await settleTicks(2);
    expect(alerts.slice(1)).toEqual([{ type: 'dlq.grew', queue: 'jobs', dead: 11, threshold: 10 }]);
    await runtime.stop();
  });

  it('says when the file is larger than it may be, and again only when it has grown', async () => {
    const alerts: QueueAlert[] = [];
    const store = openSqliteStore({ file: toFile() });
    const { runtime, clock } = await openQueues({ store, queues: [jobs], sizeBudgetBytes: 1_000_000, onQueueAlert: alert => alerts.push(alert), queueAlerts: { latencyMs: 10 ** 9 } });
    const publish = (): Promise<unknown> => runtime.publishMany(jobs, Array.from({ length: 12 }, () => ({ payload: 'x'.repeat(100_000) })));
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1_000);
        await settleTicks(1);
      }
    };
    await runtime.publish(jobs, 1);
    await pass(120);
    expect(alerts).toEqual([]);
    await publish();
    await pass(120);
    const { bytes } = store.getSize();
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(alerts).toEqual([{ type: 'database.grew', bytes, threshold: 1_000_000 }]);
    await publish();
    await pass(120);
    expect(alerts.slice(1)).toEqual([{ type: 'database.grew', bytes: store.getSize().bytes, threshold: 1_000_000 }]);
    expect(store.getSize().bytes).toBeGreaterThan(bytes);
    await runtime.stop();
  });

  it('goes by what the deployment sets', async () => {
    const { runtime } = await openQueues({ queues: [jobs], queueSettings: { jobs: { workers: 3, maxDepth: 3 } } });
    await expect(runtime.publishMany(jobs, [1, 2, 3, 4].map(payload => ({ payload })))).rejects.toMatchObject({ code: 'queue_full' });
    await runtime.publishMany(jobs, [1, 2, 3].map(payload => ({ payload })));
    let most = 0;
    const consumer = await runtime.consume(jobs, () => new Promise(() => {}));
    await settleTicks();
    most = consumer.running;
    expect(most).toBe(3);
    await runtime.stop({ timeoutMs: 0 });
  });
});
