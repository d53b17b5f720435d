import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { createMemoryStore } from '../../src/open-records.ts';
import type { FlowSource } from '../../src/definition/schema.ts';
import { defineQueue } from '../../src/kinds/queues/define-queue.ts';
import type { Runtime } from '../../src/runtime/api.ts';
import type { FeedEntry } from '../../src/engine/feed/feed-entry.ts';
import type { FeedOptions } from '../../src/engine/feed/feed-options.ts';
import type { FeedPage } from '../../src/engine/feed/feed.ts';
import { Feed } from '../../src/engine/feed/feed.ts';
import { createEntryReader } from '../../src/runtime/feed-entries.ts';
import { followStore } from '../../src/runtime/follow-store.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { createGate, openRuntime, settleTicks } from './open-runtime.ts';

const flow: FlowSource = { id: 'pair', steps: [{ id: 'a', uses: 'tool:work' }, { id: 'b', uses: 'tool:work', depends_on: ['a'] }] };
const work = { work: () => 1 };

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'flowstone-feed-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly entries: readonly FeedEntry[];
  readonly cursor: string;
  readonly resets: number;
}

/** Follows until something has happened, or until everything there is was told. */
async function take(pages: AsyncIterable<FeedPage>, isEnough: (entries: readonly FeedEntry[]) => boolean): Promise<Told> {
  const entries: FeedEntry[] = [];
  let cursor = '';
  let resets = 0;
  for await (const page of pages) {
    entries.push(...page.entries);
    ({ cursor } = page);
    if (page.reset) resets++;
    if (page.reset || isEnough(entries)) break;
  }
  return { entries, cursor, resets };
}

const isScored = (entries: readonly FeedEntry[]): boolean => entries.some(({ state }) => state === 'scored');
const untilScored = (runtime: Pick<Runtime, 'feed'>, options: FeedOptions = {}): Promise<Told> => take(runtime.feed(options), isScored);
const toStates = ({ entries }: Told): unknown[] => entries.map(({ address, event, state }) => [address.split('/').slice(2).join('/') || 'flow', event.type, state]);

