import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { defineFlow } from '../../src/definition/define-flow.ts';
import type { FeedPage } from '../../src/engine/feed/feed.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { connectToOwner } from '../../src/owner/connect-to-owner.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import type { RuntimeClient } from '../../src/runtime/client-api.ts';
import { createClient } from '../../src/runtime/create-client.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';

const secret = 'sk-0123456789abcdef0123456789';
const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });
const child = defineFlow({ id: 'child', steps: [{ id: 'one', uses: 'sleep', with: { for: '1ms' } }] });
const parent = defineFlow({ id: 'parent', steps: [{ id: 'a', uses: 'flow:child' }, { id: 'b', uses: 'flow:child' }] });
const jobs = defineQueue({ name: 'jobs', priority: 'high' });
const light = setup({}).createMachine({ id: 'light', initial: 'red', states: { red: { on: { go: 'green' } }, green: {} } });

let folder = '';
let runtime: Runtime;
const clients: RuntimeClient[] = [];
const file = (): string => join(folder, 'a.db');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-client-'));
  runtime = await createRuntime({ store: openSqliteStore({ file: file(), durability: 'process' }), flows: [waiting, child, parent], queues: [jobs], machines: [light] });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await runtime.stop();
  rmSync(folder, { recursive: true });
});

const ways = {
  'in the process of the runtime': () => createClient(runtime),
  'over the socket of the owner': () => createClient({ read: () => openSqliteReader({ file: file() }) }),
};

describe.each(Object.entries(ways))('a client %s', (_, make) => {
  const open = (): RuntimeClient => {
    const client = make();
    clients.push(client);
    return client;
  };

  it('starts a flow of the owner, signals it, and has what it came to', async () => {
    const client = open();
    const { executionId, created } = await client.start('waiting', { labels: { team: 'north' }, idempotencyKey: 'k' });
    expect(created).toBe(true);
    expect(await client.start(waiting, { idempotencyKey: 'k' })).toEqual({ executionId, created: false });
    expect(await client.get(executionId)).toMatchObject({ status: 'stepping', labels: { team: 'north' } });
    const settled = client.settled(executionId);
    await client.signal(executionId, 'go', { text: 'grüße' });
    expect(await settled).toMatchObject({ status: 'scored', passed: true, outputs: { ask: { text: 'grüße' } } });
    await expect(client.signal(executionId, 'go')).rejects.toMatchObject({ code: 'execution_settled' });
  });

  it('refuses what is wrong with the codes of the runtime', async () => {
    const client = open();
    await expect(client.start('nothing')).rejects.toMatchObject({ code: 'flow_unknown' });
    await expect(client.start('waiting', { inputs: 1 } as never)).rejects.toMatchObject({ code: 'option_invalid' });
    await expect(client.start('waiting', { input: 1n })).rejects.toMatchObject({ code: 'value_not_json' });
    await expect(client.get('nobody')).rejects.toMatchObject({ code: 'execution_not_found' });
    await expect(client.list({ after: 'x' })).rejects.toMatchObject({ code: 'option_invalid' });
  });

  it('lists page by page, by labels, parent and status, from either end', async () => {
    const client = open();
    const ids: string[] = [];
    for (let number = 0; number < 5; number++) {
      ids.push((await client.start('waiting', { labels: { team: number % 2 === 0 ? 'north' : 'south', number: String(number) } })).executionId);
    }
    const all = async (options: Parameters<RuntimeClient['list']>[0]): Promise<string[]> => {
      const found: string[] = [];
      for (let after: string | null | undefined; after !== null; ) {
        const page = await client.list({ ...options, limit: 2, ...(after && { after }) });
        expect(page.executions.length).toBeLessThanOrEqual(2);
        found.push(...page.executions.map(({ executionId }) => executionId));
        after = page.next;
      }
      return found;
    };
    expect(await all({})).toEqual(ids.toReversed());
    expect(await all({ order: 'oldest' })).toEqual(ids);
    expect(await all({ labels: { team: 'north' } })).toEqual([ids[4], ids[2], ids[0]]);
    expect(await all({ labels: { team: 'north' }, order: 'oldest' })).toEqual([ids[0], ids[2], ids[4]]);
    expect(await all({ labels: { team: 'north', number: '2' } })).toEqual([ids[2]]);
    await client.cancel(ids[0] ?? '');
    expect(await all({ status: ['failed'] })).toEqual([ids[0]]);
    expect(await all({ labels: { team: 'north' }, status: ['stepping'] })).toEqual([ids[4], ids[2]]);
    const { executionId } = await client.start('parent');
    await client.settled(executionId);
    expect(await all({ parent: executionId, order: 'oldest' })).toEqual([`${executionId}.a`, `${executionId}.b`].toSorted());
    expect(await all({ parent: executionId, flowId: 'waiting' })).toEqual([]);
  });

  it('cancels, retries and deletes', async () => {
    const client = open();
    const { executionId } = await client.start('waiting');
    await expect(client.delete(executionId)).rejects.toMatchObject({ code: 'execution_unsettled' });
    expect([await client.cancel(executionId, 'enough'), await client.cancel(executionId)]).toEqual([true, false]);
    expect(await client.retry(executionId)).toBe(2);
    await expect(client.resume(executionId)).rejects.toMatchObject({ code: 'execution_active' });
    await client.cancel(executionId);
    expect(await client.delete([executionId])).toBe(1);
    await expect(client.delete(executionId)).rejects.toMatchObject({ code: 'execution_not_found' });
    expect((await client.list()).executions).toEqual([]);
  });

  it('publishes by what the owner declares, claims and answers', async () => {
    const client = open();
    const [published] = await client.publishMany('jobs', [{ payload: { n: 1 }, idempotencyKey: 'a' }, { payload: { n: 2 }, priority: 'urgent' }]);
    expect(await client.publish('jobs', {}, { idempotencyKey: 'a' })).toEqual({ ...published, duplicate: true, copies: 0 });
    const [message] = await client.claim('jobs');
    expect(message).toMatchObject({ payload: '{"n":2}', priority: 100 });
    if (!message) throw new Error('Expected a message');
    expect(await client.answer(message, { type: 'ack' })).toBe(true);
    const [other] = await client.claim('jobs', { max: 10 });
    expect(other).toMatchObject({ payload: '{"n":1}', priority: 10 });
    const stopping = new AbortController();
    const none = client.claim('jobs', { signal: stopping.signal });
    stopping.abort();
    expect(await none).toEqual([]);
    if (other) await client.answer(other, { type: 'bury', failure: { code: 'bad', message: 'bad', retryable: false } });
    expect(await client.redrive('jobs')).toBe(1);
    expect(await client.purge('jobs', 'completed')).toBe(1);
    await expect(client.publish('jib', 1)).rejects.toMatchObject({ code: 'queue_unknown' });
  });

  it('sends events to actors, and stops them', async () => {
    await runtime.spawn(light, { id: 'light' });
    const client = open();
    expect(await client.send('light', { type: 'go' })).toBe(true);
    expect(await runtime.actors()).toMatchObject([{ value: 'green' }]);
    expect([await client.stop('light'), await client.stop('light')]).toEqual([true, false]);
    await expect(client.send('nobody', { type: 'go' })).rejects.toMatchObject({ code: 'actor_not_found' });
  });

  it('follows everything, from a cursor too, and sums up', async () => {
    const client = open();
    const ending = new AbortController();
    const feed = client.feed({ signal: ending.signal })[Symbol.asyncIterator]();
    const first = await feed.next();
    const { executionId } = await client.start('waiting');
    const second = await feed.next();
    const toIds = ({ value }: typeof second): unknown[] => [...new Set((value as FeedPage).entries.map(({ id }) => id))];
    expect(toIds(second)).toEqual([executionId]);
    ending.abort();
    await feed.return?.();
    const again = client.feed({ after: (first.value as { cursor: string }).cursor })[Symbol.asyncIterator]();
    expect(toIds(await again.next())).toEqual([executionId]);
    await again.return?.();
    expect(await client.stats({ by: 'flow' })).toMatchObject([{ group: 'waiting', runs: 1 }]);
  });

  it('is told no secrets, but what it has claimed as it is', async () => {
    const client = open();
    const { executionId } = await client.start('waiting', { input: { key: secret } });
    expect(JSON.stringify(await client.get(executionId))).not.toContain(secret);
    expect((await (await runtime.get(executionId)).get()).input).toEqual({ key: secret });
    await client.publish('jobs', { key: secret });
    const [message] = await client.claim('jobs');
    expect(message?.payload).toContain(secret);
  });

  it('fails what waits when it is closed', async () => {
    const client = open();
    const claimed = client.settled((await client.start('waiting')).executionId);
    await client.list();
    client.close();
    await expect(claimed).rejects.toMatchObject({ code: 'client_closed' });
    await expect(client.list()).rejects.toMatchObject({ code: 'client_closed' });
  });
});

