import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMemoryStore } from '../../src/open-records.ts';
import { SimulatedClock } from '../../src/core/clock.ts';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { ToolCall } from '../../src/kinds/flows/tool.ts';
import { createFailingStore } from '../must-hold/failing-store.ts';
import { settleTicks, toTools, until } from '../runtime/open-runtime.ts';
import { openQueues } from './open-queues.ts';

const orders = defineQueue({ name: 'orders', schema: z.object({ item: z.string() }) });
const flow = defineFlow({ id: 'buy', steps: [{ id: 'decide', uses: 'tool:decide', retry: { maxAttempts: 2, initialInterval: 0 } }] });

describe('publishing from a step', () => {
  it('happens with its success, and says which step it was', async () => {
    const { runtime } = await openQueues({ queues: [orders], flows: [flow], tools: toTools({ decide: (call: ToolCall) => void call.publish(orders, { item: 'tea' }) }) });
    const execution = await runtime.start('buy');
    await execution.settled();
    const [message] = await runtime.queues.peek('orders');
    expect(message).toMatchObject({ payload: { item: 'tea' }, source: `${execution.executionId}/decide` });
    await runtime.stop();
  });

  it('does not happen when the attempt fails, whenever that is', async () => {
    let attempts = 0;
    const decide = (call: ToolCall): void => {
      call.publish(orders, { item: `tea ${++attempts}` });
      if (attempts === 1) throw new Error('not yet');
    };
    const { runtime } = await openQueues({ queues: [orders], flows: [flow], tools: toTools({ decide }) });
    await (await runtime.start('buy')).settled();
    expect((await runtime.queues.peek('orders')).map(({ payload }) => payload)).toEqual([{ item: 'tea 2' }]);
    await runtime.stop();
  });

  it('fails the attempt when the queue is full or the payload does not fit', async () => {
    const small = defineQueue({ name: 'small', schema: z.number(), maxDepth: 1 });
    const decide = (call: ToolCall): unknown => call.publish(small, call.attempt === 1 ? ('x' as never) : 5);
    const { runtime } = await openQueues({ queues: [small], flows: [flow], tools: toTools({ decide }) });
    const first = await (await runtime.start('buy')).settled();
    expect(first.steps[0]).toMatchObject({ status: 'completed', attempts: 2 });
    const second = await (await runtime.start('buy')).settled();
    expect(second.steps[0]).toMatchObject({ status: 'failed', reason: { code: 'queue_full' } });
    expect(await runtime.queues.stats('small')).toMatchObject([{ depth: 1 }]);
    await runtime.stop();
  });

  it('leaves nothing when the commit fails: the step runs again, and one message is there', async () => {
    const inner = createMemoryStore();
    const failing = createFailingStore(inner);
    const clock = new SimulatedClock();
    let decided = 0;
    const { runtime } = await openQueues({
      store: failing.store, clock, queues: [orders], flows: [flow],
      tools: toTools({
        decide: (call: ToolCall) => {
          call.publish(orders, { item: 'tea' });
          if (decided++ === 0) failing.fail(new Error('disk full'));
        },
      }),
    });
    await runtime.start('buy');
    await until(() => runtime.health().status === 'faulted');
    expect(inner.listMessages({ queue: 'orders', status: 'pending' })).toEqual([]);
    await expect(runtime.publish(orders, { item: 'x' })).rejects.toMatchObject({ code: 'runtime_faulted' });
    failing.fail(undefined);
    const seen: unknown[] = [];
    await runtime.restart();
    await runtime.consume(orders, ({ payload }) => void seen.push(payload));
    await until(() => seen.length === 1);
    await settleTicks();
    expect(seen).toEqual([{ item: 'tea' }]);
    expect(decided).toBe(2);
    await runtime.stop();
  });
});

describe('publishing from a handler', () => {
  it('happens with its acknowledgement, once, however often it was tried', async () => {
    const replies = defineQueue({ name: 'replies' });
    const { runtime, clock } = await openQueues({ queues: [orders, replies] });
    let calls = 0;
    await runtime.consume(orders, call => {
      call.publish(replies, `sent ${++calls}`, { correlationId: 'c' });
      if (calls < 3) throw new Error('not yet');
    });
    await runtime.publish(orders, { item: 'tea' });
    for (let second = 0; second < 10; second++) {
      clock.advance(1_000);
      await settleTicks();
    }
    expect((await runtime.queues.peek('replies')).map(({ payload }) => payload)).toEqual(['sent 3']);
    await runtime.stop();
  });
});

describe('a consumer', () => {
  it('goes on after a commit has failed and the runtime was begun again', async () => {
    const failing = createFailingStore(createMemoryStore());
    const { runtime } = await openQueues({ store: failing.store, queues: [orders] });
    const seen: unknown[] = [];
    await runtime.consume(orders, ({ payload }) => {
      seen.push(payload);
      if (seen.length === 1) failing.fail(new Error('disk full'));
    });
    await runtime.publish(orders, { item: 'a' });
    await until(() => runtime.health().status === 'faulted');
    failing.fail(undefined);
    await runtime.restart();
    await until(() => seen.length === 2);
    await settleTicks();
    expect(seen).toEqual([{ item: 'a' }, { item: 'a' }]);
    expect(await runtime.queues.stats('orders')).toMatchObject([{ completed: 1, depth: 0 }]);
    await runtime.stop();
  });

  it('whose setup fails is tried again, later each time, and closes what it opened', async () => {
    const { runtime, clock } = await openQueues({ queues: [orders] });
    const log: string[] = [];
    const consumer = await runtime.consume(orders, {
      setup() {
        log.push('setup');
        if (log.length < 3) throw new Error('no connection');
        return { name: 'connection' };
      },
      handle(call, resource) {
        log.push(`handle ${call.payload.item} with ${resource.name}`);
      },
      teardown: ({ name }) => void log.push(`close ${name}`),
    });
    await runtime.publish(orders, { item: 'tea' });
    await settleTicks();
    expect([consumer.status, log]).toEqual(['backing off', ['setup']]);
    for (let second = 0; second < 5; second++) {
      clock.advance(1_000);
      await settleTicks();
    }
    expect(log).toEqual(['setup', 'setup', 'setup', 'handle tea with connection']);
    await consumer.stop();
    await settleTicks();
    expect(log.at(-1)).toBe('close connection');
    expect(consumer.status).toBe('stopped');
    await runtime.publish(orders, { item: 'more' });
    await settleTicks();
    expect(log).toHaveLength(5);
    await runtime.stop();
  });
});