describe('a feed', () => {
  it('knows a cursor again that an owner gave which stored nothing', async () => {
    const file = join(folder, 'idle.db');
    const open = async (): Promise<Runtime> => (await openRuntime(flow, work, { store: openSqliteStore({ file, durability: 'process' }) })).runtime;
    const first = await open();
    await (await first.start('pair')).settled();
    await first.stop();
    const idle = await open();
    const { value } = await idle.feed()[Symbol.asyncIterator]().next();
    await idle.stop();
    const last = await open();
    const execution = await last.start('pair');
    const told = await untilScored(last, { after: value?.cursor ?? '' });
    expect([told.resets, new Set(told.entries.map(({ id }) => id))]).toEqual([0, new Set([execution.executionId])]);
    await last.stop();
  });

  it('tells what happens from now on, as the history tells it', async () => {
    const { runtime } = await openRuntime(flow, work);
    await (await runtime.start('pair')).settled();
    const pages = runtime.feed();
    const first = await pages[Symbol.asyncIterator]().next();
    expect(first.value).toMatchObject({ entries: [] });
    const execution = await runtime.start('pair');
    const told = await take({ [Symbol.asyncIterator]: () => pages[Symbol.asyncIterator]() }, isScored);
    expect(new Set(told.entries.map(({ id }) => id))).toEqual(new Set([execution.executionId]));
    expect(told.entries.map(({ seq }) => seq)).toEqual(told.entries.map((_, index) => index + 1));
    expect(toStates(told).at(0)).toEqual(['flow', 'flow.start', 'stepping']);
    expect(toStates(told).at(-1)).toEqual(['flow', 'consolidation.completed', 'scored']);
    await runtime.stop();
  });

  it('goes on behind a cursor, through a restart and from another process, without a gap or a repetition', async () => {
    const file = join(folder, 'app.db');
    const first = await openRuntime(flow, work, { store: openSqliteStore({ file }) });
    await (await first.runtime.start('pair')).settled();
    const whole = await take(first.runtime.feed({ after: 'start' }), isScored);
    await first.runtime.stop();
    const second = await openRuntime(flow, work, { store: openSqliteStore({ file }) });
    await (await second.runtime.start('pair')).settled();
    const rest = await untilScored(second.runtime, { after: whole.cursor });
    const reader = openSqliteReader({ file });
    let scored = 0;
    const all = await take(followStore(reader, { after: 'start', pollMs: 1 }), entries => (scored = entries.filter(({ state }) => state === 'scored').length) === 2);
    expect(scored).toBe(2);
    expect([...whole.entries, ...rest.entries]).toEqual(all.entries);
    reader.close();
    await second.runtime.stop();
  });

  it('says that it begins anew when a backup was restored, and was written past the cursor', async () => {
    const [file, backup] = [join(folder, 'app.db'), join(folder, 'backup.db')];
    const first = await openRuntime(flow, work, { store: openSqliteStore({ file }) });
    await (await first.runtime.start('pair')).settled();
    const early = await untilScored(first.runtime, { after: 'start' });
    await first.runtime.stop();
    copyFileSync(file, backup);
    const second = await openRuntime(flow, work, { store: openSqliteStore({ file }) });
    await (await second.runtime.start('pair')).settled();
    const late = await untilScored(second.runtime, { after: early.cursor });
    await second.runtime.stop();
    copyFileSync(backup, file);
    const third = await openRuntime(flow, work, { store: openSqliteStore({ file }) });
    for (let round = 0; round < 3; round++) await (await third.runtime.start('pair')).settled();
    const reset = await take(third.runtime.feed({ after: late.cursor }), () => false);
    expect(reset).toMatchObject({ resets: 1, entries: [] });
    expect((await untilScored(third.runtime, { after: early.cursor })).resets).toBe(0);
    await third.runtime.stop();
  });

  it('says that it begins anew when what follows the cursor was pruned, and tells deletions', async () => {
    const store = createMemoryStore();
    const machine = setup({}).createMachine({ id: 'm', on: { go: {} } });
    const { runtime, clock } = await openRuntime(flow, work, { store, machines: [machine], retentionMs: 1_000 });
    const actor = await runtime.spawn(machine, { id: 'one' });
    actor.send({ type: 'go' });
    const before = await take(runtime.feed({ after: 'start' }), entries => entries.some(({ kind, event }) => kind === 'actor' && event.type === 'go'));
    const early = (await take(runtime.feed(), () => true)).cursor;
    expect(before.entries.at(-1)).toMatchObject({ kind: 'actor', id: 'one', event: { type: 'go' } });
    actor.send({ type: 'go' });
    const execution = await runtime.start('pair');
    await execution.settled();
    const gone = take(runtime.feed({ topics: [`flow:${execution.executionId}`] }), entries => entries.some(({ event }) => event.type === 'execution.deleted'));
    for (let minute = 0; minute < 3; minute++) {
      // A store that answers later has to say where the feed begins, and to delete, before the next commit is told.
      await settleTicks();
      clock.advance(60_000);
      await settleTicks();
      await runtime.publish(defineQueue({ name: 'jobs' }), minute);
    }
    expect((await gone).entries.at(-1)).toMatchObject({ kind: 'flow', id: execution.executionId, event: { type: 'execution.deleted' } });
    expect((await take(runtime.feed({ after: early }), () => false)).resets).toBe(1);
    await runtime.stop();
  });

  it('tells of messages, documents and labels, to those who ask for them', async () => {
    const queue = defineQueue({ name: 'jobs' });
    const { runtime } = await openRuntime(
      { id: 'make', steps: [{ id: 'make', uses: 'tool:make' }] },
      { make: async ({ artifact }) => (await artifact('note.txt', 'hello'), 1) },
      { queues: [queue] },
    );
    const execution = await runtime.start('make', { labels: { agent: 'ann' } });
    await execution.settled();
    const { messageId } = await runtime.publish(queue, { n: 1 });
    const flows = await take(runtime.feed({ after: 'start', topics: ['flows'] }), isScored);
    expect(flows.entries.filter(({ seq }) => seq === undefined).map(({ event, address }) => [event, address.split('/').at(-1)])).toEqual([
      [{ type: 'labels.set', agent: 'ann' }, `flow:${execution.executionId}`],
      [expect.objectContaining({ type: 'artifact.stored', name: 'note.txt', version: 1 }), 'step:make'],
    ]);
    const messages = await take(runtime.feed({ after: 'start', topics: ['queue:jobs'] }), () => true);
    expect(messages.entries).toMatchObject([{ kind: 'queue', id: 'jobs', address: messageId, event: { type: 'message.publish' }, state: 'pending' }]);
    await runtime.stop();
  });

  it('takes secrets out before it tells anything', async () => {
    const { runtime } = await openRuntime({ id: 'one', steps: [{ id: 'a', uses: 'tool:work', critical: false }] }, { work: () => Promise.reject(new Error('the key hunter2-secret is wrong')) }, { secrets: ['hunter2-secret'] });
    await (await runtime.start('one')).settled();
    const told = JSON.stringify((await untilScored(runtime, { after: 'start' })).entries);
    expect(told).toContain('the key [redacted] is wrong');
    expect(told).not.toContain('hunter2-secret');
    await runtime.stop();
  });

  it('refuses what is no cursor and no topic', async () => {
    const { runtime } = await openRuntime(flow, work);
    for (const after of ['', 'x', '12', '1.abc', `1.${'g'.repeat(32)}`]) await expect(take(runtime.feed({ after }), () => true)).rejects.toMatchObject({ code: 'cursor_invalid' });
    for (const topics of [[], ['flow'], ['flows:1'], ['executions'], ['flow:']]) expect(() => runtime.feed({ topics })).toThrow(expect.objectContaining({ code: 'option_invalid' }));
    await runtime.stop();
  });

  it('ends with its signal, and when the runtime stops', async () => {
    const gate = createGate();
    const { runtime } = await openRuntime(flow, { work: () => gate.promise });
    const controller = new AbortController();
    const aborted = take(runtime.feed({ signal: controller.signal }), () => false);
    const stopped = take(runtime.feed(), () => false);
    const { executionId } = await runtime.start('pair');
    controller.abort();
    await aborted;
    await runtime.stop({ timeoutMs: 0 });
    expect((await stopped).entries.some(({ id }) => id === executionId)).toBe(true);
  });

  it('reads a row once, however many follow, and not at all while nothing happens', async () => {
    const store = createMemoryStore();
    store.acquire({ pid: 1, hostname: 'h', startedAt: 1, socket: null });
    let reads = 0;
    const feed = new Feed({ getFeedState: () => store.getFeedState(), readFeed: (after, limit) => (reads++, store.readFeed(after, limit)) }, createEntryReader(text => text));
    const enough = (entries: readonly FeedEntry[]): boolean => entries.length >= 2;
    const all = Array.from({ length: 50 }, () => take(feed.follow(), enough));
    await new Promise(resolve => setImmediate(resolve));
    expect(reads).toBe(0);
    const row = (seq: number) => ({ executionKey: 1, seq, at: 1, entries: '[["",{"type":"flow.start"},"stepping"]]' });
    for (const seq of [1, 2]) {
      store.commit({ definitions: [], executions: [], progress: [], steps: [], attempts: [], inputs: [], journal: [row(seq)], signals: { received: [], consumed: [] } });
      feed.wake();
      await new Promise(resolve => setImmediate(resolve));
    }
    for (const { entries } of await Promise.all(all)) expect(entries.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(reads).toBeLessThanOrEqual(4);
  });
});