describe('a request that is sent again', () => {
  it('is answered as before, and done once, also by the next owner', async () => {
    const ask = async (method: string, params: Record<string, unknown>, key: string): Promise<unknown> => {
      const owner = await connectToOwner(runtime.health().owner.socket ?? '');
      try {
        return await owner.request(method, params, { key, again: true });
      } finally {
        owner.close();
      }
    };
    await runtime.spawn(light, { id: 'light' });
    const { executionId } = await runtime.start('waiting');
    const requests: [string, Record<string, unknown>][] = [
      ['start', { flowId: 'waiting' }], ['cancel', { executionId }], ['retry', { executionId }], ['signal', { executionId, name: 'go', payload: 1 }],
      ['send', { address: 'light', event: { type: 'go' } }], ['stop', { address: 'light' }], ['redrive', { queue: 'jobs', limit: 10 }],
    ];
    const answers: unknown[] = [];
    for (const [method, params] of requests) answers.push(await ask(method, params, 'k'));
    expect(answers.slice(1)).toEqual([true, 2, null, true, true, 0]);
    for (let time = 0; time < 2; time++) {
      const again: unknown[] = [];
      for (const [method, params] of requests) again.push(await ask(method, params, 'k'));
      expect(again).toEqual(answers);
      await runtime.stop();
      runtime = await createRuntime({ store: openSqliteStore({ file: file(), durability: 'process' }), flows: [waiting], queues: [jobs], machines: [light] });
    }
    expect(await runtime.list()).toHaveLength(2);
  });

  it('is done once when it comes twice at the same time', async () => {
    const owners = await Promise.all([1, 2].map(() => connectToOwner(runtime.health().owner.socket ?? '')));
    const answers = await Promise.all(owners.map(owner => owner.request('start', { flowId: 'waiting' }, { key: 'same' })));
    expect(answers[0]).toEqual(answers[1]);
    expect(await runtime.list()).toHaveLength(1);
    for (const owner of owners) owner.close();
  });
});
