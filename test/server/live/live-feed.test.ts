import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecordReader } from '../../../persistence/store.ts';
import { Feed } from '../../../src/engine/feed/feed.ts';
import type { FeedEntry } from '../../../src/engine/feed/feed-entry.ts';
import { createMemoryStore, createRuntime, defineFlow } from '../../../src/index.ts';
import type { Runtime } from '../../../src/index.ts';
import { openSqliteReader, openSqliteStore } from '../../../src/open-records.ts';
import { ReadyMessage } from '../../../src/owner/carrier.ts';
import type { Attached, Outlet, Told } from '../../../src/owner/method.ts';
import { getParts } from '../../../src/runtime/sessions-of.ts';
import { ExecutionFacts } from '../../../src/runtime/execution-facts.ts';
import { LiveFeed } from '../../../src/server/live/live-feed.ts';
import { filterExecutions, filterInstance, filterTopics } from '../../../src/server/live/live-filter.ts';
import type { LiveFilter } from '../../../src/server/live/live-filter.ts';
import { until } from '../../kit/until.ts';

type Message = { readonly cursor: string; readonly entries?: readonly FeedEntry[]; readonly data?: unknown; readonly reset?: true };

/** A client that takes so many messages as it has credit. */
class TestOutlet implements Outlet {
  readonly id: number;
  readonly told: Message[] = [];
  credit: number;
  ended: unknown;
  attached: Attached | undefined;

  constructor(id: number, credit = Number.POSITIVE_INFINITY) {
    this.id = id;
    this.credit = credit;
  }

  get isReady(): boolean {
    return this.credit > 0;
  }

  tell(told: Extract<Told, { readonly type: 'snapshot' }> | ReadyMessage): void {
    if (this.credit <= 0) throw new Error('Told without credit');
    this.credit--;
    const message = told instanceof ReadyMessage ? (JSON.parse(told.text) as Message & { readonly id: number }) : (told as Message);
    if ('id' in message && message.id !== this.id) throw new Error('Told what is for another');
    this.told.push(message);
  }

  end(error?: unknown): void {
    this.ended = error;
  }

  give(more: number): void {
    this.credit += more;
    this.attached?.resume();
  }

  get entries(): FeedEntry[] {
    return this.told.flatMap(({ entries = [] }) => entries);
  }
}

const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });
const other = defineFlow({ id: 'other', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });
const ends: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function openRuntime(): Promise<{ readonly runtime: Runtime; readonly live: LiveFeed; readonly feed: Feed; readonly reader: RecordReader; readonly reads: () => number }> {
  const runtime = await createRuntime({ store: createMemoryStore(), flows: [waiting, other] });
  ends.push(() => runtime.stop());
  const { feed, reader } = getParts(runtime);
  let reads = 0;
  const count = <T extends (...values: never[]) => unknown>(read: T): T => ((...values: never[]) => {
    reads++;
    return read(...values);
  }) as T;
  const state = reader.getFeedState.bind(reader);
  const rows = reader.readFeed.bind(reader);
  Object.assign(reader, { getFeedState: count(state), readFeed: count(rows) });
  return { runtime, live: new LiveFeed(feed, new ExecutionFacts(reader)), feed, reader, reads: () => reads };
}

function attach(live: LiveFeed, outlet: TestOutlet, filter: LiveFilter, after?: string, read?: () => Promise<unknown>): TestOutlet {
  outlet.attached = live.attach(filter, after, outlet, read);
  ends.push(() => outlet.attached?.detach());
  return outlet;
}

/** Everything that is stored, and passes. */
async function readAll(feed: Feed, wanted: (entry: FeedEntry) => boolean = () => true): Promise<FeedEntry[]> {
  const found: FeedEntry[] = [];
  for await (const { entries } of feed.catchUp('start')) found.push(...entries.filter(wanted));
  return JSON.parse(JSON.stringify(found)) as FeedEntry[];
}

