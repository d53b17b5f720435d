import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/open-records.ts';
import { BelievedTime } from '../../src/core/believed-time.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import type { StoreSize } from '../../persistence/store.ts';
import { Retention } from '../../src/kinds/flows/retention.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { openSqliteStore } from '../../src/open-records.ts';
import { openRuntime, settleTicks, until } from './open-runtime.ts';

const flow = { id: 'short', steps: [{ id: 'a', uses: 'tool:ok' }] };
const ok = (): string => 'x'.repeat(1_000);
const day = 86_400_000;

/** A logger that keeps its messages. */
function createLog(): { readonly messages: string[]; readonly logger: Logger } {
  const messages: string[] = [];
  return { messages, logger: pino({ level: 'debug' }, { write: line => void messages.push((JSON.parse(line) as { msg: string }).msg) }) };
}

describe('retention', () => {
  it('deletes settled executions once they are old enough, and nothing else', async () => {
    const { runtime, clock } = await openRuntime([flow, { id: 'long', steps: [{ id: 'a', uses: 'signal', with: { name: 'go' } }] }], { ok }, { retentionMs: 10 * day });
    const waiting = await runtime.start('long');
    const old = await runtime.start('short');
    await old.settled();
    clock.advance(6 * day);
    await settleTicks();
    const young = await runtime.start('short');
    await young.settled();
    clock.advance(5 * day);
    await settleTicks();
    clock.advance(60_000);
    await settleTicks();
    expect((await runtime.list()).map(({ executionId }) => executionId).toSorted()).toEqual([waiting.executionId, young.executionId].toSorted());
    await runtime.stop();
  });

  it('deletes nothing by a clock that shows a day far ahead for a minute, while it runs or when it starts', async () => {
    const clock = new SimulatedClock();
    const began = clock.now();
    const store = createMemoryStore();
    const queue = defineQueue({ name: 'q', retention: { completed: '1d' }, dedupeWindow: '30d' });
    const first = await openRuntime(flow, { ok }, { clock, store, queues: [queue] });
    await (await first.runtime.start('short', { idempotencyKey: 'order-17' })).settled();
    await first.runtime.consume(queue, () => {});
    await first.runtime.publish(queue, 1, { idempotencyKey: 'message-17' });
    await settleTicks(100);
    clock.jump(began + 40 * day);
    for (let round = 0; round < 3; round++) {
      clock.advance(60_000);
      await settleTicks(50);
    }
    await first.runtime.stop();
    const second = await openRuntime(flow, { ok }, { clock, store: store.reopen(), queues: [queue] });
    clock.advance(61_000);
    await settleTicks(50);
    clock.jump(began + 300_000);
    expect((await second.runtime.start('short', { idempotencyKey: 'order-17' })).created).toBe(false);
    expect(await second.runtime.publish(queue, 1, { idempotencyKey: 'message-17' })).toMatchObject({ duplicate: true });
    await second.runtime.stop();
  });

  it('keeps everything when told to', async () => {
    const { runtime, clock } = await openRuntime(flow, { ok }, { retentionMs: null });
    await (await runtime.start('short')).settled();
    clock.advance(10_000 * day);
    await settleTicks();
    expect(await runtime.list()).toHaveLength(1);
    await runtime.stop();
  });

  it('deletes many in chunks, at most once a minute', async () => {
    const store = createMemoryStore();
    const asked: number[] = [];
    const prune = store.prune.bind(store);
    store.prune = params => {
      asked.push(params.limit ?? 0);
      return prune(params);
    };
    const { runtime, clock } = await openRuntime(flow, { ok }, { store, retentionMs: 0 });
    const executions = await Promise.all(Array.from({ length: 120 }, () => runtime.start('short')));
    await Promise.all(executions.map(execution => execution.settled()));
    clock.advance(1_000);
    await until(() => asked.length === 3);
    await settleTicks();
    expect(await runtime.list()).toHaveLength(0);
    expect(asked).toEqual([50, 50, 50]);
    clock.advance(59_000);
    await settleTicks();
    expect(asked).toHaveLength(3);
    clock.advance(1_000);
    await settleTicks();
    expect(asked).toHaveLength(4);
    await runtime.stop();
    clock.advance(600_000);
    await settleTicks();
    expect(asked).toHaveLength(4);
  });

  it('goes on after a round that failed', async () => {
    const store = createMemoryStore();
    const { messages, logger } = createLog();
    const prune = store.prune.bind(store);
    let fails = true;
    store.prune = params => {
      if (fails) throw new Error('the disk is full');
      return prune(params);
    };
    const { runtime, clock } = await openRuntime(flow, { ok }, { store, logger, retentionMs: 0 });
    await (await runtime.start('short')).settled();
    clock.advance(1_000);
    await settleTicks();
    expect(messages).toContain('old executions could not be deleted; the next try is in a minute');
    expect(runtime.health().status).toBe('running');
    fails = false;
    clock.advance(60_000);
    await settleTicks();
    expect(await runtime.list()).toHaveLength(0);
    await runtime.stop();
  });
});

describe('the size budget', () => {
  it('warns once each time a store grows over it', async () => {
    const { messages, logger } = createLog();
    const clock = new SimulatedClock();
    const sizes: StoreSize[] = [{ bytes: 50, freeBytes: 0 }, { bytes: 150, freeBytes: 0 }, { bytes: 200, freeBytes: 0 }, { bytes: 200, freeBytes: 150 }, { bytes: 500, freeBytes: 0 }];
    const store = Object.assign(createMemoryStore(), { location: '/data/app.db', getSize: () => sizes.shift() ?? { bytes: 0, freeBytes: 0 } });
    const retention = new Retention({ store, clock, believed: new BelievedTime(clock), logger, retentionMs: null, sizeBudgetBytes: 100, mayWrite: () => true });
    retention.start();
    const counts: number[] = [];
    for (let round = 0; round < 5; round++) {
      clock.advance(60_000);
      await settleTicks(3);
      counts.push(messages.length);
    }
    expect(counts).toEqual([0, 1, 1, 1, 2]);
    expect(messages[0]).toMatch(/over its budget/);
    await retention.stop();
  });

  it('weighs a database on disk', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'retention-'));
    const { messages, logger } = createLog();
    const { runtime, clock } = await openRuntime(flow, { ok }, { store: openSqliteStore({ file: join(folder, 'a.db') }), logger, sizeBudgetBytes: 10_000 });
    await (await runtime.start('short')).settled();
    clock.advance(1_000);
    await until(() => messages.some(message => message.includes('over its budget')));
    await runtime.stop();
    rmSync(folder, { recursive: true });
  });
});
