import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { ConnectionState, FlowstoneClient } from '../../src/client.ts';
import { connect } from '../../src/client.ts';
import { createMemoryStore, createRuntime, defineFlow } from '../../src/index.ts';
import type { Runtime } from '../../src/index.ts';
import { openSqliteReader, openSqliteStore } from '../../src/open-records.ts';
import { createClient } from '../../src/runtime/create-client.ts';
import type { Server, ServerOptions } from '../../src/server.ts';
import { createServer } from '../../src/server.ts';

const token = 'test-token-of-32-characters-0000';
const waiting = defineFlow({ id: 'waiting', steps: [{ id: 'ask', uses: 'signal', with: { name: 'go' } }] });
const ends: (() => Promise<void> | void)[] = [];
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowstone-connect-'));
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  rmSync(folder, { recursive: true });
});

async function serve(server: Server, port = 0): Promise<string> {
  const { url } = await server.listen({ port });
  ends.push(() => server.close());
  return url;
}

function open(url: string, given: string = token): FlowstoneClient {
  const client = connect(url, { token: given });
  ends.push(() => client.close());
  return client;
}

const reach = (client: FlowstoneClient, value: ConnectionState['value']): Promise<ConnectionState> => new Promise(resolve => {
  if (client.connection.state.value === value) return resolve(client.connection.state);
  const end = client.connection.subscribe(state => {
    if (state.value !== value) return;
    end();
    resolve(state);
  });
});

async function openRuntime(file?: string): Promise<Runtime> {
  const runtime = await createRuntime({ store: file === undefined ? createMemoryStore() : openSqliteStore({ file, durability: 'process' }), flows: [waiting] });
  ends.push(() => runtime.stop());
  return runtime;
}

const auth: ServerOptions['auth'] = { token, tokens: [{ token: 'only-to-look-0000000000000000000', scopes: ['read'] }] };

/** Where the owner is: in the server's process, or beside it, reached over its socket. */
const places: { readonly [place: string]: () => Promise<Server> } = {
  'of a runtime': async () => createServer(await openRuntime(), { auth }),
  'beside the owner': async () => {
    const file = join(folder, 'a.db');
    await openRuntime(file);
    const reader = openSqliteReader({ file });
    const client = createClient({ read: () => openSqliteReader({ file }) });
    ends.push(() => reader.close(), () => client.close());
    return createServer({ reader, client }, { auth });
  },
};

describe.each(Object.entries(places))('a client of a server %s', (_, createIt) => {
  it('runs a flow, follows it, signals it, and has what it came to', async () => {
    const client = open(await serve(await createIt()));
    const { executionId, created } = await client.start('waiting', { labels: { team: 'north' } });
    expect(created).toBe(true);
    const states: (string | null)[] = [];
    const following = (async () => {
      for await (const { entries } of client.follow(`feed?topic=flow:${executionId}`, { after: 'start' })) {
        states.push(...entries.filter(({ address }) => address.endsWith(executionId)).map(({ state }) => state));
        if (states.includes('scored')) return;
      }
    })();
    const settled = client.settled(executionId);
    await client.signal(executionId, 'go', { text: 'grüße' });
    expect(await settled).toMatchObject({ status: 'scored', outputs: { ask: { text: 'grüße' } } });
    await following;
    expect(states.at(0)).toBe('stepping');
    expect((await client.list({ labels: { team: 'north' } })).executions).toMatchObject([{ executionId, status: 'scored' }]);
    expect(await client.get(executionId)).toMatchObject({ executionId, labels: { team: 'north' } });
    expect(await client.cancel(executionId)).toBe(false);
    await expect(client.get('nobody')).rejects.toMatchObject({ code: 'execution_not_found' });
  });

  it('may do what its token lets it', async () => {
    const client = open(await serve(await createIt()), 'only-to-look-0000000000000000000');
    expect((await client.list()).executions).toEqual([]);
    await expect(client.start('waiting')).rejects.toMatchObject({ code: 'scope_missing' });
    await expect(client.delete('x')).rejects.toMatchObject({ code: 'scope_missing' });
  });
});

