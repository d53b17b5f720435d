import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { defineFlow } from '../../src/definition/define-flow.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/api.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { until } from '../kit/until.ts';

const orders = defineQueue({ name: 'orders', maxDepth: 5 });
const runtimes: Runtime[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop({ timeoutMs: 100 });
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function makeFolder(): { here: string; center: string } {
  const folder = mkdtempSync(join(tmpdir(), 'flowstone-outbox-'));
  folders.push(folder);
  return { here: join(folder, 'here.db'), center: join(folder, 'center.db') };
}

async function open(file: string, options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  const runtime = await createRuntime({ store: openSqliteStore({ file, durability: 'process' }), ...options });
  runtimes.push(runtime);
  return runtime;
}

const flow = defineFlow({ id: 'order', steps: [{ id: 'send', uses: 'publish', with: { queue: 'orders', payload: { item: 'tea' }, at: 'center' } }] });

describe('publishing to another database', () => {
  it('is stored with the step, carried there when its owner can be reached, and there once', async () => {
    const { here, center } = makeFolder();
    const options = { flows: [flow], remotes: { center: () => openSqliteReader({ file: center }) } };
    const sender = await open(here, options);
    const execution = await sender.start('order');
    expect((await execution.settled()).passed).toBe(true);
    expect(await sender.queues.outbox()).toMatchObject([{ at: 'center', queue: 'orders', refusals: 0, reason: null }]);
    await sender.stop();

    const receiver = await open(center, { queues: [orders] });
    const again = await open(here, options);
    await until(async () => (await again.queues.outbox()).length === 0);
    const messages = await receiver.queues.peek('orders');
    expect(messages).toMatchObject([{ payload: { item: 'tea' }, source: `${execution.executionId}/send`, correlationId: `${execution.executionId}/send` }]);
  });

  it('keeps order, waits while the queue is full, and loses nothing when the receiver is begun anew', async () => {
    const { here, center } = makeFolder();
    let receiver = await open(center, { queues: [orders] });
    const sender = await open(here, { remotes: { center: () => openSqliteReader({ file: center }) } });
    await sender.publishMany(orders, Array.from({ length: 8 }, (_, payload) => ({ payload, at: 'center' })));
    await until(async () => (await receiver.queues.stats('orders'))[0]?.depth === 5);
    await receiver.stop();
    receiver = await open(center, { queues: [orders] });
    const seen: unknown[] = [];
    await receiver.consume(orders, ({ payload }) => void seen.push(payload));
    await until(() => seen.length >= 5);
    await until(() => seen.length === 8);
    expect(seen.slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(seen.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await until(async () => (await sender.queues.outbox()).length === 0);
  });

  it('refuses a database it does not know', async () => {
    const { here } = makeFolder();
    const sender = await open(here, { queues: [orders], remotes: { center: () => openSqliteReader({ file: here }) } });
    await expect(sender.publish('orders', 1, { at: 'centre' })).rejects.toMatchObject({ code: 'remote_unknown', message: expect.stringContaining('did you mean `center`') });
  });
});
