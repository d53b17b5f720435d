import { describe, expect, it } from 'vitest';
import type { Records } from '../../persistence/store.ts';
import { createMemoryStore } from '../../src/open-records.ts';
import { openRuntime, type Opened } from './open-runtime.ts';

const flows = [{ id: 'charge', steps: [{ id: 'a', uses: 'tool:charge' }] }, { id: 'ship', steps: [{ id: 'a', uses: 'tool:ship' }] }];

async function openShop(store: Records = createMemoryStore()): Promise<Opened & { readonly ran: string[] }> {
  const ran: string[] = [];
  return { ...(await openRuntime(flows, { charge: () => void ran.push('charge'), ship: () => void ran.push('ship') }, { store })), ran };
}

describe('an idempotency key', () => {
  it('is refused for a second flow, with both names', async () => {
    const { runtime, ran } = await openShop();
    const first = await runtime.start('charge', { idempotencyKey: 'order-1' });
    await first.settled();
    await expect(runtime.start('ship', { idempotencyKey: 'order-1' })).rejects.toMatchObject({
      code: 'idempotency_key_taken',
      message: expect.stringMatching(/"ship".*"order-1".*"charge"/),
      details: { flowId: 'ship', startedFlowId: 'charge', executionId: first.executionId, idempotencyKey: 'order-1' },
    });
    expect(ran).toEqual(['charge']);
    await runtime.stop();
  });

  it('is refused while the first flow is only being started', async () => {
    const { runtime } = await openShop();
    const both = await Promise.allSettled(['charge', 'ship', 'charge'].map(id => runtime.start(id, { idempotencyKey: 'order-2' })));
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(both[1]).toMatchObject({ reason: { code: 'idempotency_key_taken' } });
    await runtime.stop();
  });

  it('is refused after a restart, by a flow that is not registered any more, and after a retry', async () => {
    const store = createMemoryStore();
    const before = await openShop(store);
    const { executionId } = await before.runtime.start('charge', { idempotencyKey: 'order-3' });
    await before.runtime.settled(executionId);
    await before.runtime.retry(executionId, { step: 'a' });
    await before.runtime.settled(executionId);
    await expect(before.runtime.start('ship', { idempotencyKey: 'order-3' })).rejects.toMatchObject({ code: 'idempotency_key_taken' });
    await expect(before.runtime.start('nowhere', { idempotencyKey: 'order-3' })).rejects.toMatchObject({ code: 'idempotency_key_taken' });
    await before.runtime.stop();
  });

  it('still answers its own flow with the first execution', async () => {
    const { runtime } = await openShop();
    const first = await runtime.start('charge', { idempotencyKey: 'order-4' });
    expect(await runtime.start('charge', { idempotencyKey: 'order-4' })).toMatchObject({ executionId: first.executionId, created: false });
    await runtime.stop();
  });
});