describe('the live feed', () => {
  it('tells how it stands with a cursor, then what comes, once, in messages whose text is made once', async () => {
    const { runtime, live, feed } = await openRuntime();
    const [one, two] = [attach(live, new TestOutlet(1), filterTopics(undefined), undefined, async () => ({ so: 'far' })), attach(live, new TestOutlet(2), filterTopics(undefined))];
    await until(() => one.told.length === 1 && two.told.length === 1);
    expect(one.told).toMatchObject([{ type: 'snapshot', data: { so: 'far' } }]);
    expect(two.told).toEqual([{ type: 'snapshot', cursor: one.told[0]?.cursor }]);
    const { executionId } = await runtime.start('waiting');
    await runtime.signal(executionId, 'go');
    await runtime.settled(executionId);
    const all = await readAll(feed);
    await until(() => one.entries.length === all.length && two.entries.length === all.length);
    expect(one.entries).toEqual(all);
    expect(two.entries).toEqual(all);
    expect(live.counters).toMatchObject({ texts: all.length, events: 2 * all.length, subscriptions: 2 });
  });

  it('tells what came after a cursor, from the store, then goes on', async () => {
    const { runtime, live, feed } = await openRuntime();
    const first = await runtime.start('waiting');
    const late = attach(live, new TestOutlet(1), filterTopics(['flows']), 'start');
    const { executionId } = await runtime.start('other');
    await runtime.signal(executionId, 'go');
    await runtime.settled(executionId);
    const all = await readAll(feed, ({ kind }) => kind === 'flow');
    await until(() => late.entries.length === all.length);
    expect(late.entries).toEqual(all);
    await runtime.cancel(first.executionId);
    const more = await readAll(feed, ({ kind }) => kind === 'flow');
    await until(() => late.entries.length === more.length);
    expect(late.entries).toEqual(more);
  });

  it('tells executions of a flow and a label, also one that is labelled later than the others', async () => {
    const { runtime, live } = await openRuntime();
    const wanted = attach(live, new TestOutlet(1), filterExecutions({ flowId: 'waiting', labels: { team: 'north' } }));
    await until(() => wanted.told.length === 1);
    const ids: string[] = [];
    for (const [flow, team] of [['waiting', 'north'], ['waiting', 'south'], ['other', 'north'], ['waiting', 'north']] as const) {
      ids.push((await runtime.start(flow, { labels: { team } })).executionId);
    }
    for (const id of ids) await runtime.cancel(id);
    await until(() => new Set(wanted.entries.map(({ id }) => id)).size === 2 && wanted.entries.some(({ id, state }) => id === ids[3] && state === 'failed'));
    expect(new Set(wanted.entries.map(({ id }) => id))).toEqual(new Set([ids[0], ids[3]]));
  });

  it('tells executions of a flow that it has kept while nobody asked of which flow they are', async () => {
    const { runtime, live } = await openRuntime();
    const all = attach(live, new TestOutlet(0), filterTopics(undefined));
    await until(() => all.told.length > 0);
    const { executionId: first } = await runtime.start('other');
    await until(() => all.entries.length === 3);
    // It has read what was stored, and takes nothing of it yet.
    const late = attach(live, new TestOutlet(1, 1), filterExecutions({ flowId: 'other' }), 'start');
    await until(() => live.counters.catchUps > 0);
    const { executionId: second } = await runtime.start('other');
    await until(() => all.entries.length === 6);
    late.give(1_000);
    await until(() => late.entries.length === 6);
    expect(late.entries.map(({ id, seq }) => [id, seq])).toEqual([first, second].flatMap(id => [1, 2, 3].map(seq => [id, seq])));
  });

  it('holds nothing for one that takes nothing, and tells it everything when it does', async () => {
    const { runtime, live, feed } = await openRuntime();
    const slow = attach(live, new TestOutlet(1, 1), filterTopics(undefined));
    const quick = attach(live, new TestOutlet(2), filterTopics(undefined));
    await until(() => slow.told.length === 1 && quick.told.length === 1);
    for (let count = 0; count < 30; count++) await runtime.cancel((await runtime.start('waiting')).executionId);
    const all = await readAll(feed);
    await until(() => quick.entries.length === all.length);
    expect(slow.told).toHaveLength(1);
    while (slow.entries.length < all.length) {
      slow.give(1);
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(slow.entries).toEqual(all);
  });

  it('reads no more for a thousand subscriptions than for one', async () => {
    const count = async (subscriptions: number): Promise<number> => {
      const { runtime, live, reads } = await openRuntime();
      const quiet = Array.from({ length: subscriptions }, (_, id) => attach(live, new TestOutlet(id), filterInstance('queue', `none-${id}`)));
      await until(() => quiet.every(({ told }) => told.length === 1));
      const before = reads();
      for (let round = 0; round < 20; round++) await runtime.cancel((await runtime.start('waiting')).executionId);
      await new Promise(resolve => setImmediate(resolve));
      expect(quiet.every(({ told }) => told.length === 1)).toBe(true);
      return reads() - before;
    };
    const [one, thousand] = [await count(1), await count(1_000)];
    console.log(`reads of 20 executions: ${one} for 1 idle subscription, ${thousand} for 1,000`);
    expect(thousand).toBeLessThanOrEqual(one + 2);
  });

  it('reads nothing while nobody follows', async () => {
    const { runtime, live, reads } = await openRuntime();
    const outlet = attach(live, new TestOutlet(1), filterTopics(undefined));
    await until(() => outlet.told.length === 1);
    outlet.attached?.detach();
    await new Promise(resolve => setImmediate(resolve));
    const before = reads();
    for (let round = 0; round < 5; round++) await runtime.cancel((await runtime.start('waiting')).executionId);
    expect(reads()).toBe(before);
    expect(live.counters.subscriptions).toBe(0);
    const again = attach(live, new TestOutlet(2), filterTopics(undefined), 'start');
    await until(() => again.entries.length > 0);
  });

  it('tells each client what it wants, once and in order, whatever comes and goes', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({
      what: fc.constantFrom('start', 'signal', 'attach', 'credit', 'cut', 'turn'), who: fc.nat(5), amount: fc.integer({ min: 1, max: 4 }),
    }), { maxLength: 60 }), async moves => {
      const { runtime, live, feed } = await openRuntime();
      const ids: string[] = [];
      const filters = [filterTopics(undefined), filterTopics(['flows']), filterExecutions({ flowId: 'other' }), filterTopics(['queues'])];
      const flows = new Map<string, string>();
      const wanted = [(): boolean => true, ({ kind }: FeedEntry): boolean => kind === 'flow', ({ kind, id }: FeedEntry): boolean => kind === 'flow' && flows.get(id) === 'other', ({ kind }: FeedEntry): boolean => kind === 'queue'];
      /** What each client has had, over all its connections. */
      const clients = filters.map(() => ({ had: [] as FeedEntry[], outlet: undefined as TestOutlet | undefined, cursor: 'start' }));
      const gather = (client: typeof clients[number]): void => {
        for (const { cursor, entries = [] } of client.outlet?.told.splice(0) ?? []) {
          client.had.push(...entries);
          client.cursor = cursor;
        }
      };
      const connect = (place: number, credit: number): void => {
        const client = clients[place] as typeof clients[number];
        if (!client.outlet) client.outlet = attach(live, new TestOutlet(place, credit), filters[place] as LiveFilter, client.cursor);
      };
      for (const { what, who, amount } of moves) {
        const place = who % clients.length;
        const client = clients[place] as typeof clients[number];
        if (what === 'start') {
          const flow = amount % 2 === 0 ? 'waiting' : 'other';
          const { executionId } = await runtime.start(flow);
          flows.set(executionId, flow);
          ids.push(executionId);
        } else if (what === 'signal' && ids.length > 0) await runtime.cancel(ids[who % ids.length] as string);
        else if (what === 'attach') connect(place, amount);
        else if (what === 'credit') client.outlet?.give(amount);
        else if (what === 'cut') {
          // What is on its way is lost with the connection: it goes on from what was taken.
          if (amount > 2) gather(client);
          client.outlet?.attached?.detach();
          client.outlet = undefined;
        } else for (let turn = 0; turn < amount; turn++) await new Promise(resolve => setImmediate(resolve));
      }
      for (const [place, client] of clients.entries()) {
        connect(place, 1_000);
        client.outlet?.give(1_000);
      }
      for (const [place, client] of clients.entries()) {
        // The runtime goes on by itself for a while.
        let all: readonly FeedEntry[] = [];
        for (let turn = 0; turn < 2_000 && (turn === 0 || client.had.length !== all.length); turn++) {
          await new Promise(resolve => setImmediate(resolve));
          all = await readAll(feed, wanted[place]);
          gather(client);
        }
        expect(client.had).toEqual(all);
        client.outlet?.attached?.detach();
      }
      await runtime.stop();
    }), { numRuns: 60 });
  });
});