describe('a client', () => {
  it('gives up on a wrong token, says so, and tries again when it is told to', async () => {
    const url = await serve(createServer(await openRuntime(), { auth }));
    let given = 'a-token-that-is-not-of-this-server';
    const client = connect(url, { token: () => given });
    ends.push(() => client.close());
    expect(await reach(client, 'refused')).toMatchObject({ code: 'token_refused', connections: 0 });
    await expect(client.list()).rejects.toMatchObject({ code: 'token_refused' });
    given = token;
    client.connection.retry();
    await reach(client, 'open');
    expect((await client.list()).executions).toEqual([]);
  });

  it('goes on following where it was when the server has begun anew', async () => {
    const runtime = await openRuntime();
    const first = createServer(runtime, { auth });
    const url = await serve(first);
    const client = open(url);
    const seen: number[] = [];
    const ending = new AbortController();
    const following = (async () => {
      for await (const { entries } of client.follow('feed', { signal: ending.signal, after: 'start' })) seen.push(...entries.map(({ seq = 0 }) => seq));
    })();
    const { executionId } = await client.start('waiting');
    await reach(client, 'open');
    await first.close();
    await reach(client, 'waiting');
    await runtime.signal(executionId, 'go');
    await runtime.settled(executionId);
    const missed = seen.length;
    await serve(createServer(runtime, { auth }), Number(new URL(url).port));
    expect(await reach(client, 'open')).toMatchObject({ connections: 2 });
    const total = (await (async () => {
      const all: number[] = [];
      for await (const { entries } of runtime.feed({ after: 'start' })) {
        all.push(...entries.map(({ seq = 0 }) => seq));
        if (entries.some(({ state }) => state === 'scored')) return all;
      }
      return all;
    })());
    while (seen.length < total.length) await client.list();
    expect(seen).toEqual(total);
    expect(missed).toBeLessThan(total.length);
    ending.abort();
    await following;
  });

  it('has its requests answered that were sent while there was no server', async () => {
    const runtime = await openRuntime();
    const first = createServer(runtime, { auth });
    const url = await serve(first);
    const client = open(url);
    await reach(client, 'open');
    await first.close();
    await reach(client, 'waiting');
    const started = client.start('waiting');
    await serve(createServer(runtime, { auth }), Number(new URL(url).port));
    expect((await started).created).toBe(true);
  });

  it('refuses an address that is none, a token in it, and a topic that is none', async () => {
    for (const url of ['', 'ftp://localhost', 'http://me:secret@localhost', 'http://localhost/?token=x']) expect(() => connect(url)).toThrow(expect.objectContaining({ code: 'option_invalid' }));
    const client = open(await serve(createServer(await openRuntime(), { auth })));
    for (const topic of ['executions?flw=x', 'execution', 'nothing', 'health:x', 'feed?topics=x', '']) {
      await expect(client.follow(topic)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'topic_unknown' });
    }
  });
});

describe('a server', () => {
  /** Everything that a WebSocket says, and how it ends. */
  const speak = async (url: string, messages: readonly string[], headers: Record<string, string> = {}): Promise<{ said: string[]; code: number; error?: string }> => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`, { headers });
    const said: string[] = [];
    let error: string | undefined;
    socket.on('message', data => said.push((data as Buffer).toString())).on('error', ({ message }) => (error = message));
    socket.on('open', () => messages.forEach(message => socket.send(message)));
    const code = await new Promise<number>(resolve => void socket.on('close', resolve));
    return { said, code, ...(error !== undefined && { error }) };
  };
  const hello = JSON.stringify({ type: 'hello', versions: [1], token });

  it.each([
    ['no token', [JSON.stringify({ type: 'hello', versions: [1] })], 4401, 'token_missing'],
    ['a wrong token', [JSON.stringify({ type: 'hello', versions: [1], token: 'x' })], 4401, 'token_refused'],
    ['something before hello', ['{"type":"request","id":1,"method":"list"}'], 4401, 'hello_expected'],
    ['a version that it does not speak', [JSON.stringify({ type: 'hello', versions: [7], token })], 4406, 'version_unsupported'],
    ['a message that is too long', [hello, `"${'x'.repeat(1_024 * 1_024)}"`], 1009, 'request_too_large'],
  ])('closes with a code for %s', async (_, messages, code, goodbye) => {
    const url = await serve(createServer(await openRuntime(), { auth }));
    const { said, code: given } = await speak(url, messages);
    expect(given).toBe(code);
    expect(JSON.parse(said.at(-1) ?? '')).toMatchObject({ type: 'goodbye', code: goodbye, retryAfterMs: null });
  });

  it('lets no page of somebody else connect, nor one that calls it by another name', async () => {
    const url = await serve(createServer(await openRuntime(), { auth }));
    expect(await speak(url, [hello], { origin: 'http://evil.example' })).toMatchObject({ said: [], error: expect.stringContaining('403') as string });
    expect(await speak(url, [hello], { host: 'evil.example' })).toMatchObject({ said: [], error: expect.stringContaining('403') as string });
  });
});
