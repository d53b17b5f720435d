import { describe, expect, it } from 'vitest';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { settleTicks } from '../runtime/open-runtime.ts';
import { openQueues } from './open-queues.ts';

const news = defineQueue({ name: 'news' });

describe('publishing to all', () => {
  it('reaches every registered instance exactly once, also one that was off', async () => {
    const { runtime } = await openQueues({ queues: [news] });
    const seen: string[] = [];
    const join = (name: string) => runtime.consume(news, ({ payload }) => void seen.push(`${name} ${String(payload)}`), { instance: name, workers: 2 });
    await expect(runtime.publish(news, 0, { to: 'all' })).rejects.toMatchObject({ code: 'queue_without_instances' });
    await join('a');
    const off = await join('b');
    await settleTicks();
    await off.stop();
    expect(await runtime.publish(news, 1, { to: 'all' })).toMatchObject({ copies: 2, duplicate: false });
    await runtime.publish(news, 2, { to: { instance: 'b' } });
    await settleTicks();
    expect(seen).toEqual(['a 1']);
    await join('b');
    await join('c');
    await settleTicks();
    expect(seen).toEqual(['a 1', 'b 1', 'b 2']);
    await runtime.publish(news, 3, { to: 'all' });
    await settleTicks();
    expect(seen.slice(3).toSorted()).toEqual(['a 3', 'b 3', 'c 3']);
    await runtime.stop();
  });

  it('knows its instances after a restart, until they are forgotten', async () => {
    const first = await openQueues({ queues: [news] });
    await first.runtime.consume(news, () => {}, { instance: 'a' });
    await settleTicks();
    const { runtime } = await openQueues({ queues: [news], store: first.crash() });
    const { messageId } = await runtime.publish(news, 1, { to: 'all' });
    expect(await runtime.queues.instances()).toMatchObject([{ queue: 'news', instance: 'a' }]);
    await runtime.queues.forgetInstance('news', 'a');
    expect(await runtime.queues.get(`${messageId}@a`)).toMatchObject({ status: 'dead', reason: { code: 'instance_forgotten' } });
    expect(await runtime.queues.instances()).toEqual([]);
    await runtime.stop();
  });

  it('leaves what is for anybody to whoever is free, and takes the most urgent first', async () => {
    const { runtime } = await openQueues({ queues: [news] });
    const registered = await runtime.consume(news, () => {}, { instance: 'a' });
    await settleTicks();
    await registered.stop();
    await runtime.publish(news, 'for anybody');
    await runtime.publish(news, 'for a', { to: { instance: 'a' }, priority: 'high' });
    const seen: unknown[] = [];
    await runtime.consume(news, ({ payload }) => void seen.push(payload), { instance: 'a' });
    await settleTicks();
    expect(seen).toEqual(['for a', 'for anybody']);
    await runtime.stop();
  });
});
