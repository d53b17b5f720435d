import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import { connect } from '../../../src/client.ts';
import type { FlowstoneClient } from '../../../src/client.ts';
import { SimulatedClock } from '../../../src/core/clock.ts';
import { createRuntime, defineFlow, defineQueue } from '../../../src/index.ts';
import type { Runtime } from '../../../src/index.ts';
import { openSqliteReader, openSqliteStore } from '../../../src/open-records.ts';
import { createClient } from '../../../src/runtime/create-client.ts';
import { getParts } from '../../../src/runtime/sessions-of.ts';
import type { Server, ServerOptions } from '../../../src/server.ts';
import { createServer } from '../../../src/server.ts';
import { TestSocket } from './test-socket.ts';
import { until } from '../../kit/until.ts';

const token = 'test-token-of-32-characters-0000';
const auth: ServerOptions['auth'] = { tokens: [{ token, scopes: ['read', 'run', 'operate', 'debug'] }] };
const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });
const jobs = defineQueue({ name: 'jobs' });
const light = setup({}).createMachine({ id: 'light', initial: 'red', states: { red: { on: { go: 'green' } }, green: {} } });
const ends: (() => Promise<void> | void)[] = [];
let folder = '';
let runtime: Runtime;
const file = (): string => join(folder, 'a.db');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-live-'));
  runtime = await createRuntime({ store: openSqliteStore({ file: file(), durability: 'process' }), flows: [waiting], queues: [jobs], machines: [light] });
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await runtime.stop();
  rmSync(folder, { recursive: true });
});

const places: { readonly [place: string]: (options: Partial<ServerOptions>) => Server } = {
  'of a runtime': options => createServer(runtime, { auth, ...options }),
  'beside the owner': options => {
    const reader = openSqliteReader({ file: file() });
    const client = createClient({ read: () => openSqliteReader({ file: file() }) });
    ends.push(() => reader.close(), () => client.close());
    return createServer({ reader, client }, { auth, ...options });
  },
};

async function listen(make: (options: Partial<ServerOptions>) => Server, options: Partial<ServerOptions> = {}): Promise<string> {
  const server = make(options);
  ends.push(() => server.close());
  return (await server.listen({ port: 0 })).url;
}

function open(url: string): FlowstoneClient {
  const client = connect(url, { token });
  ends.push(() => client.close());
  return client;
}

async function openSocket(url: string): Promise<TestSocket> {
  const opened = await TestSocket.open(url, token);
  ends.push(() => opened.socket.terminate());
  return opened;
}

describe.each(Object.entries(places))('a server %s', (_, make) => {
  it('tells of one execution: how it stands, then each commit, and that there is nothing more', async () => {
    const client = open(await listen(make));
    const { executionId } = await client.start('waiting');
    const states: (string | null)[] = [];
    let first: unknown;
    for await (const { data, entries } of client.follow(`execution:${executionId}`)) {
      if (data) {
        first = data.execution.status;
        await client.signal(executionId, 'go');
      }
      states.push(...entries.map(({ state }) => state));
    }
    expect(first).toBe('stepping');
    expect((await client.get(executionId)).status).toBe('scored');
    expect(states.at(-1)).toBe('scored');
  });

  it('tells of a queue and of an actor: how they stand, then what happens to them alone', async () => {
    const url = await listen(make);
    const socket = await openSocket(url);
    const actor = await runtime.spawn(light, { id: 'lamp' });
    const [queue, lamp] = [socket.follow('queue', { queue: 'jobs' }), socket.follow('actor', { actorId: 'lamp' })];
    expect((await socket.snapshot(lamp))['data']).toMatchObject({ id: 'lamp', value: 'red' });
    await socket.snapshot(queue);
    await runtime.publish(jobs, { number: 1 });
    await actor.send({ type: 'go' });
    await until(() => socket.entriesOf(queue).length > 0 && socket.entriesOf(lamp).length > 0);
    expect(socket.entriesOf(queue)).toMatchObject([{ kind: 'queue', id: 'jobs' }]);
    expect(new Set((socket.entriesOf(lamp) as { id: string }[]).map(({ id }) => id))).toEqual(new Set(['lamp']));
    const again = socket.follow('queue', { queue: 'jobs' });
    expect((await socket.snapshot(again))['data']).toMatchObject({ queue: 'jobs', pending: 1 });
    const nobody = socket.follow('actor', { actorId: 'nobody' });
    expect(await socket.find(({ id, type }) => id === nobody && type === 'error')).toMatchObject({ code: 'actor_not_found' });
  });

  it('tells how it stands itself, and when somebody has come', async () => {
    const clock = new SimulatedClock();
    const url = await listen(make, { clock });
    const socket = await openSocket(url);
    const health = socket.follow('health', {});
    expect((await socket.snapshot(health))['data']).toMatchObject({ owner: { pid: process.pid }, connections: 1 });
    await openSocket(url);
    await until(() => {
      clock.advance(2_000);
      return socket.entriesOf(health).length > 0;
    });
    expect(socket.entriesOf(health)).toMatchObject([{ connections: 2 }]);
  });

  it('lets clients claim messages, and keeps what each has claimed for it alone', async () => {
    const url = await listen(make);
    const [one, other] = [open(url), open(url)];
    await one.publishMany('jobs', [{ payload: 1 }, { payload: 2 }]);
    const [first] = await one.claim('jobs', { max: 1 });
    const [second] = await other.claim('jobs', { max: 1 });
    expect([first?.payload, second?.payload]).toEqual(['1', '2']);
    if (!first || !second) return;
    // What another has claimed is not to be answered.
    expect(await other.answer(first, { type: 'ack', publishes: [] })).toBe(false);
    expect(await one.answer(first, { type: 'ack', publishes: [] })).toBe(true);
    // One that leaves in good order gives back what it holds.
    const back = one.claim('jobs', { max: 1 });
    other.close();
    expect((await back).map(({ messageId }) => messageId)).toEqual([second.messageId]);
  });

  it('lets clients debug, and tells the owner when one has gone', async () => {
    const url = await listen(make);
    const socket = await openSocket(url);
    const { executionId } = (await socket.ask('start', { flowId: 'waiting' })) as { executionId: string };
    const before = getParts(runtime).sessions.size;
    const held = socket.follow('held', {});
    expect((await socket.snapshot(held))['data']).toMatchObject({ held: [], breakpoints: [] });
    expect(await socket.ask('pause', { target: executionId })).toMatchObject({ target: executionId });
    await until(() => socket.entriesOf(held).length > 0);
    // It is answered when it is stored: not before it is let in.
    const signalled = socket.ask('signal', { executionId, name: 'go' });
    await until(async () => ((await socket.ask('preview', { target: executionId })) as { entries?: readonly unknown[] } | null)?.entries !== undefined);
    expect(await socket.ask('step', { target: executionId })).toBe(true);
    await socket.ask('resumeHeld', { target: executionId });
    expect(await signalled).toBeNull();
    await runtime.settled(executionId);
    socket.socket.terminate();
    // Nobody is there any more for whom something would stand still.
    await until(() => getParts(runtime).sessions.size <= before);
  });

  it('closes with 4429 who says too much at a time', async () => {
    const socket = await openSocket(await listen(make));
    for (let number = 0; number < 1_100; number++) socket.say({ type: 'ping' });
    expect(await socket.closed).toBe(4429);
    expect(socket.said.at(-1)).toMatchObject({ type: 'goodbye', code: 'client_too_fast', retryAfterMs: 1_000 });
  });
});
