import { afterEach, expect, it } from 'vitest';
import type { FlowstoneClient, FollowUpdate } from '../../src/client.ts';
import { connectOver } from '../../src/client.ts';
import type { Feed } from '../../src/engine/feed/feed.ts';
import type { Runtime } from '../../src/index.ts';
import { createMemoryStore, createRuntime, defineFlow } from '../../src/index.ts';
import { createPair } from '../../src/owner/carrier.ts';
import type { ExecutionFacts } from '../../src/runtime/execution-facts.ts';
import { followExecutions } from '../../src/runtime/follow-executions.ts';
import { getParts } from '../../src/runtime/sessions-of.ts';

const left: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of left.splice(0).toReversed()) await end();
});

const ask = (id: string) => defineFlow({ id, steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });

/** A client of a runtime without a server, as a window has one. */
async function begin(): Promise<{ readonly runtime: Runtime; readonly client: FlowstoneClient }> {
  const runtime = await createRuntime({ store: createMemoryStore(), flows: [ask('order'), ask('other')], isolation: false });
  const client = connectOver(async () => {
    const [near, far] = createPair();
    getParts(runtime).sessions.accept(far, ['read', 'run']);
    return near;
  });
  left.push(() => runtime.stop(), () => client.close());
  return { runtime, client };
}

type Update = FollowUpdate<{ readonly executions: readonly { readonly executionId: string }[] }>;

/** What comes next. */
async function next(updates: AsyncIterator<unknown>): Promise<Update> {
  return (await updates.next()).value as Update;
}

it('an owner without a server tells how executions stand, then what happens to those that are meant', async () => {
  const { client } = await begin();
  const first = await client.start('order', { labels: { team: 'north' } });
  await client.start('other');
  const seen = client.follow('executions?flow=order&label.team=north')[Symbol.asyncIterator]();
  expect((await next(seen)).data?.executions.map(({ executionId }) => executionId)).toEqual([first.executionId]);
  await client.start('other', { labels: { team: 'north' } });
  await client.start('order', { labels: { team: 'south' } });
  const second = await client.start('order', { labels: { team: 'north' } });
  expect(new Set((await next(seen)).entries.map(({ id }) => id))).toEqual(new Set([second.executionId]));
  await seen.return?.();
});

it('goes on behind a cursor, and begins with nothing when there is nothing new', async () => {
  const { client } = await begin();
  const { executionId } = await client.start('order');
  const { cursor: after } = await next(client.follow('executions')[Symbol.asyncIterator]());
  await client.signal(executionId, 'go');
  await client.settled(executionId);
  const { data, entries } = await next(client.follow('executions', { after })[Symbol.asyncIterator]());
  expect(data).toBeUndefined();
  expect(entries.map(({ event }) => event.type)).toContain('signal.received');
});

it('says how they stand anew when what happened in between cannot be told any more', async () => {
  const pages = [{ cursor: 'b', reset: true, entries: [] }, { cursor: 'c', entries: [{ id: 'x' }] }];
  const feed = { follow: async function* () { yield* pages; } } as unknown as Feed;
  const facts = { learn: async () => {}, meets: () => true } as unknown as ExecutionFacts;
  const told = [];
  const following = { peer: { scopes: [] }, after: 'a', signal: new AbortController().signal, isLeft: () => false };
  for await (const one of followExecutions({ feed, facts, list: async () => 'all' }, {}, following)) told.push(one);
  expect(told).toEqual([
    { type: 'snapshot', cursor: 'a' }, { type: 'snapshot', cursor: 'b', data: 'all', reset: true }, { type: 'commit', cursor: 'c', entries: [{ id: 'x' }] },
  ]);
});