describe('a live feed over a file that a backup replaced', () => {
  it('says reset, and how it stands, to one that follows and one that comes back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowstone-live-'));
    ends.push(() => rmSync(folder, { recursive: true }));
    const open = async (file: string): Promise<Runtime> => createRuntime({ store: openSqliteStore({ file, durability: 'process' }), flows: [waiting] });
    const [old, young] = [join(folder, 'old.db'), join(folder, 'young.db')];
    const cursors: string[] = [];
    for (const [file, count] of [[old, 5], [young, 2]] as const) {
      const runtime = await open(file);
      for (let number = 0; number < count; number++) await runtime.cancel((await runtime.start('waiting')).executionId);
      cursors.push(await getParts(runtime).feed.here());
      await runtime.stop();
    }
    const reader = openSqliteReader({ file: young });
    const runtime = await open(young);
    ends.push(() => runtime.stop(), () => reader.close());
    const { feed, reader: records } = getParts(runtime);
    const live = new LiveFeed(feed, new ExecutionFacts(records));
    const lost = attach(live, new TestOutlet(1), filterTopics(undefined), cursors[0], async () => 'as it stands');
    await until(() => lost.told.length === 2);
    expect(lost.told).toMatchObject([{ type: 'snapshot', cursor: cursors[0] }, { type: 'snapshot', reset: true, data: 'as it stands' }]);
    expect(live.counters.resets).toBe(1);
    await runtime.start('waiting');
    await until(() => lost.entries.length > 0);
    const garbage = attach(live, new TestOutlet(2), filterTopics(undefined), 'garbage');
    await until(() => garbage.ended !== undefined);
    expect(garbage.ended).toMatchObject({ code: 'cursor_invalid' });
  });
});
